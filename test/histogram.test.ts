import t from 'tap'
import { Histogram } from '../src/histogram.ts'

t.test('a value counts in the first range whose bound it does not exceed', async (t) => {
  const distribution = new Histogram([1, 2])
  t.strictSame(distribution.buckets, [
    { bound: 1, count: 0 },
    { bound: 2, count: 0 },
    { bound: Number.POSITIVE_INFINITY, count: 0 },
  ])
  for (const value of [0, 1, 1.5, 2, 3, 500]) distribution.add(value)
  t.strictSame(
    distribution.buckets.map(({ count }) => count),
    [2, 2, 2],
  )
  t.equal(distribution.sum, 507.5)
})
