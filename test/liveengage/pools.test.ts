import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type ConnectionPool, Pools } from '../../src/liveengage/pools.ts'
import { ScriptedDispatcher } from './fixtures/scripted.ts'

function start(t: Test) {
  const opened: ScriptedDispatcher[] = []
  const retired: ConnectionPool[] = []
  const pools = new Pools({
    openPool: () => {
      const pool = new ScriptedDispatcher(() => t.fail('nothing is asked'))
      opened.push(pool)
      return pool
    },
    retirePool: (pool) => void retired.push(pool),
    // 5 ms between two openings.
    lifeMs: 3_000,
  })
  t.teardown(() => pools.retire())
  return { pools, opened, retired }
}

t.test(
  'the next pool gets one connection at a time, and the former serves meanwhile',
  async (t) => {
    const { pools, opened, retired } = start(t)
    const first = pools.current
    t.equal(pools.current, first)
    while (pools.current === first) await delay(5)
    const [, next] = opened
    if (next === undefined) throw new Error('there is no next one')
    next.stats = { free: 0, pending: 1 }
    t.equal(pools.current, first, 'one is being opened')
    next.stats = { free: 0, pending: 0 }
    const chosen = Array.from({ length: 1_000 }, () => pools.current)
    t.equal(chosen[0], next, 'another may be opened')
    t.ok(chosen.filter((pool) => pool === next).length < 100, 'and then none for a while')
    next.stats = { free: 1, pending: 1 }
    t.equal(pools.current, next, 'one is idle')
    next.stats = { free: 0, pending: 1 }
    if (opened[0] !== undefined) opened[0].stats = { free: 0, pending: 0 }
    t.equal(pools.current, next, 'the former one opens none')
    while (retired.length === 0) await delay(5)
    t.strictSame(retired, [first])
    t.equal(pools.current, next, 'there is no other any more')
    t.equal(opened.length, 2)
  },
)

t.test('a host that is not called has no pool in the end', async (t) => {
  const { pools, opened, retired } = start(t)
  t.equal(pools.current, opened[0])
  while (retired.length === 0) await delay(5)
  t.strictSame(retired, opened)
  t.equal(opened.length, 1)
})

t.test('both are ended together', async (t) => {
  const { pools, opened, retired } = start(t)
  const first = pools.current
  while (pools.current === first) await delay(5)
  pools.retire()
  t.strictSame(retired, opened)
  t.equal(opened.length, 2)
})
