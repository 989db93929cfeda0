import t from 'tap'
import { start } from '../start.ts'
import { openWire, post } from '../wire.ts'

const messages = '/conversations/c1/messages'
const get = (path: string, id: string | number) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Request-Id: r${id}\r\n\r\n`
const statuses = (received: string) => received.match(/HTTP\/1\.1 \d{3}/g) ?? []
const numbered = (path: string, count: number) =>
  Array.from({ length: count }, (_, index) => get(path, index + 1)).join('')

t.test('32 requests of a connection may await their answers at once', async (t) => {
  const { url } = await start(t)
  const last = get('/livez', 'last').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  const wire = await openWire(t, url, numbered('/livez', 31) + last)
  t.strictSame(statuses(await wire.ended()), new Array(32).fill('HTTP/1.1 200'))
})

t.test(
  'the 33rd is refused as overloaded, closes the connection, and nothing behind it is served',
  async (t) => {
    const { url, logs } = await start(t)
    for (const path of ['/metrics', '/problems', '/livez', '/nowhere', '/docs/json']) {
      logs.length = 0
      const wire = await openWire(t, url, numbered(path, 1_000))
      const received = await wire.ended()
      t.equal(statuses(received).length, 33, path)
      const [, refusal = ''] = received.split('x-request-id: r32')
      t.match(refusal, /HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*"code":"overloaded"/i, path)
      t.match(refusal, /x-request-id: r33/, path)
      t.equal(logs.filter(({ requestId }) => requestId !== undefined).length, 33, path)
    }
  },
)

t.test('the messages before a refusal are sent once each, and those behind it never', async (t) => {
  const { url, sandbox } = await start(t)
  const bytes = Array.from({ length: 60 }, (_, index) => post(messages, `{"text":"m${index}"}`))
  const received = await (await openWire(t, url, bytes.join(''))).ended()
  t.equal(statuses(received).filter((each) => each.endsWith('201')).length, 32)
  t.equal(statuses(received).length, 33)
  t.equal(sandbox.calls().filter(({ url }) => /\/send/.test(url)).length, 32)
})

t.test('a request behind a refused body is answered', async (t) => {
  const { url, sandbox } = await start(t)
  const good = post(messages, '{"text":"Hi"}', 'Connection: close\r\n')
  const sends = () => sandbox.calls().filter(({ url }) => /\/send/.test(url)).length
  const typed = (type: string, body = 'aa', path = messages) =>
    post(path, body).replace('application/json', type)
  const files = '/conversations/c1/files'
  for (const [name, refused, status] of [
    ['JSON without an end', post(messages, '{"text":'), 400],
    [
      'JSON in chunks',
      post(messages, '2\r\n{"\r\n0\r\n\r\n').replace(
        /Content-Length: \d+/,
        'Transfer-Encoding: chunked',
      ),
      400,
    ],
    ['bytes that are no UTF-8', post(messages, '{"text":"a"}').replace('"a"', '"\xe9"'), 400],
    ['a number that changes', post(messages, '{"text":9007199254740993}'), 400],
    ['JSON 17 deep', post(messages, '['.repeat(17) + ']'.repeat(17)), 400],
    ['a key that poisons', post(messages, '{"__proto__":1}'), 400],
    ['null', post(messages, 'null'), 400],
    ['a wrong key', post(messages, '{"txt":"a"}'), 400],
    ['another type', typed('text/plain'), 415],
    ['another charset', typed('application/json; charset=latin1'), 415],
    ['a compressed body', post(messages, 'aa', 'Content-Encoding: gzip\r\n'), 415],
    ['no form', post(files, '{}'), 415],
    ['a broken form', typed('multipart/form-data; boundary=x', '--x', files), 400],
    ['no route', post('/nowhere', '{}'), 404],
    ['another method', post(messages, '{}').replace('POST', 'PUT'), 405],
  ] as const) {
    const before = sends()
    const bytes = Buffer.from(refused + good, 'latin1')
    const received = await (await openWire(t, url, bytes)).ended()
    t.strictSame(statuses(received), [`HTTP/1.1 ${status}`, 'HTTP/1.1 201'], name)
    t.equal(sends() - before, 1, name)
  }
})

t.test('nothing behind an answer that closes its connection is sent', async (t) => {
  const { url, sandbox } = await start(t, { BODY_LIMIT_BYTES: '1024' })
  const good = post(messages, '{"text":"Hi"}')
  const large = post(messages, JSON.stringify({ text: 'a'.repeat(2_000) }))
  const expecting = post(messages, 'aa', 'Expect: 100-continue\r\n')
  for (const [name, refused, status] of [
    ['a body that is too large', large, 413],
    ['a type that is refused by the head', expecting.replace('json', 'xml'), 415],
    ['a path that is refused by the head', expecting.replace('/conversations', '/nowhere'), 404],
  ] as const) {
    const received = await (await openWire(t, url, refused + good)).ended()
    t.strictSame(statuses(received), [`HTTP/1.1 ${status}`], name)
    t.match(received, /\r\nconnection: close\r\n/i, name)
    t.strictSame(sandbox.calls(), [], name)
  }
})

t.test(
  'what comes behind a request that expects to be told to send no body is answered',
  async (t) => {
    const { url, sandbox } = await start(t)
    const good = post(messages, '{"text":"Hi"}', 'Connection: close\r\n')
    const sends = () => sandbox.calls().filter(({ url }) => /\/send/.test(url)).length
    const expecting = 'Host: localhost\r\nExpect: 100-continue\r\n'
    for (const [line, status] of [
      ['GET /livez', 200],
      ['GET /nowhere', 404],
      ['PUT /conversations/c1/urgency', 401],
      ['POST /livez', 405],
    ] as const) {
      for (const length of ['', 'Content-Length: 0\r\n']) {
        const before = sends()
        const expected = `${line} HTTP/1.1\r\n${expecting}${length}\r\n`
        const received = await (await openWire(t, url, expected + good)).ended()
        const last = statuses(received).slice(-2)
        t.strictSame(last, [`HTTP/1.1 ${status}`, 'HTTP/1.1 201'], `${line} ${length}`)
        t.equal(sends() - before, 1, line)
      }
    }
  },
)

t.test('a client that reads may send any number on one connection', async (t) => {
  const { url } = await start(t)
  const wire = await openWire(t, url)
  for (let sent = 20; sent <= 100; sent += 20) {
    wire.socket.write(numbered('/livez', 19) + get('/livez', `last${sent}`))
    await wire.until(new RegExp(`rlast${sent}\r\n[^]*alive`))
  }
  t.equal(statuses(wire.received()).length, 100)
})

t.test('a reader that takes nothing of its answers is cut', async (t) => {
  const { url, server } = await start(t)
  const closed = new Promise<boolean>((resolve) => {
    server.server.once('connection', (socket) => socket.once('close', () => resolve(true)))
  })
  const wire = await openWire(t, url)
  wire.socket.pause()
  // More than the sockets of both sides take.
  wire.socket.write(numbered('/openapi.json', 33))
  t.ok(await closed)
})

t.test(
  'a caller that waits for LiveEngage is left alone when its connection has not moved',
  async (t) => {
    const { url, server } = await start(t)
    server.server.once('connection', (socket) => socket.setTimeout(100))
    const wire = await openWire(t, url, post(messages, '{"text":"sandbox:slow=500"}'))
    t.match(await wire.until(/"sequence"/), /^HTTP\/1\.1 201 /)
  },
)
