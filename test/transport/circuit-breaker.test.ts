import t, { type Test } from 'tap'
import { CircuitBreaker } from '../../src/transport/circuit-breaker.ts'
import type { CallOutcome } from '../../src/transport/statistics.ts'
import { controlClock } from './fixtures/clock.ts'

function call(breaker: CircuitBreaker, outcome: CallOutcome, times = 1): void {
  for (let count = 0; count < times; count += 1) breaker.end(breaker.begin(), outcome)
}

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker()
  call(breaker, 'failure', 20)
  return breaker
}

t.test('it opens at twenty samples of which half are failures', (t) => {
  const few = new CircuitBreaker()
  call(few, 'failure', 19)
  t.notOk(few.isOpen)
  t.equal(few.refusesForMs, 0)
  call(few, 'failure')
  t.ok(few.isOpen)
  const half = new CircuitBreaker()
  call(half, 'success', 11)
  call(half, 'failure', 10)
  t.notOk(half.isOpen, '10 of 21')
  call(half, 'failure')
  t.ok(half.isOpen, '11 of 22')
  t.end()
})

t.test('refusals and calls that never happened open nothing and hide nothing', (t) => {
  const breaker = new CircuitBreaker()
  call(breaker, 'refusal', 1_000)
  call(breaker, 'none', 1_000)
  t.notOk(breaker.isOpen)
  call(breaker, 'failure', 20)
  t.ok(breaker.isOpen)
  t.end()
})

t.test('samples count for ten seconds', async (t) => {
  const clock = controlClock(t)
  const breaker = new CircuitBreaker()
  call(breaker, 'failure', 19)
  await clock.pass(11_000)
  call(breaker, 'failure')
  t.notOk(breaker.isOpen)
  await clock.pass(5_000)
  call(breaker, 'failure', 19)
  t.ok(breaker.isOpen, 'those of five seconds ago count')
})

t.test('it stays open for five seconds, a fifth more or less', async (t) => {
  for (const [random, ms] of [
    [0, 4_000],
    [0.5, 5_000],
    [1, 6_000],
  ] as const) {
    await t.test(`${ms} ms`, async (t: Test) => {
      t.intercept(Math, 'random', { value: () => random })
      const clock = controlClock(t)
      const breaker = opened()
      t.ok(Math.abs(breaker.refusesForMs - ms) < 100)
      await clock.pass(ms - 100)
      t.ok(breaker.isOpen)
      await clock.pass(150)
      t.notOk(breaker.isOpen)
      t.equal(breaker.refusesForMs, 0)
    })
  }
})

t.test('then three probes at a time try it, and three good ones close it', async (t) => {
  const clock = controlClock(t)
  const breaker = opened()
  await clock.pass(6_100)
  const first = breaker.begin()
  const second = breaker.begin()
  t.notOk(breaker.isOpen)
  const third = breaker.begin()
  t.ok(breaker.isOpen, 'a fourth has to wait')
  t.equal(breaker.refusesForMs, 0, 'nobody knows how long')
  breaker.end(first, 'success')
  t.ok(breaker.isOpen)
  breaker.end(second, 'refusal')
  breaker.end(third, 'success')
  t.notOk(breaker.isOpen)
  call(breaker, 'failure', 19)
  t.notOk(breaker.isOpen, 'with a new window')
})

t.test('a probe that never happened leaves its place to another', async (t) => {
  const clock = controlClock(t)
  const breaker = opened()
  await clock.pass(6_100)
  const probes = [breaker.begin(), breaker.begin(), breaker.begin()]
  for (const probe of probes) breaker.end(probe, 'none')
  t.notOk(breaker.isOpen)
  call(breaker, 'success', 3)
  call(breaker, 'failure', 19)
  t.notOk(breaker.isOpen, 'closed')
})

t.test('a failed probe opens it for twice as long, thirty seconds at most', async (t: Test) => {
  t.intercept(Math, 'random', { value: () => 0.5 })
  const clock = controlClock(t)
  const breaker = opened()
  for (const pauseMs of [5_000, 10_000, 20_000, 30_000, 30_000]) {
    t.ok(Math.abs(breaker.refusesForMs - pauseMs) < 200, `${pauseMs} ms`)
    await clock.pass(pauseMs + 100)
    t.notOk(breaker.isOpen)
    call(breaker, 'failure')
    t.ok(breaker.isOpen)
  }
  await clock.pass(30_100)
  call(breaker, 'success', 3)
  call(breaker, 'failure', 20)
  t.ok(Math.abs(breaker.refusesForMs - 5_000) < 100, 'after a good time it begins anew')
})

t.test('what began before it opened says nothing of the present', async (t) => {
  const clock = controlClock(t)
  const breaker = new CircuitBreaker()
  const old = breaker.begin()
  call(breaker, 'failure', 20)
  breaker.end(old, 'success')
  t.ok(breaker.isOpen)
  await clock.pass(6_100)
  const slow = breaker.begin()
  breaker.end(old, 'failure')
  t.notOk(breaker.isOpen, 'no probe')
  breaker.end(slow, 'success')
  call(breaker, 'success', 2)
  t.notOk(breaker.isOpen)
  call(breaker, 'failure', 19)
  t.notOk(breaker.isOpen)
})
