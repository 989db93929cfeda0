/** Proxies that share a store: what `Idempotency-Key` promises across them. */
import t, { type Test } from 'tap'
import { startProcess } from '../process.ts'
import { wants } from '../programs.ts'
import { type StartedProxy, startProxy } from '../start.ts'
import { json, ok, startUpstream, type Upstream } from '../upstream.ts'
import { silence, startFakeRedis } from './fixtures/fake-redis.ts'
import { startRedis } from './fixtures/real-redis.ts'

const path = '/conversations/c/messages'

const send = ({ call }: StartedProxy, key?: string, text = 'Hi') =>
  call('POST', path, { text }, key === undefined ? {} : { 'idempotency-key': key })

type Replicas = { upstream: Upstream; a: StartedProxy; b: StartedProxy }

async function startReplicas(t: Test, url: string): Promise<Replicas> {
  const upstream = await startUpstream(t)
  const a = await startProxy(t, upstream.origin, { STATE_URL: url })
  const b = await startProxy(t, upstream.origin, { STATE_URL: url })
  return { upstream, a, b }
}

const unavailable = {
  status: 503,
  headers: { 'retry-after': /^[12]$/ },
  body: { code: 'idempotency-store-unavailable', delivery: 'not-sent', retryable: true },
}

function hold(t: Test, url: string): void {
  t.test('a retry at another replica gets the first answer, and nothing goes out', async (t) => {
    const { upstream, a, b } = await startReplicas(t, url)
    const first = await send(a, 'k1')
    t.match(first, { status: 201, headers: { 'idempotency-replayed': undefined } })
    const again = await send(b, 'k1')
    t.strictSame(again.body, first.body)
    t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' } })
    t.match(await send(b, 'k1', 'Ho'), { status: 422 })
    t.equal(upstream.sends().length, 1)
  })

  t.test('what is under way at another replica is a 409 until it has ended', async (t) => {
    const { upstream, a, b } = await startReplicas(t, url)
    let answer = () => {}
    const arrived = new Promise<void>((arrive) => {
      upstream.script.send = (...args) => {
        answer = () => ok(...args)
        arrive()
      }
    })
    const first = send(a, 'k2')
    await arrived
    t.match(await send(b, 'k2'), { status: 409, body: { code: 'idempotency-key-in-use' } })
    answer()
    t.equal((await first).status, 201)
    t.match(await send(b, 'k2'), { status: 201, headers: { 'idempotency-replayed': 'true' } })
    t.equal(upstream.sends().length, 1)
  })

  t.test('what was not sent is sent by the retry, an unknown outcome never', async (t) => {
    const { upstream, a, b } = await startReplicas(t, url)
    upstream.script.send = json(400, '{}')
    t.match(await send(a, 'k3'), { status: 400 })
    upstream.script.send = json(500, 'no')
    const unknown = await send(b, 'k3')
    t.match(unknown, { status: 502, body: { delivery: 'unknown' } })
    upstream.script.send = ok
    t.strictSame((await send(a, 'k3')).body, unknown.body)
    t.equal(upstream.sends().length, 2)
  })

  t.test('of twenty at once at two replicas one is sent', async (t) => {
    const { upstream, a, b } = await startReplicas(t, url)
    // Code that runs for the first time is slow, and a store that takes 250 ms counts as lost.
    await Promise.all([send(a, 'a'), send(b, 'b')])
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => send(n % 2 === 0 ? a : b, 'k4')),
    )
    t.ok(replies.every(({ status }) => status === 201 || status === 409))
    t.equal(upstream.sends().length, 3)
  })
}

t.test('on a fake Redis', async (t) => hold(t, (await startFakeRedis(t)).url))
t.test('on a Redis', wants('redis-server'), async (t) => hold(t, (await startRedis(t)).url))

t.test('of a replica that ended while it wrote, nobody sends again what it had', async (t) => {
  const fake = await startFakeRedis(t)
  const { upstream, a, b } = await startReplicas(t, fake.url)
  // The claim of a request as it is just before its end.
  t.equal((await send(a, 'k')).status, 201)
  const [name, entry] = [...fake.values][0] ?? []
  if (name === undefined || entry === undefined) throw new Error('nothing is kept')
  fake.values.set(name, { value: `w${entry.value.slice(1, 67)}`, until: Date.now() + 600_000 })
  t.match(await send(b, 'k'), { status: 409 })
  fake.values.set(name, { value: `w${entry.value.slice(1, 67)}`, until: Date.now() + 587_000 })
  t.match(await send(b, 'k'), {
    status: 502,
    headers: { 'idempotency-replayed': 'true', 'content-type': /^application\/problem\+json/ },
    body: { code: 'liveengage-failed', delivery: 'unknown', retryable: false, detail: /replica/ },
  })
  t.equal(upstream.sends().length, 1)
})

t.test('who lost the claim while it waited writes nothing', async (t) => {
  const fake = await startFakeRedis(t)
  const { upstream, a } = await startReplicas(t, fake.url)
  const { domain } = upstream.script
  upstream.script.domain = (...args) => {
    // The proxy stood still for longer than the claim lives.
    fake.values.clear()
    domain(...args)
  }
  t.match(await send(a, 'k'), { ...unavailable, body: { detail: /no longer held/ } })
  t.equal(upstream.sends().length, 0)
  t.match(await send(a, 'k'), { status: 201 }, 'its slot is free, and its key')
})

t.test('a resend asks once whether it may write', async (t) => {
  const fake = await startFakeRedis(t)
  const { upstream, a } = await startReplicas(t, fake.url)
  upstream.script.send = (...args) => {
    upstream.script.send = ok
    json(429, '{}', { 'retry-after': '1' })(...args)
  }
  t.match(await send(a, 'k'), { status: 201 })
  t.equal(upstream.sends().length, 2)
  const states = [...fake.values.values()].map(({ value }) => value[0])
  t.strictSame(states, ['d'])
})

async function failClosed(t: Test, { upstream, a }: Replicas, name: string): Promise<void> {
  const before = upstream.sends().length
  t.match(await send(a, name), unavailable, name)
  t.equal(upstream.sends().length, before, name)
  t.match(await send(a), { status: 201 }, `${name}: without a key nothing has changed`)
  t.match(await a.call('GET', '/readyz'), { status: 200 })
}

t.test(
  'without the store a request with a key is not sent, and one without a key is',
  async (t) => {
    const fake = await startFakeRedis(t)
    const replicas = await startReplicas(t, fake.url)
    const scripts = (reply: string) => (command: readonly string[]) =>
      /^EVAL/.test(command[0] ?? '') ? reply : undefined
    fake.fault = scripts('-OOM command not allowed when used memory > ‘maxmemory’.\r\n')
    await failClosed(t, replicas, 'full')
    fake.fault = scripts(silence)
    await failClosed(t, replicas, 'slow')
    fake.fault = () => undefined
    await fake.stop()
    await failClosed(t, replicas, 'down')
    const { body } = await replicas.a.call('GET', '/metrics')
    t.match(body, 'liveengage_proxy_store_up 0')
    t.match(
      body,
      'liveengage_proxy_store_failures_total{reason="refused"} 2',
      'the claim, and the end of it',
    )
    t.match(body, /code="idempotency-store-unavailable"} 3/)
    t.notMatch(body, /^liveengage_proxy_idempotency_outcomes /m)
    t.notMatch(JSON.stringify(replicas.a.logs), /Hi|"k"/)
  },
)

t.test(
  'an answer is given even if it cannot be kept, and then nobody sends it again',
  async (t) => {
    const fake = await startFakeRedis(t)
    const { upstream, a, b } = await startReplicas(t, fake.url)
    upstream.script.send = (...args) => {
      fake.fault = () => '-OOM no\r\n'
      ok(...args)
    }
    t.equal((await send(a, 'k')).status, 201)
    fake.fault = () => undefined
    t.equal((await send(b, 'k')).status, 409)
    t.equal(upstream.sends().length, 1)
  },
)

t.test('what is kept has no token, no text, no consumer and no key of the caller', async (t) => {
  const fake = await startFakeRedis(t)
  const { a } = await startReplicas(t, fake.url)
  await send(a, 'planted-key', 'planted text')
  t.notMatch(JSON.stringify(fake.commands), /planted|eyJ/)
})

t.test(
  'a Redis that stands still, fills up or becomes read-only, and comes back',
  wants('redis-server'),
  async (t) => {
    const redis = await startRedis(t)
    const { upstream, a } = await startReplicas(t, redis.url)
    const until = async (status: number, key: string) => {
      for (let tries = 0; tries < 200; tries += 1) {
        if ((await send(a, `${key} ${tries}`.replace(' ', '-'))).status === status) return true
      }
      return false
    }
    t.match(await send(a, 'first'), { status: 201 })
    redis.child.kill('SIGSTOP')
    t.match(await send(a, 'frozen'), unavailable)
    redis.child.kill('SIGCONT')
    t.ok(await until(201, 'thawed'))
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    t.match(await send(a, 'full'), unavailable)
    await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    t.match(await send(a, 'full'), { status: 201 })
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    t.match(await send(a, 'read-only'), unavailable)
    await redis.command('REPLICAOF', 'NO', 'ONE')
    t.ok(await until(201, 'writable'))
    await redis.restart()
    t.ok(await until(201, 'restarted'), 'scripts are loaded again')
    t.ok(upstream.sends().length >= 5)
  },
)

t.test('the client of Redis is loaded where STATE_URL names a store, and only there', async (t) => {
  const fake = await startFakeRedis(t)
  const preload = new URL('./fixtures/print-redis.js', import.meta.url).href
  for (const [env, isLoaded] of [
    [{}, false],
    [{ STATE_URL: fake.url }, true],
  ] as const) {
    const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0', ...env }, preload)
    await run.url()
    run.child.kill('SIGTERM')
    const { code, stdout } = await run.exit
    t.equal(code, 0)
    t.equal(stdout.includes('client of Redis loaded'), isLoaded)
  }
})
