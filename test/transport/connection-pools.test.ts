import t, { type Test } from 'tap'
import { errors } from 'undici'
import { type ConnectionPool, ConnectionPools } from '../../src/transport/connection-pools.ts'
import { ScriptedDispatcher } from './fixtures/scripted.ts'

/** What undici says with a `disconnect`. */
const origin = new URL('http://localhost')
const failure = new errors.SocketError('other side closed')

/** The pool that the next call gets. */
const poolOf = (pools: ConnectionPools) => pools.steady ?? pools.next()

/** Pools whose time is the test's. */
function start(t: Test) {
  const opened: ScriptedDispatcher[] = []
  const retired: ConnectionPool[] = []
  const seen: number[] = []
  const timers: { at: number; run: () => void }[] = []
  let now = 0
  t.intercept(performance, 'now', { value: () => now })
  t.intercept(globalThis, 'setTimeout', {
    value: (run: () => void, ms: number) => {
      const timer = { at: now + ms, run, unref: () => timer }
      timers.push(timer)
      return timer
    },
  })
  t.intercept(globalThis, 'clearTimeout', {
    value: (timer: (typeof timers)[number]) => {
      if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
    },
  })
  const pools = new ConnectionPools({
    openPool: () => {
      const pool = new ScriptedDispatcher(() => t.fail('nothing is asked'))
      opened.push(pool)
      return pool
    },
    retirePool: (pool) => void retired.push(pool),
    onConnect: () => seen.push(pools.connected),
    lifeMs: 60_000,
  })
  const pass = (ms: number) => {
    now += ms
    const due = timers.filter(({ at }) => at <= now)
    for (const timer of due) timers.splice(timers.indexOf(timer), 1)
    for (const { run } of due) run()
  }
  return { pools, opened, retired, seen, timers, pass }
}

t.test(
  'in the second half of a connection’s life the next pool gets a growing share',
  async (t) => {
    const { pools, opened, retired, pass } = start(t)
    const first = poolOf(pools)
    pass(29_999)
    t.equal(poolOf(pools), first)
    pass(1)
    t.equal(poolOf(pools), first, 'at first it gets nothing')
    /** Of a hundred calls at one instant. */
    const places = () =>
      Array.from({ length: 100 }, () => poolOf(pools)).flatMap((pool, place) =>
        pool === first ? [] : [place],
      )
    pass(3_010)
    const tenth = places()
    t.equal(tenth.length, 10)
    t.ok(
      tenth.every((place, at) => at === 0 || place - Number(tenth[at - 1]) >= 9),
      'evenly among the others',
    )
    pass(11_990)
    t.equal(places().length, 50)
    pass(14_999)
    t.ok(places().length >= 99)
    t.strictSame(retired, [])
    pass(1)
    t.strictSame(retired, [first])
    t.equal(poolOf(pools), opened[1])
  },
)

t.test('a former pool that has lost its connections in a pause opens none', async (t) => {
  const { pools, opened, retired, timers, pass } = start(t)
  const first = poolOf(pools)
  pass(30_000)
  t.equal(poolOf(pools), first)
  const [former, next] = opened
  if (former === undefined || next === undefined) throw new Error('they are not there')
  former.stats = { connected: 1 }
  former.emit('disconnect', origin, [], failure)
  t.equal(poolOf(pools), first, 'one of two')
  former.stats = { connected: 0 }
  next.stats = { connected: 0 }
  next.emit('disconnect', origin, [], failure)
  t.equal(poolOf(pools), first, 'the next one loses its own as it likes')
  former.emit('disconnect', origin, [], failure)
  t.equal(poolOf(pools), next)
  t.strictSame(retired, [first])
  t.equal(timers.length, 1, 'its end is not waited for')
})

t.test('a pool that has no connection at half of its life is the former one of none', async (t) => {
  const { pools, opened, retired, pass } = start(t)
  const first = poolOf(pools)
  const [former] = opened
  if (former !== undefined) former.stats = { connected: 0 }
  pass(30_000)
  t.strictSame(retired, [first])
  t.not(poolOf(pools), first)
})

t.test('a host that is not called has no pool in the end', async (t) => {
  const { pools, opened, retired, timers, pass } = start(t)
  t.equal(poolOf(pools), opened[0])
  pass(30_000)
  t.strictSame(retired, [])
  pass(30_000)
  t.strictSame(retired, opened)
  t.equal(opened.length, 1)
  t.strictSame(timers, [])
})

t.test('both are ended together', async (t) => {
  const { pools, opened, retired, timers, pass } = start(t)
  const first = poolOf(pools)
  pass(30_000)
  t.equal(poolOf(pools), first)
  pools.retire()
  t.strictSame(retired, opened)
  t.equal(opened.length, 2)
  t.strictSame(timers, [])
})

t.test('the open connections of all pools are counted, retired ones included', async (t) => {
  const { pools, seen, pass } = start(t)
  const first = poolOf(pools)
  first.emit('connect', origin, [])
  first.emit('connect', origin, [])
  pass(30_000)
  poolOf(pools)
  pass(30_000)
  const second = poolOf(pools)
  t.ok(second !== first)
  second.emit('connect', origin, [])
  t.strictSame(seen, [1, 2, 3])
  first.emit('disconnect', origin, [], failure)
  t.equal(pools.connected, 2)
})
