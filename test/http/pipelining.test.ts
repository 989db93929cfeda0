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
