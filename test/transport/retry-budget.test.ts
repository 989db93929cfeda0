import t, { type Test } from 'tap'
import { RetryBudget } from '../../src/transport/retry-budget.ts'
import { CallStatistics } from '../../src/transport/statistics.ts'
import { controlClock } from './fixtures/clock.ts'

/** How many resends it still gives. */
function drain(budget: RetryBudget): number {
  let resends = 0
  while (budget.spend()) resends += 1
  return resends
}

t.test('a new host is worth one resend', (t) => {
  t.equal(drain(new RetryBudget(new CallStatistics())), 1)
  t.end()
})

t.test('ten requests earn one more', (t) => {
  const budget = new RetryBudget(new CallStatistics())
  drain(budget)
  budget.requests += 11
  t.equal(drain(budget), 1)
  t.end()
})

t.test('a second earns one more, and ten are the most that is saved up', async (t: Test) => {
  const clock = controlClock(t)
  const budget = new RetryBudget(new CallStatistics())
  drain(budget)
  await clock.pass(2_500)
  t.equal(drain(budget), 2)
  await clock.pass(3_600_000)
  t.equal(drain(budget), 10)
  budget.requests += 1_000
  t.equal(drain(budget), 10)
})
