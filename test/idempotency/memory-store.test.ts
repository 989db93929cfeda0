import t from 'tap'
import { MemoryStore } from '../../src/idempotency/memory-store.ts'
import type { Outcome } from '../../src/idempotency/store.ts'
import { controlClock } from '../transport/fixtures/clock.ts'

const outcome = (payload: Outcome['payload'] = ''): Outcome => ({
  status: 201,
  contentType: undefined,
  location: undefined,
  payload,
})

/** What a claim of the key comes to; a claimed one stays claimed. */
async function stateOf(store: MemoryStore, key: string, fingerprint = 'print'): Promise<string> {
  return (await store.claim(key, fingerprint)).state
}

/** Claims a key and settles the claim at once. */
async function finish(store: MemoryStore, key: string, outcome?: Outcome): Promise<void> {
  const claim = await store.claim(key, 'print')
  if (claim.state === 'claimed') await claim.lease.settle(outcome)
}

t.test('a key under way is running for the same request and reused by any other', async (t) => {
  const store = new MemoryStore()
  t.equal(await stateOf(store, 'a'), 'claimed')
  t.equal(await stateOf(store, 'a'), 'running')
  t.equal(await stateOf(store, 'a', 'other'), 'reused')
  t.equal(await stateOf(store, 'b', 'other'), 'claimed', 'another key is free')
})

t.test('a settled key has its outcome, and none for another request', async (t) => {
  const store = new MemoryStore()
  const ended = outcome('x')
  await finish(store, 'a', ended)
  for (const _ of [1, 2]) {
    t.strictSame(await store.claim('a', 'print'), { state: 'known', outcome: ended })
  }
  t.equal(await stateOf(store, 'a', 'other'), 'reused')
})

t.test('an outcome can be taken back by its lease', async (t) => {
  const store = new MemoryStore()
  const claim = await store.claim('a', 'print')
  if (claim.state !== 'claimed') throw new Error(claim.state)
  await claim.lease.settle(outcome('x'))
  await claim.lease.settle(undefined)
  t.equal(await stateOf(store, 'a', 'other'), 'claimed')
})

t.test('a key that is settled without an outcome is free, for another request too', async (t) => {
  const store = new MemoryStore()
  await finish(store, 'a')
  t.equal(await stateOf(store, 'a', 'other'), 'claimed')
})

t.test('a key is known from its claim on, as long as it has an outcome', async (t) => {
  const store = new MemoryStore()
  t.notOk(await store.has('a'))
  const claim = await store.claim('a', 'print')
  if (claim.state !== 'claimed') throw new Error(claim.state)
  t.ok(await store.has('a'), 'under way')
  await claim.lease.settle(outcome())
  t.ok(await store.has('a'), 'finished')
  await claim.lease.settle(undefined)
  t.notOk(await store.has('a'), 'not sent')
})

t.test('the 10,001st outcome drops the one used longest ago, never a key under way', async (t) => {
  const store = new MemoryStore()
  await store.claim('under way', 'print')
  for (let n = 0; n < 10_000; n += 1) await finish(store, `key ${n}`, outcome())
  t.equal(store.size, 10_000)
  t.equal(await stateOf(store, 'key 0'), 'known', 'all 10,000 are kept')
  await finish(store, 'one more', outcome())
  t.equal(await stateOf(store, 'key 0'), 'known', 'it has been used since')
  t.equal(await stateOf(store, 'key 1'), 'claimed')
  t.equal(await stateOf(store, 'key 2'), 'known')
  t.equal(await stateOf(store, 'under way'), 'running')
})

t.test('outcomes hold 16 MiB at most, their keys included', async (t) => {
  for (const payload of ['x'.repeat(65_536), new Uint8Array(65_536), 'ä'.repeat(32_768)]) {
    const store = new MemoryStore()
    await store.claim('under way', 'print')
    for (let n = 0; n < 256; n += 1) await finish(store, `key ${n}`, outcome(payload))
    t.equal(await stateOf(store, 'key 0'), 'claimed', '256 × 64 KiB and 256 keys are too much')
    t.equal(await stateOf(store, 'key 1'), 'known')
    t.equal(await stateOf(store, 'under way'), 'running')
  }
})

t.test(
  'an outcome is kept for ten minutes from its end, however often it is asked for',
  async (t) => {
    const clock = controlClock(t)
    const store = new MemoryStore()
    await store.claim('under way', 'print')
    await finish(store, 'a', outcome())
    for (const _ of [1, 2]) {
      await clock.pass(4 * 60_000)
      t.equal(await stateOf(store, 'a'), 'known')
    }
    await clock.pass(2 * 60_000 + 1)
    t.equal(await stateOf(store, 'a', 'other'), 'claimed', 'the key is free')
    await clock.pass(60 * 60_000)
    t.equal(await stateOf(store, 'under way'), 'running', 'a key under way has no age')
  },
)
