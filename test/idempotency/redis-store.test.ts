import t, { type Test } from 'tap'
import { RedisConnection } from '../../src/idempotency/redis-connection.ts'
import { RedisStore } from '../../src/idempotency/redis-store.ts'
import type { Lease, Outcome } from '../../src/idempotency/store.ts'
import { wants } from '../programs.ts'
import { startFakeRedis } from './fixtures/fake-redis.ts'
import { startRedis } from './fixtures/real-redis.ts'

const longestMs = 10_000
const print = 'f'.repeat(44)
const other = 'o'.repeat(44)
const outcome = (payload: Outcome['payload'] = '{"sequence":0}'): Outcome => ({
  status: 201,
  contentType: 'application/json',
  location: undefined,
  payload,
})

const soon = () => performance.now() + 1_000

async function open(t: Test, url: string): Promise<RedisStore> {
  const patient = { report: () => undefined, commandMs: 5_000 }
  const connection = new RedisConnection({ url: () => url, ...patient })
  t.teardown(() => connection.close())
  await connection.connect()
  return new RedisStore((...call) => connection.run(...call), longestMs)
}

async function leaseOf(store: RedisStore, key: string, deadline = soon()): Promise<Lease> {
  const claim = await store.claim(key, print, deadline)
  if (claim.state !== 'claimed') throw new Error(claim.state)
  return claim.lease
}

const stateOf = async (store: RedisStore, key: string, fingerprint = print) =>
  (await store.claim(key, fingerprint, soon())).state

/** @param age makes what is kept under a key look this much older */
function behave(t: Test, url: string, age: (key: string, ms: number) => Promise<unknown>): void {
  t.test('of several replicas one has the key until it settles', async (t) => {
    const [first, second] = [await open(t, url), await open(t, url)]
    t.notOk(await first.has('a'))
    const lease = await leaseOf(first, 'a')
    t.equal(await stateOf(second, 'a'), 'running')
    t.equal(await stateOf(second, 'a', other), 'reused')
    t.ok(await second.has('a'))
    await lease.write?.()
    t.equal(await stateOf(second, 'a'), 'running', 'also while it writes')
    await lease.settle(outcome())
    t.strictSame(await second.claim('a', print, soon()), { state: 'known', outcome: outcome() })
    t.equal(await stateOf(second, 'a', other), 'reused')
  })

  t.test('an answer of bytes comes back as its bytes', async (t) => {
    const store = await open(t, url)
    const lease = await leaseOf(store, 'bytes')
    await lease.settle({ ...outcome(Buffer.from([0, 255, 13, 10])), location: 'conversations/1' })
    const known = await store.claim('bytes', print, soon())
    if (known.state !== 'known') throw new Error(known.state)
    t.equal(known.outcome.location, 'conversations/1')
    t.strictSame([...Buffer.from(known.outcome.payload)], [0, 255, 13, 10])
  })

  t.test('a request that was not sent frees its key, also after it began to write', async (t) => {
    const store = await open(t, url)
    for (const hasBegun of [false, true]) {
      const lease = await leaseOf(store, 'not sent')
      if (hasBegun) await lease.write?.()
      await lease.settle(undefined)
      t.notOk(await store.has('not sent'))
    }
  })

  t.test(
    'a claim ends two seconds after the deadline; whoever held it writes nothing',
    async (t) => {
      const store = await open(t, url)
      const late = await leaseOf(store, 'late', performance.now() - 5_000)
      await age('late', 2_000)
      t.notOk(await store.has('late'), 'it is free')
      const next = await leaseOf(store, 'late')
      for (const _ of [1, 2]) {
        const refused = { code: 'idempotency-store-unavailable', delivery: 'not-sent' }
        await t.rejects(late.write?.() ?? Promise.resolve(), refused)
      }
      await late.settle(undefined)
      await late.settle(outcome('of the late one'))
      t.equal(await stateOf(store, 'late'), 'running', 'the key is the next one’s')
      await next.write?.()
      await next.write?.()
      await next.settle(outcome())
      t.equal(await stateOf(store, 'late'), 'known')
    },
  )

  t.test(
    'what was being written is never taken over, and lost once nobody can have an answer',
    async (t) => {
      const store = await open(t, url)
      const lease = await leaseOf(store, 'written')
      await lease.write?.()
      await age('written', longestMs + 1_500)
      t.equal(await stateOf(store, 'written'), 'running')
      await age('written', 600)
      t.equal(await stateOf(store, 'written'), 'lost')
      t.equal(await stateOf(store, 'written', other), 'reused')
      await lease.settle(outcome())
      t.equal(await stateOf(store, 'written'), 'known', 'an outcome that comes late counts')
    },
  )
}

t.test('on a fake Redis', async (t) => {
  const fake = await startFakeRedis(t)
  behave(t, fake.url, async (key, ms) => {
    const entry = fake.values.get(`liveengage-proxy:${key}`)
    if (entry !== undefined) entry.until -= ms
  })
})

t.test('on a Redis', wants('redis-server'), async (t) => {
  const redis = await startRedis(t)
  behave(t, redis.url, async (key, ms) => {
    const name = `liveengage-proxy:${key}`
    const lifeMs = Number(await redis.command('PTTL', name))
    await redis.command('PEXPIRE', name, String(lifeMs - ms))
  })
  t.test('an outcome lives ten minutes, a claim its deadline and two seconds', async (t) => {
    const store = await open(t, redis.url)
    const life = async () => Number(await redis.command('PTTL', 'liveengage-proxy:life'))
    const lease = await leaseOf(store, 'life', performance.now() + 1_000)
    t.ok((await life()) > 2_000 && (await life()) <= 3_001)
    await lease.write?.()
    t.ok((await life()) > 590_000)
    await lease.settle(outcome())
    t.ok((await life()) > 590_000 && (await life()) <= 600_000)
  })
})
