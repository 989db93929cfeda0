import t, { type Test } from 'tap'
import { type StartedProxy, startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { credentials, openWire, type Wire } from '../wire.ts'

const messages = '/conversations/c1/messages'
const head = (bytes: number) =>
  `POST ${messages} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`

/** 8 MiB of bodies of 64 KiB. */
const most = 128

/** Begins so many bodies, and waits until the proxy has read all their heads. */
async function openSlow(t: Test, { server, url }: StartedProxy): Promise<Wire[]> {
  let read = 0
  const allRead = new Promise<void>((resolve) => {
    server.server.on('request', () => {
      read += 1
      if (read === most) resolve()
    })
  })
  const wires = await Promise.all(
    Array.from({ length: most }, () => openWire(t, url, `${head(65_536)}{"text":"`)),
  )
  await allRead
  return wires
}

t.test('bodies that come in hold 8 MiB together, and a small one always finds room', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  const { url, call } = proxy
  const slow = await openSlow(t, proxy)
  const large = { text: 'x'.repeat(5_000), metadata: [{ type: 'x', words: 'y'.repeat(50_000) }] }
  t.match(await call('POST', messages, large), {
    status: 503,
    body: { code: 'overloaded', delivery: 'not-sent', retryable: true },
  })
  const chunked = `POST ${messages} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`
  const unannounced = await openWire(t, url, chunked)
  t.match(await unannounced.until(/"code":"[a-z-]+"/), /"code":"overloaded"/)
  t.equal((await call('POST', messages, { text: 'Hi' })).status, 201)
  for (const wire of slow) wire.socket.destroy()
  const isRoomy = async () => (await call('POST', messages, large)).status === 201
  while (!(await isRoomy())) await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(upstream.sends().length, 2)
})

t.test('a body holds its room until its message is answered', async (t) => {
  const upstream = await startUpstream(t, { send: () => undefined })
  const { call } = await startProxy(t, upstream.origin, {
    REQUEST_TIMEOUT_MS: '4000',
    MAX_CONNECTIONS: '400',
    MESSAGE_ORDER: 'none',
  })
  // With its head's announcement a little less than the 64 KiB of which there is room for so many.
  const large = { text: 'x', metadata: [{ type: 'x', words: 'y'.repeat(60_000) }] }
  const held = Array.from({ length: most + 40 }, () => call('POST', messages, large))
  const codes = (await Promise.all(held)).map(({ body }) => body.code)
  const refused = codes.filter((code) => code === 'overloaded').length
  t.ok(refused >= 20 && refused <= 40, `${refused}`)
  t.strictSame([...new Set(codes)].sort(), ['liveengage-timeout', 'overloaded'])
  // Room comes first; what refuses now is the breaker, after so many time-outs.
  t.equal((await call('POST', messages, large)).body.code, 'circuit-open')
})

t.test('a body that does not say its size holds what it has once it is whole', async (t) => {
  const upstream = await startUpstream(t, { send: () => undefined })
  const { url, call } = await startProxy(t, upstream.origin, {
    REQUEST_TIMEOUT_MS: '3000',
    MAX_CONNECTIONS: '400',
    MESSAGE_ORDER: 'none',
  })
  const small = `POST ${messages} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{"text":"a"}\r\n0\r\n\r\n`
  for (let sent = 1; sent <= most + 2; sent += 1) {
    await openWire(t, url, small)
    while (upstream.sends().length < sent) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const large = { text: 'x', metadata: [{ type: 'x', words: 'y'.repeat(60_000) }] }
  t.equal((await call('POST', messages, large)).body.code, 'liveengage-timeout')
})

t.test('a retry whose outcome is known is told that where there is no room', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  const { call } = proxy
  const large = { text: 'x', metadata: [{ type: 'x', words: 'y'.repeat(60_000) }] }
  const keyed = (key: string) => call('POST', messages, large, { 'idempotency-key': key })
  t.equal((await keyed('known')).status, 201)
  await openSlow(t, proxy)
  t.match(await keyed('known'), { status: 201, headers: { 'idempotency-replayed': 'true' } })
  t.match(await keyed('new'), { status: 503, body: { code: 'overloaded' } })
  t.equal(upstream.sends().length, 1)
})
