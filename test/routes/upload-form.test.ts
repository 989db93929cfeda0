import t from 'tap'
import { start, token } from '../start.ts'

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)])
const picture = part('name="file"; filename="a.png"', png)

function part(disposition: string, content: string | Buffer, ...headers: string[]): Buffer {
  const head = ['--x', `Content-Disposition: form-data; ${disposition}`, ...headers, '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.from(content), Buffer.from('\r\n')])
}

function post(url: string, ...parts: Buffer[]) {
  return postForm(url, Buffer.concat([...parts, Buffer.from('--x--\r\n')]), 'x')
}

/** @param boundary as the type names it */
async function postForm(url: string, body: Buffer, boundary: string) {
  const response = await fetch(`${url}/conversations/demo/files`, {
    method: 'POST',
    headers: {
      authorization: token,
      'x-lp-on-behalf': token,
      'content-type': `multipart/form-data; boundary=${boundary}`,
    },
    body,
  })
  const { errors, code } = Object(await response.json())
  return { status: response.status, errors, code }
}

t.test('the parts of a form come in any order', async (t) => {
  const proxy = await start(t)
  const caption = part('name="caption"', 'Hi')
  const metadata = part('name="metadata"', '[{"type":"ExternalId","id":"a"}]')
  for (const parts of [
    [picture, caption, metadata],
    [caption, picture, metadata],
    [metadata, caption, picture],
  ]) {
    t.equal((await post(proxy.url, ...parts)).status, 201)
    t.match(proxy.sandbox.calls().at(-1)?.body, {
      body: { event: { message: { caption: 'Hi' } } },
      metadata: [{ type: 'ExternalId', id: 'a' }],
    })
  }
})

t.test('a picture needs no filename, and text may have any character of Unicode', async (t) => {
  const proxy = await start(t)
  const caption = part('name="caption"', 'a \ufffd 😀', 'Content-Transfer-Encoding: 8bit')
  t.equal((await post(proxy.url, part('name="file"', png), caption)).status, 201)
  t.match(proxy.sandbox.calls().at(-1)?.body, {
    body: { event: { message: { caption: 'a \ufffd 😀' } } },
  })
})

t.test('an empty part counts as not given, whatever its type', async (t) => {
  const proxy = await start(t)
  const empty = part('name="metadata"', '', 'Content-Type: application/json')
  t.equal((await post(proxy.url, empty, picture)).status, 201)
  t.notOk('metadata' in Object(proxy.sandbox.calls().at(-1)?.body))
})

/** The caption and the metadata that LiveEngage got last. */
function published(proxy: Awaited<ReturnType<typeof start>>) {
  const { body, metadata } = Object(proxy.sandbox.calls().at(-1)?.body)
  return { caption: body.event.message.caption, metadata }
}

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

t.test('a part is read in the charset that its type names', async (t) => {
  const proxy = await start(t)
  for (const [type, content, caption] of [
    ['text/plain; charset=iso-8859-1', bytes('63 61 66 e9'), 'café'],
    ['text/plain; charset=ISO-8859-15', bytes('a4'), '€'],
    ['text/plain; charset="windows-1252"', bytes('93 41 94'), '“A”'],
    ['text/plain;charset=koi8-r', bytes('d0'), 'п'],
    ['text/plain; charset=Shift_JIS', bytes('83 41'), 'ア'],
    ['text/plain; charset=utf-16le', bytes('e9 00'), 'é'],
    ['text/plain; charset=utf-16be', bytes('00 e9'), 'é'],
    ['text/plain; charset=utf-16', bytes('ff fe e9 00'), 'é'],
    ['text/plain; charset=utf-16', bytes('fe ff 00 e9'), 'é'],
    ['text/plain; charset=us-ascii', 'cafe', 'cafe'],
    ['text/plain; charset=UTF-8', 'café', 'café'],
    ['text/plain; charset="utf8"; format=flowed', 'café', 'café'],
  ] as const) {
    const { status } = await post(
      proxy.url,
      part('name="caption"', content, `Content-Type: ${type}`),
      picture,
    )
    t.equal(status, 201, type)
    t.equal(published(proxy).caption, caption, type)
  }
  const json = 'Content-Type: application/json; charset=iso-8859-1'
  const metadata = part('name="metadata"', Buffer.from('[{"type":"a","b":"é"}]', 'latin1'), json)
  t.equal((await post(proxy.url, picture, metadata)).status, 201)
  t.strictSame(published(proxy).metadata, [{ type: 'a', b: 'é' }])
})

t.test('a part is decoded by its Content-Transfer-Encoding', async (t) => {
  const proxy = await start(t)
  for (const [encoding, content, caption] of [
    ['base64', 'Y2Fm\r\nw6k=\r\n', 'café'],
    ['BASE64', 'SGk=', 'Hi'],
    ['quoted-printable', 'a=3Db caf=C3=a9 =\r\nand on', 'a=b café and on'],
    ['7bit', 'SGk=', 'SGk='],
    ['binary', 'a=3D', 'a=3D'],
  ] as const) {
    const sent = part('name="caption"', content, `Content-Transfer-Encoding: ${encoding}`)
    t.equal((await post(proxy.url, picture, sent)).status, 201, encoding)
    t.equal(published(proxy).caption, caption, encoding)
  }
  const latin = [
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: base64',
  ]
  t.equal((await post(proxy.url, part('name="caption"', '6Q==', ...latin), picture)).status, 201)
  t.equal(published(proxy).caption, 'é', 'first the encoding, then the charset')
  const base64 = 'Content-Transfer-Encoding: base64'
  const { status } = await post(proxy.url, part('name="file"', png.toString('base64'), base64))
  t.equal(status, 201)
  const put = proxy.sandbox.calls().find(({ method }) => method === 'PUT')
  t.match(put, { headers: { 'content-length': String(png.length) } })
})

t.test('a part that cannot be decoded is refused by its name', async (t) => {
  const proxy = await start(t)
  const json = 'Content-Type: application/json'
  const encoded = (encoding: string) => `Content-Transfer-Encoding: ${encoding}`
  const charset = (name: string) => `Content-Type: text/plain; charset=${name}`
  const encodings =
    'must have a Content-Transfer-Encoding of 7bit, 8bit, binary, base64, quoted-printable, or none'
  const known = 'must have a charset of the Encoding Standard, such as utf-8'
  const marked = 'must begin with a byte order mark if it is UTF-16'
  const digits = 'must not have more digits than a JSON reader keeps; send it as a string'
  for (const [name, bad, path, message] of [
    ['no base64', part('name="caption"', 'S_-k', encoded('base64')), '/caption', 'must be base64'],
    [
      'half of base64',
      part('name="caption"', 'SGk', encoded('base64')),
      '/caption',
      'must be base64',
    ],
    ...['a=', 'a=4', 'a=4g', 'a=\r'].map(
      (text) =>
        [
          text,
          part('name="caption"', text, encoded('Quoted-Printable')),
          '/caption',
          'must be quoted-printable',
        ] as const,
    ),
    ['uuencode', part('name="caption"', 'Hi', encoded('x-uuencode')), '/caption', encodings],
    [
      'two encodings',
      part('name="caption"', 'Hi', encoded('7bit'), encoded('base64')),
      '/caption',
      encodings,
    ],
    ['an unknown charset', part('name="caption"', 'Hi', charset('klingon')), '/caption', known],
    ['UTF-7', part('name="caption"', 'Hi', charset('utf-7')), '/caption', known],
    ['base64 as a charset', part('name="caption"', 'Hi', charset('base64')), '/caption', known],
    [
      'UTF-16 without a mark',
      part('name="caption"', bytes('e9 00'), charset('utf-16')),
      '/caption',
      marked,
    ],
    [
      'half of UTF-16',
      part('name="caption"', bytes('e9'), charset('utf-16le')),
      '/caption',
      'must be utf-16le, as its charset says',
    ],
    ['no ASCII', part('name="caption"', 'é', charset('us-ascii')), '/caption', 'must be US-ASCII'],
    [
      'no UTF-8',
      part('name="caption"', bytes('e9'), charset('utf-8')),
      '/caption',
      'must be UTF-8',
    ],
    [
      'two types',
      part('name="caption"', 'Hi', 'Content-Type: text/plain', charset('utf-16le')),
      '/caption',
      'must have a Content-Type that can be read',
    ],
    [
      'control characters behind a charset',
      part('name="caption"', bytes('00 00 41 00'), charset('utf-16le')),
      '/caption',
      'must not hold control characters or lone surrogates',
    ],
    [
      'a field with a filename in another charset',
      part('name="caption"; filename*=UTF-8\'\'a', 'Hi'),
      '/caption',
      'must not be a file; the file’s part is named file',
    ],
    ['UTF-16', part('name="caption"', bytes('ff fe')), '/caption', 'must be UTF-8'],
    [
      'invalid UTF-8 in JSON',
      part('name="metadata"', Buffer.from('[{"type":"a","b":"\xe9"}]', 'latin1'), json),
      '/metadata',
      'must be UTF-8',
    ],
    [
      'malformed JSON',
      part('name="metadata"', '[{', json),
      '/metadata',
      'must be valid JSON; it ends too early, at line 1, column 3',
    ],
    ['null', part('name="metadata"', 'null', json), '/metadata', 'must not be null'],
    [
      'JSON 17 deep',
      part('name="metadata"', `${'['.repeat(17)}${']'.repeat(17)}`),
      '/metadata',
      'must not nest deeper than 16',
    ],
    [
      'a number that JavaScript changes',
      part('name="metadata"', '[{"type":"a","n":9007199254740993}]', json),
      '/metadata/0/n',
      digits,
    ],
    [
      'a field that is a file',
      part('name="caption"; filename="a"', 'Hi'),
      '/caption',
      'must not be a file; the file’s part is named file',
    ],
    ['a second picture', picture, '/file', 'must be given once'],
    ['a long field', part('name="caption"', 'a'.repeat(65_537)), '/caption', 'is too long'],
  ] as const) {
    const { status, errors } = await post(proxy.url, picture, bad)
    t.equal(status, 400, name)
    t.strictSame(errors, [{ path, message }], name)
    const first = await post(proxy.url, bad, picture)
    t.strictSame(first.errors, [{ path, message }], name)
  }
  t.strictSame(proxy.sandbox.calls(), [])
})

t.test('no part of a form is left out', async (t) => {
  const proxy = await start(t)
  const caption = (head: string) => Buffer.from(`--x\r\n${head}\r\n\r\nHi\r\n`)
  const message = 'must have a Content-Disposition: form-data with one name in part'
  for (const head of [
    'Content-Type: text/plain',
    'Content-Disposition: form-data',
    'Content-Disposition: form-data; filename="caption"',
    'Content-Disposition: attachment; name="caption"',
    'Content-Disposition: form-data; name="caption"\r\nContent-Disposition: form-data; name="preview"',
  ]) {
    for (const [number, parts] of [
      [1, [caption(head), picture]],
      [2, [picture, caption(head)]],
    ] as const) {
      const { status, errors } = await post(proxy.url, ...parts)
      t.equal(status, 400, head)
      t.strictSame(errors, [{ path: '', message: `${message} ${number}` }], head)
    }
  }
  for (const [content, message] of [
    ['a\r\n--xy\r\nb', 'must be a whole multipart form'],
    ['a\r\n--x\r\n--x\r\nb', 'must have an empty line behind its head in part 3'],
  ] as const) {
    const { errors } = await post(proxy.url, picture, part('name="caption"', content))
    t.strictSame(errors, [{ path: '', message }], content)
  }
  const six = ['a', 'b', 'c', 'd', 'e'].map((name) => part(`name="${name}"`, ''))
  t.match((await post(proxy.url, picture, ...six)).errors, [
    { path: '', message: /^must have one file and at most/ },
  ])
  t.strictSame(proxy.sandbox.calls(), [])
})

/** A caption under a head of these lines. */
function captionUnder(...lines: string[]): Buffer {
  return Buffer.from(`--x\r\n${lines.join('\r\n')}\r\n\r\nSGk=\r\n`, 'latin1')
}

const named = 'Content-Disposition: form-data; name="caption"'
const inBase64 = 'Content-Transfer-Encoding: base64'

t.test('a head with a line that is no header is refused, and names its part', async (t) => {
  const proxy = await start(t)
  const message = 'must have a head of lines with a name, a colon and a value'
  for (const line of [
    'X-Note',
    ': a',
    'X Note: a',
    `${inBase64.replace(':', ' :')}`,
    'X-Note: a\rb',
    'X-Note: a\nb',
    'X-Note: a\0b',
    'X-N\0te: a',
    'X-N\xf6te: a',
    'X-Note: \x1b[31m',
  ]) {
    for (const lines of [
      [line, named, inBase64],
      [named, line, inBase64],
      [named, inBase64, line],
    ]) {
      const broken = captionUnder(...lines)
      const expected = [{ path: '/caption', message }]
      t.strictSame((await post(proxy.url, picture, broken)).errors, expected, line)
      t.strictSame((await post(proxy.url, broken, picture)).errors, expected, line)
    }
    const nameless = captionUnder(line, inBase64)
    const { errors } = await post(proxy.url, picture, nameless)
    t.strictSame(errors, [{ path: '', message: `${message} in part 2` }], line)
  }
  for (const line of [` ${named}`, `${named}\r`, named.replace(';', '\n;')]) {
    const { errors } = await post(proxy.url, captionUnder(line, inBase64), picture)
    t.strictSame(errors, [{ path: '', message: `${message} in part 1` }], line)
  }
  t.strictSame(proxy.sandbox.calls(), [])
})

t.test('a head that has no end, or is larger than 16 KiB, is refused', async (t) => {
  const proxy = await start(t)
  const endless = 'must have an empty line behind its head'
  const tooLarge = 'must have a head of at most 16384 bytes'
  const lines = (count: number) => new Array(count).fill('X: a')
  for (const [broken, path, message] of [
    [Buffer.from(`--x\r\n${named}\r\n`), '/caption', endless],
    [Buffer.from(`--x\r\n${named}\r\nHi\r\n`), '/caption', endless],
    [Buffer.from('--x\r\nHi\r\n'), '', `${endless} in part 2`],
    [Buffer.from('--x\r\n'), '', `${endless} in part 2`],
    [captionUnder(named, `X: ${'a'.repeat(20_000)}`, inBase64), '/caption', tooLarge],
    [captionUnder(named, `X: ${'a'.repeat(100_000)}`, inBase64), '/caption', tooLarge],
    [captionUnder(named, ...lines(5_000), inBase64), '/caption', tooLarge],
    [captionUnder(...lines(5_000), named), '', `${tooLarge} in part 2`],
  ] as const) {
    const { status, errors } = await post(proxy.url, picture, broken)
    t.equal(status, 400)
    t.strictSame(errors, [{ path, message }])
  }
  t.strictSame(proxy.sandbox.calls(), [])
  const full = captionUnder(named, ...lines(2_500), inBase64)
  t.equal((await post(proxy.url, picture, full)).status, 201)
  t.equal(published(proxy).caption, 'Hi', 'each header of a head counts')
})

t.test('a head is read as mail has it', async (t) => {
  const proxy = await start(t)
  for (const lines of [
    [named.toUpperCase().replace('CAPTION', 'caption'), inBase64.toUpperCase()],
    [named.toLowerCase(), inBase64.toLowerCase()],
    ['Content-Disposition:form-data;name=caption', 'content-transfer-encoding:\tbase64 \t'],
    [
      'Content-Disposition: form-data;\r\n name="caption"',
      'Content-Transfer-Encoding:\r\n\tbase64',
    ],
    [named, 'X-Note: a:b \xe4', 'X-Note:', inBase64],
  ]) {
    t.equal((await post(proxy.url, picture, captionUnder(...lines))).status, 201, lines.join())
    t.equal(published(proxy).caption, 'Hi', lines.join())
  }
})

t.test('a header of a head that counts is given once', async (t) => {
  const proxy = await start(t)
  const type = 'Content-Type: text/plain'
  const message = 'must have a Content-Disposition: form-data with one name in part 2'
  for (const [lines, path, expected] of [
    [[named, named], '', message],
    [[`${named}; name="preview"`], '', message],
    [[`${named}; Name=caption`], '', message],
    [[`${named}; name*=UTF-8''preview`], '', message],
    [[named, type, type], '/caption', 'must have a Content-Type that can be read'],
    [[named, type, 'content-type:'], '/caption', 'must have a Content-Type that can be read'],
  ] as const) {
    const { errors } = await post(proxy.url, picture, captionUnder(...lines))
    t.strictSame(errors, [{ path, message: expected }], lines.join())
  }
  const types = ['Content-Type: image/png', 'Content-Type: image/gif']
  const { errors } = await post(proxy.url, part('name="file"', png, ...types))
  t.strictSame(errors, [{ path: '/file', message: 'must have a Content-Type that can be read' }])
  t.strictSame(proxy.sandbox.calls(), [])
  const told = captionUnder(`${named}; x="; name=preview"`, inBase64)
  t.equal((await post(proxy.url, picture, told)).status, 201, 'what is in quotes is no name')
})

t.test('nothing but blank lines stands before the first boundary or behind the last', async (t) => {
  const proxy = await start(t)
  const caption = part('name="caption"', 'Hi')
  const end = Buffer.from('--x--')
  const form = Buffer.concat([picture, end])
  const send = (...parts: (Buffer | string)[]) =>
    postForm(proxy.url, Buffer.concat(parts.map((each) => Buffer.from(each))), 'x')
  for (const parts of [
    [form, '\r\n', caption],
    [form, '\r\n', caption, end],
    [form, 'a'],
    [form, '\r\n--x'],
    [Buffer.from(caption.toString().replace('--x', '--y')), form],
    ['a', form],
    ['a\r\n', form],
    [caption.subarray(5), form],
  ]) {
    const { errors } = await send(...parts)
    t.strictSame(errors, [{ path: '', message: 'must be a whole multipart form' }])
  }
  t.strictSame(proxy.sandbox.calls(), [])
  for (const parts of [
    [form],
    [form, '\r\n'],
    ['\r\n', form, ' \t\r\n\r\n'],
    [form.toString('latin1').replace('--x\r', '--x \t\r')],
  ]) {
    const sent = parts.map((each) => Buffer.from(each.toString('latin1'), 'latin1'))
    t.equal((await send(...sent)).status, 201)
  }
})

t.test('a boundary has 1 to 70 characters, in quotes or not', async (t) => {
  const proxy = await start(t)
  const form = Buffer.concat([picture, Buffer.from('--x--\r\n')]).toString('latin1')
  const send = async (boundary: string, inType = boundary) => {
    const text = form.replaceAll('--x', () => `--${boundary}`)
    return (await postForm(proxy.url, Buffer.from(text, 'latin1'), inType)).status
  }
  t.equal(await send('b'.repeat(70)), 201)
  t.equal(await send('b'.repeat(71)), 400)
  t.equal(await send('a b', '"a b"'), 201)
  t.equal(await send('a=b/c:d'), 201)
  t.equal(await send("'()+_,-./:=?", '"\'()+_,-./:=?"'), 201)
  t.equal(await send('a"b', '"a\\"b"'), 201)
  t.equal(await send('\xe4', '"\xe4"'), 201)
  t.equal(await send('--', '"--"'), 201)
  t.equal(await send('', '""'), 400)
  t.equal(await send('x', ''), 400)
})
