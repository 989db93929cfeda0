import t from 'tap'
import { start, startProxy } from '../start.ts'
import { json, ok, startUpstream } from '../upstream.ts'
import { openWire, post } from '../wire.ts'

const messages = '/conversations/c1/messages'
const livez = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'

t.test('it serves on for the delay, closing each connection with its answer', async (t) => {
  const { url, drain, call } = await start(t)
  const idle = await openWire(t, url, livez)
  await idle.until(/alive/)
  t.notMatch(idle.received(), /connection: close/i)
  t.equal((await call('GET', '/readyz')).status, 200)
  const done = drain.run(2_000)
  t.ok(drain.isDraining)
  t.notOk(drain.isClosing)
  const readyz = await call('GET', '/readyz')
  t.equal(readyz.status, 503)
  t.match(readyz.body, { code: 'shutting-down', delivery: 'not-sent', retryable: true })
  t.equal(readyz.headers['connection'], 'close')
  t.ok(Number(readyz.headers['retry-after']) >= 1)
  t.equal((await call('POST', messages, { text: 'a' })).status, 201)
  idle.socket.write(livez)
  t.match(await idle.ended(), /alive[\s\S]*connection: close[\s\S]*alive/i)
  const lost = await call('GET', '/conversations/%/messages')
  t.equal(lost.headers['connection'], 'close', 'also where no hook runs')
  await done
  t.ok(drain.isClosing)
  await t.rejects(openWire(t, url), { code: 'ECONNREFUSED' })
})

t.test('it waits for what is in flight and closes what is idle', async (t) => {
  const { url, drain, logs } = await start(t)
  const silent = await openWire(t, url)
  const partial = await openWire(t, url, 'GET /livez HTTP/1.1\r\n')
  const busy = await openWire(t, url, post(messages, '{"text":"sandbox:slow=4000"}'))
  const kept = await openWire(t, url, livez)
  await kept.until(/alive/)
  const before = performance.now()
  const done = drain.run(0)
  t.equal(await silent.ended(), '')
  t.equal(await partial.ended(), '')
  const idleMs = performance.now() - before
  t.ok(idleMs > 900 && idleMs < 3_900, `${idleMs} ms`)
  t.match(await busy.ended(), /^HTTP\/1.1 201 [\s\S]*connection: close/i)
  await done
  t.ok(performance.now() - before < 8_000)
  t.equal(logs.filter(({ status }) => status === 201).length, 1)
})

t.test('a request behind one in flight is refused, not lost, once the grace is over', async (t) => {
  const { url, drain } = await start(t)
  const slow = post(messages, '{"text":"sandbox:slow=1700"}')
  const wire = await openWire(t, url, slow)
  const idle = await openWire(t, url)
  const done = drain.run(0)
  await idle.ended()
  t.ok(drain.isClosing)
  wire.socket.write(post(messages, '{"text":"late"}'))
  const answers = await wire.ended()
  t.strictSame(answers.match(/HTTP\/1.1 \d+|"code":"[a-z-]+"|connection: close/gi), [
    'HTTP/1.1 201',
    'HTTP/1.1 503',
    'connection: close',
    '"code":"shutting-down"',
  ])
  await done
})

t.test('two requests in flight on one connection are both answered', async (t) => {
  const upstream = await startUpstream(t)
  const { url, drain } = await startProxy(t, upstream.origin)
  const answers: (() => void)[] = []
  const bothArrived = new Promise<void>((resolve) => {
    upstream.script.send = (...exchange) => {
      answers.push(() => ok(...exchange))
      if (answers.length === 2) resolve()
    }
  })
  const wire = await openWire(
    t,
    url,
    post(messages, '{"text":"a"}') + post('/conversations/c2/messages', '{"text":"b"}'),
  )
  await bothArrived
  const done = drain.run(0)
  for (const answer of answers) answer()
  const received = await wire.ended()
  t.strictSame(received.match(/HTTP\/1.1 \d+|connection: close/gi), [
    'HTTP/1.1 201',
    'HTTP/1.1 201',
    'connection: close',
  ])
  await done
})

t.test('it waits for a message whose caller has hung up, also between two attempts', async (t) => {
  const upstream = await startUpstream(t)
  const { url, drain, logs } = await startProxy(t, upstream.origin)
  const refused = new Promise<void>((resolve) => {
    upstream.script.send = (...exchange) => {
      upstream.script.send = ok
      json(429, '', { 'retry-after': '2' })(...exchange)
      resolve()
    }
  })
  const wire = await openWire(t, url, post(messages, '{"text":"a"}'))
  await refused
  wire.socket.destroy()
  let isClosing = false
  await drain.run(0, () => {
    isClosing = true
    t.equal(upstream.sends().length, 1)
  })
  t.ok(isClosing)
  t.equal(upstream.sends().length, 2)
  t.match(
    logs.filter(({ msg }) => msg === 'request'),
    [{ status: 201 }],
  )
})

t.test('without connections it ends at once', async (t) => {
  const { drain } = await start(t)
  const before = performance.now()
  await drain.run(0)
  t.ok(performance.now() - before < 900)
})
