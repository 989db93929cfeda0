import t from 'tap'
import { start, token } from '../start.ts'

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)])
const picture = part('name="file"; filename="a.png"', png)

function part(disposition: string, content: string | Buffer, ...headers: string[]): Buffer {
  const head = ['--x', `Content-Disposition: form-data; ${disposition}`, ...headers, '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.from(content), Buffer.from('\r\n')])
}

async function post(url: string, ...parts: Buffer[]) {
  const response = await fetch(`${url}/conversations/demo/files`, {
    method: 'POST',
    headers: {
      authorization: token,
      'x-lp-on-behalf': token,
      'content-type': 'multipart/form-data; boundary=x',
    },
    body: Buffer.concat([...parts, Buffer.from('--x--\r\n')]),
  })
  const body = Object(await response.json())
  return { status: response.status, errors: body.errors, code: body.code }
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

t.test('a part that cannot be read as it is meant is refused by its name', async (t) => {
  const proxy = await start(t)
  const json = 'Content-Type: application/json'
  const base64 = 'Content-Transfer-Encoding: base64'
  const encoded = 'must come without a Content-Transfer-Encoding'
  const digits = 'must not have more digits than a JSON reader keeps; send it as a string'
  for (const [name, bad, path, message] of [
    ['base64', part('name="caption"', 'SGk=', base64), '/caption', encoded],
    ['a file in base64', part('name="file"; filename="a"', 'SGk=', base64), '/file', encoded],
    [
      'UTF-16',
      part('name="caption"', Buffer.from('ff fe'.replace(' ', ''), 'hex')),
      '/caption',
      'must be UTF-8',
    ],
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
