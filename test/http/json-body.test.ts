import t from 'tap'
import { start, startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { credentials, openWire, post } from '../wire.ts'

const messages = '/conversations/c1/messages'

/** The end of a POST's head and its body, as bytes. */
function request(path: string, headers: string, body: string | Buffer = ''): Buffer {
  const head = `POST ${path} HTTP/1.1\r\n${credentials}Connection: close\r\n${headers}\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(body)])
}

t.test(
  'anything but strict JSON in UTF-8 is refused, and LiveEngage never receives any of it',
  async (t) => {
    const upstream = await startUpstream(t)
    const proxy = await startProxy(t, upstream.origin)
    const json = { 'content-type': 'application/json' }
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    const poison = 'must not have a key __proto__ or constructor.prototype'
    const controls = 'must not hold control characters or lone surrogates'
    const cases: [string, string, string, string][] = [
      [
        'nothing but words',
        'secret words',
        '',
        'must be valid JSON; it is not at line 1, column 1',
      ],
      [
        'JSON cut short',
        '{"text":"secret',
        '',
        'must be valid JSON; it is not at line 1, column 9',
      ],
      [
        'a byte order mark',
        '\ufeff{"text":"secret"}',
        '',
        'must be valid JSON; it is not at line 1, column 1',
      ],
      [
        'a second value',
        '{"text":"secret"}{}',
        '',
        'must be valid JSON; it is not at line 1, column 18',
      ],
      ['blanks', '  ', '', 'must be valid JSON; it ends too early, at line 1, column 3'],
      ['null', 'null', '', 'must not be null'],
      ['depth 17', `{"metadata":${nested(16)}}`, '', 'must not nest deeper than 16'],
      ['depth 5,000', nested(5_000), '', 'must not nest deeper than 16'],
      ['depth 5,000 without an end', '['.repeat(5_000), '', 'must not nest deeper than 16'],
      [
        'brackets in a text that is cut',
        `{"text":"${'['.repeat(20)}`,
        '',
        'must be valid JSON; it is not at line 1, column 9',
      ],
      ['__proto__', '{"__proto__":{"secret":1},"text":"a"}', '', poison],
      ['__proto__, escaped', '{"\\u005f_proto__":{"secret":1}}', '', poison],
      ['constructor.prototype', '{"constructor":{"prototype":{"secret":1}}}', '', poison],
      [
        '__proto__, deep',
        '{"text":"a","metadata":[{"type":"a","b":[{"__proto__":{}}]}]}',
        '',
        poison,
      ],
      [
        'constructor.prototype, deep',
        '{"text":"a","metadata":[{"type":"a","b":{"constructor":{"prototype":1}}}]}',
        '',
        poison,
      ],
      ['a NUL', '{"text":"secret\\u0000"}', '/text', controls],
      ['an escape', '{"text":"secret\\u001b[31m"}', '/text', controls],
      ['a C1 control', '{"text":"secret\\u0085"}', '/text', controls],
      ['a DEL', '{"text":"secret\\u007f"}', '/text', controls],
      ['a lone high surrogate', '{"text":"secret\\ud83d"}', '/text', controls],
      ['a lone low surrogate', '{"text":"secret\\ude00"}', '/text', controls],
      ['swapped surrogates', '{"text":"\\ude00\\ud83d"}', '/text', controls],
      [
        'a control, deep',
        '{"metadata":[{"type":"a","b/c":["secret\\u0001"]}]}',
        '/metadata/0/?/0',
        controls,
      ],
      [
        'a control in a key',
        '{"metadata":[{"type":"a","secret\\u0001":1}]}',
        '/metadata/0',
        'must not hold a key with control characters or lone surrogates',
      ],
      [
        'a lone surrogate in a key',
        '{"secret\\ud83d":1}',
        '',
        'must not hold a key with control characters or lone surrogates',
      ],
    ]
    for (const [name, body, path, message] of cases) {
      const { status, body: problem } = await proxy.call('POST', messages, body, json)
      t.equal(status, 400, name)
      t.strictSame(problem.errors, [{ path, message }], name)
      t.equal(problem.detail, `The body ${message}.`)
      t.equal(problem.code, 'invalid-request')
      t.equal(problem.delivery, 'not-sent')
      t.notMatch(JSON.stringify(problem), /secret/, name)
    }
    const invalidUtf8 = Buffer.from([...Buffer.from('{"text":"'), 0xc3, 0x28, ...Buffer.from('"}')])
    const wire = await openWire(
      t,
      proxy.url,
      request(messages, `Content-Type: application/json\r\nContent-Length: 13\r\n`, invalidUtf8),
    )
    t.match(await wire.ended(), /^HTTP\/1.1 400 [\s\S]*"message":"must be UTF-8"/)
    t.strictSame(upstream.seen, [])
  },
)

t.test('what is JSON with unusual but sound text passes unchanged', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  const texts = [
    '😀👩‍👩‍👧',
    '\n\t\r',
    '\ufeff',
    '\u2028',
    '‮',
    'é',
    '__proto__',
    'null',
    '{{x}}',
    '  ',
  ]
  for (const text of texts) {
    const { status } = await proxy.call('POST', messages, { text })
    t.equal(status, 201, text)
  }
  t.strictSame(
    upstream.sends().map(({ body }) => JSON.parse(body).body.event.message),
    texts,
  )
})

t.test('a number too large to be read is refused, since it would go on as null', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  const json = { 'content-type': 'application/json' }
  for (const number of ['1e400', '-1e400', `1${'0'.repeat(400)}`]) {
    const body = `{"text":"a","metadata":[{"type":"a","n":{"m":${number}}}]}`
    const reply = await proxy.call('POST', messages, body, json)
    const message = 'must not be a number beyond what JSON readers can hold'
    t.equal(reply.status, 400)
    t.strictSame(reply.body.errors, [{ path: '/metadata/0/n/m', message }])
  }
  t.strictSame(upstream.seen, [])
})

t.test('a body may nest 16 deep', async (t) => {
  const { call } = await start(t)
  const inner = `${'['.repeat(13)}${']'.repeat(13)}`
  const { status } = await call(
    'POST',
    messages,
    `{"text":"a","metadata":[{"type":"a","deep":${inner}}]}`,
    { 'content-type': 'application/json' },
  )
  t.equal(status, 201)
})

t.test('no body and an empty body count as empty, whatever their content type', async (t) => {
  const { url } = await start(t)
  const path = '/conversations/c1/typing'
  const heads = [
    '',
    'Content-Length: 0\r\n',
    'Content-Type: application/json\r\nContent-Length: 0\r\n',
    'Content-Type: application/json\r\n',
    'Content-Type: text/plain\r\nContent-Length: 0\r\n',
    'Content-Type: nonsense\r\nContent-Length: 0\r\n',
    'Content-Type:\r\nContent-Length: 0\r\n',
    'Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n',
  ]
  for (const head of heads) {
    const wire = await openWire(t, url, request(path, head))
    t.match(await wire.ended(), /^HTTP\/1.1 204 /, head)
  }
  const chunked = [
    'Transfer-Encoding: chunked\r\n',
    'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n',
    'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n',
  ]
  for (const head of chunked) {
    const wire = await openWire(t, url, request(path, head, '0\r\n\r\n'))
    t.match(await wire.ended(), /^HTTP\/1.1 204 /, head)
  }
})

t.test('an empty body where one is needed is a 400', async (t) => {
  const { call } = await start(t)
  const { status, body } = await call('POST', messages)
  t.equal(status, 400)
  t.strictSame(body.errors, [{ path: '', message: 'must have text or file' }])
})

t.test('one content type, one charset and no compression, else 415', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  const body = '{"text":"Hi"}'
  const refused = [
    '',
    'Content-Type: text/plain\r\n',
    'Content-Type: application/x-www-form-urlencoded\r\n',
    'Content-Type: multipart/form-data; boundary=x\r\n',
    'Content-Type: application/jsonp\r\n',
    'Content-Type: application/json+x\r\n',
    'Content-Type: nonsense\r\n',
    'Content-Type: \r\n',
    'Content-Type: application/json; charset=latin1\r\n',
    'Content-Type: application/json; charset="iso-8859-1"\r\n',
    'Content-Type: application/json; charset=utf-16\r\n',
    'Content-Type: application/json\r\nContent-Encoding: gzip\r\n',
    'Content-Type: application/json\r\nContent-Encoding: br\r\n',
    'Content-Type: application/json\r\nContent-Encoding: identity, gzip\r\n',
  ]
  for (const head of refused) {
    const wire = await openWire(t, url, request(messages, `${head}Content-Length: 13\r\n`, body))
    const answer = await wire.ended()
    t.match(answer, /^HTTP\/1.1 415 [\s\S]*"code":"unsupported-media-type"/, head)
    t.match(answer, /content-type: application\/problem\+json/)
    const isCompressed = head.includes('Encoding')
    const named = isCompressed
      ? /without a Content-Encoding; this API accepts no other than identity/
      : /Send JSON in UTF-8 with Content-Type: application\/json/
    t.match(answer, named, head)
    const accepted = isCompressed ? 'accept-encoding: identity' : 'accept: application/json'
    t.match(answer, `\r\n${accepted}\r\n`, head)
  }
  t.strictSame(upstream.seen, [])
  const accepted = [
    'Content-Type: application/json; charset=utf-8\r\n',
    'Content-Type: application/json;charset="UTF-8"\r\n',
    'Content-Type: APPLICATION/JSON; Charset=utf8\r\n',
    'Content-Type: application/json; version=1\r\n',
    'Content-Type: application/json\r\nContent-Encoding: identity\r\n',
  ]
  for (const head of accepted) {
    const wire = await openWire(t, url, request(messages, `${head}Content-Length: 13\r\n`, body))
    t.match(await wire.ended(), /^HTTP\/1.1 201 /, head)
  }
})

t.test(
  'a Content-Encoding or Content-Type without a body is no reason for a refusal',
  async (t) => {
    const upstream = await startUpstream(t)
    const { url, call } = await startProxy(t, upstream.origin)
    for (const head of [
      'Content-Encoding: gzip\r\n',
      'Content-Encoding: \r\n',
      'Content-Type: x\r\n',
    ]) {
      const typing = request('/conversations/c1/typing', `${head}Content-Length: 0\r\n`)
      t.match(await (await openWire(t, url, typing)).ended(), /^HTTP\/1.1 204 /, head)
      const probe = `GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${head}\r\n`
      t.match(await (await openWire(t, url, probe)).ended(), /^HTTP\/1.1 200 /, head)
    }
    const empty = { 'content-encoding': '' }
    t.equal((await call('POST', messages, { text: 'Hi' }, empty)).status, 201)
  },
)

t.test('an upload that is no form is told which form is accepted', async (t) => {
  const { call } = await startProxy(t, (await startUpstream(t)).origin)
  for (const type of ['application/json', 'nonsense']) {
    t.match(await call('POST', '/conversations/c1/files', {}, { 'content-type': type }), {
      status: 415,
      headers: { accept: 'multipart/form-data' },
    })
  }
})

t.test('a body over BODY_LIMIT_BYTES is a 413, announced or chunked', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin, { BODY_LIMIT_BYTES: '1024' })
  const body = JSON.stringify({ text: 'secret'.repeat(200) })
  const announced = await openWire(t, url, post(messages, body))
  t.match(await announced.ended(), /^HTTP\/1.1 413 [\s\S]*"code":"payload-too-large"/)
  const unsent = await openWire(
    t,
    url,
    request(messages, 'Content-Type: application/json\r\nContent-Length: 999999999\r\n'),
  )
  t.match(await unsent.ended(), /^HTTP\/1.1 413 [\s\S]*"code":"payload-too-large"/)
  const chunked = await openWire(
    t,
    url,
    request(
      messages,
      'Content-Type: application/json\r\nX-Request-Id: big\r\nTransfer-Encoding: chunked\r\n',
      `${body.length.toString(16)}\r\n${body}\r\n`,
    ),
  )
  const answer = await chunked.ended()
  t.match(answer, /^HTTP\/1.1 413 [\s\S]*x-request-id: big\r\n[\s\S]*"code":"payload-too-large"/)
  t.match(answer, /"detail":"The body is larger than BODY_LIMIT_BYTES, which is 1024 bytes\."/)
  t.notMatch(answer, /secret/)
  t.strictSame(upstream.seen, [])
  const fits = JSON.stringify({ text: 'a'.repeat(1_024 - 11) })
  const wire = await openWire(t, url, post(messages, fits, 'Connection: close\r\n'))
  t.match(await wire.ended(), /^HTTP\/1.1 201 /)
})

t.test('a DELETE takes no body', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  for (const body of ['{}', 'null', '{"secret":1}']) {
    const { status, body: problem } = await call('DELETE', '/conversations/c1/typing', body)
    t.equal(status, 400, body)
    t.equal(problem.code, 'invalid-request')
    t.notMatch(JSON.stringify(problem), /secret/)
  }
  t.strictSame(upstream.seen, [])
  t.equal((await call('DELETE', '/conversations/c1/typing')).status, 204)
})
