import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { controlLag } from '../http/fixtures/event-loop.ts'
import { startProxy } from '../start.ts'
import { json, ok, type Script, startUpstream } from '../upstream.ts'
import { credentials, openWire } from '../wire.ts'

const messages = '/conversations/c1/messages'
const text = { text: 'Hi' }

/** A proxy whose host is known, and a LiveEngage that answers when it is told to. */
async function startHeld(t: Test, env: Record<string, string>) {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin, {
    REQUEST_TIMEOUT_MS: '5000',
    MESSAGE_ORDER: 'none',
    ...env,
  })
  await proxy.call('POST', messages, text)
  const answers: (() => void)[] = []
  upstream.script.send = (...call) => void answers.push(() => ok(...call))
  const arrived = async (count: number) => {
    while (answers.length < count) await delay(2)
  }
  const release = () => {
    for (const answer of answers.splice(0)) answer()
  }
  return { ...proxy, upstream, arrived, release, answers }
}

t.test('with as many in flight and in line as may be, the next is told to come back', async (t) => {
  const { call, arrived, release, upstream } = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '1',
    MAX_QUEUE_MS: '4000',
  })
  const first = call('POST', messages, text)
  await arrived(1)
  const second = call('POST', messages, text)
  const refused = await (async () => {
    for (;;) {
      const reply = await call('POST', messages, text, { 'x-request-timeout-ms': '100' })
      if (reply.body.code === 'overloaded') return reply
    }
  })()
  t.match(refused, {
    status: 503,
    body: { code: 'overloaded', delivery: 'not-sent', retryable: true },
  })
  t.match(refused.headers['retry-after'], /^[123]$/)
  release()
  t.equal((await first).status, 201)
  await arrived(1)
  release()
  t.equal((await second).status, 201)
  t.equal(upstream.sends().length, 3)
})

t.test('who is told to come back is told so before the body is read', async (t) => {
  const { url, call, arrived, release } = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '0',
  })
  const held = call('POST', messages, text)
  await arrived(1)
  const head = `Content-Type: application/json\r\nContent-Length: 13\r\n`
  for (const path of [messages, '/conversations/c1/files', '/conversations']) {
    const wire = await openWire(t, url, `POST ${path} HTTP/1.1\r\n${credentials}${head}\r\n`)
    t.match(await wire.until(/"code":"[a-z-]+"/), /^HTTP\/1\.1 503 [\s\S]*"code":"overloaded"/)
    wire.socket.destroy()
  }
  const dryRun = await call('POST', `${messages}?dryRun=true`, text)
  t.equal(dryRun.status, 200, 'a dry run needs no room')
  release()
  t.equal((await held).status, 201)
})

t.test('a body that trickles in holds no place', async (t) => {
  const { url, call, arrived, release } = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '0',
  })
  const head = `POST ${messages} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\nContent-Length: 13\r\n\r\n`
  const slow = await openWire(t, url, `${head}{"text"`)
  await fetch(`${url}/livez`)
  const quick = call('POST', messages, text)
  await arrived(1)
  release()
  t.equal((await quick).status, 201)
  slow.socket.write(':"Hi"}')
  await arrived(1)
  release()
  t.match(await slow.until(/\}$/), /^HTTP\/1\.1 201 /)
})

t.test('an account that holds its share leaves room for the others', async (t) => {
  const { call, arrived, release } = await startHeld(t, {
    MAX_CONNECTIONS: '2',
    MAX_QUEUE: '0',
    MAX_ACCOUNT_SHARE: '0.5',
    LP_ALLOWED_ACCOUNTS: '12345678,87654321',
  })
  const mine = call('POST', messages, text)
  await arrived(1)
  t.match(await call('POST', messages, text), { status: 503, body: { code: 'overloaded' } })
  const other = call('POST', messages, text, { 'x-lp-account-id': '87654321' })
  await arrived(2)
  release()
  t.equal((await mine).status, 201)
  t.equal((await other).status, 201)
})

t.test('a caller that hangs up while it waits in line is not sent', async (t) => {
  const { url, call, arrived, release, upstream, logs } = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '1',
  })
  const held = call('POST', messages, text)
  await arrived(1)
  const body = '{"text":"gone"}'
  const head = `Content-Type: application/json\r\nX-Request-Id: gone\r\nContent-Length: ${body.length}\r\n\r\n`
  const wire = await openWire(t, url, `POST ${messages} HTTP/1.1\r\n${credentials}${head}${body}`)
  await fetch(`${url}/livez`)
  wire.socket.destroy()
  await fetch(`${url}/livez`)
  release()
  t.equal((await held).status, 201)
  const lines = () => logs.filter(({ requestId }) => requestId === 'gone')
  while (lines().length === 0) await delay(2)
  t.match(lines(), [{ status: 503, code: 'overloaded', delivery: 'not-sent' }])
  t.notMatch(JSON.stringify(upstream.seen), /gone/)
})

t.test('a host that fails again and again is left in peace, and found again', async (t) => {
  // A clock that is put forward looks like a late event loop.
  controlLag(t)
  const upstream = await startUpstream(t, { send: json(500, '') })
  const { call } = await startProxy(t, upstream.origin)
  const refused: Script = json(429, '', { 'retry-after': '60' })
  upstream.script.send = refused
  for (let index = 0; index < 25; index += 1) {
    t.equal((await call('POST', messages, text)).status, 429)
  }
  upstream.script.send = json(500, '')
  for (let index = 0; index < 20; index += 1) {
    t.match(await call('POST', messages, text), { status: 502 })
  }
  const open = await call('POST', messages, text)
  t.match(open, {
    status: 503,
    body: { code: 'circuit-open', delivery: 'not-sent', retryable: true },
  })
  const retryAfter = Number(open.headers['retry-after'])
  t.ok(retryAfter >= 3 && retryAfter <= 8, `${retryAfter}`)
  t.equal(upstream.sends().length, 45)
  upstream.script.send = ok
  const aheadMs = 6_100
  const now = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => now() + aheadMs })
  for (let index = 0; index < 5; index += 1) {
    t.equal((await call('POST', messages, text)).status, 201)
  }
})

t.test('messages one after another on one connection leave in that order', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  let count = 0
  upstream.script.send = (...call) => {
    count += 1
    // Every fifth is refused once, so that some are sent again.
    if (count % 5 === 0) json(429, '')(...call)
    else ok(...call)
  }
  const wire = await openWire(t, url)
  const words: string[] = []
  for (let index = 0; index < 8; index += 1) {
    const body = JSON.stringify({ text: `word ${index}` })
    const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    wire.socket.write(`POST ${messages} HTTP/1.1\r\n${credentials}${head}${body}`)
    await wire.until(new RegExp(`(HTTP/1\\.1 201 [\\s\\S]*?\\}){${index + 1}}$`))
    words.push(`word ${index}`)
  }
  const sent = upstream.sends().map(({ body }) => JSON.parse(body).body.event.message)
  t.strictSame([...new Set(sent)], words)
  t.strictSame(sent, sent.toSorted())
})

t.test(
  'a retry under an Idempotency-Key is told its outcome, however full the host is',
  async (t) => {
    const { call, arrived, release } = await startHeld(t, { MAX_CONNECTIONS: '1', MAX_QUEUE: '0' })
    const first = call('POST', messages, text, { 'idempotency-key': 'first' })
    await arrived(1)
    release()
    t.equal((await first).status, 201)
    const held = call('POST', messages, text)
    await arrived(1)
    const retry = await call('POST', messages, text, { 'idempotency-key': 'first' })
    t.match(retry, { status: 201, headers: { 'idempotency-replayed': 'true' } })
    const other = await call('POST', messages, text, { 'idempotency-key': 'other' })
    t.match(other, { status: 503, body: { code: 'overloaded', delivery: 'not-sent' } })
    release()
    t.equal((await held).status, 201)
  },
)

t.test('a key that nothing is known of lets nobody past a full host', async (t) => {
  const { url, call, arrived, release } = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '0',
  })
  const held = call('POST', messages, text, { 'idempotency-key': 'held' })
  await arrived(1)
  const head = (method: string, path: string, key: string) =>
    `${method} ${path} HTTP/1.1\r\n${credentials}Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n`
  for (const [method, path, key, status, code] of [
    ['POST', messages, 'new', 503, 'overloaded'],
    ['POST', '/conversations', 'held', 503, 'overloaded'],
    ['POST', '/conversations/c1/files', 'new', 503, 'overloaded'],
    [
      'POST',
      `/api/account/12345678/messaging/consumer/conversation/send`,
      'new',
      503,
      'overloaded',
    ],
    ['PUT', '/conversations/c1/chat-state', 'held', 503, 'overloaded'],
    ['DELETE', '/conversations/c1/typing', 'held', 503, 'overloaded'],
    ['POST', messages, 'two words', 400, 'invalid-request'],
  ] as const) {
    const wire = await openWire(t, url, head(method, path, key))
    const answer = await wire.until(/"code":"[a-z-]+"/)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*"code":"${code}"`), `${path} ${key}`)
    wire.socket.destroy()
  }
  const again = await call('POST', messages, text, { 'idempotency-key': 'held' })
  t.match(again, { status: 409, body: { code: 'idempotency-key-in-use' } })
  release()
  t.equal((await held).status, 201)
})

t.test('a key that is new lets nobody past an event loop that is late', async (t) => {
  const loop = controlLag(t)
  const { call } = await startHeld(t, {})
  loop.isLate = true
  t.match(await call('POST', messages, text, { 'idempotency-key': 'new' }), {
    status: 503,
    body: { code: 'overloaded' },
  })
})
