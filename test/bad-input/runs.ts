/**
 * How many cases each file tries, and from which seed: a new one each time, printed, and given again by FAST_CHECK_SEED.
 * `npm test` tries a tenth of them, `npm run test:long` all.
 */
import fc from 'fast-check'
import type { Test } from 'tap'
import { isLongRun } from '../long-runs.ts'

const fraction = isLongRun ? 1 : 0.1

/** How long one property may take, so that a failure that takes many runs to shrink ends too. */
const longestMs = 60_000

export class Runs {
  private readonly seed = Number(
    process.env['FAST_CHECK_SEED'] ?? Math.trunc(Math.random() * 2 ** 31),
  )

  /** Tries a property so many times in a long run; on a failure fast-check's report has the seed and the path. */
  async of<T>(
    t: Test,
    cases: number,
    arbitrary: fc.Arbitrary<T>,
    holds: (made: T) => Promise<unknown>,
  ): Promise<void> {
    const property = fc.asyncProperty(arbitrary, async (made) => {
      await holds(made)
    })
    const { seed } = this
    const numRuns = Math.ceil(cases * fraction)
    t.comment(`FAST_CHECK_SEED=${seed}`)
    await fc.assert(property, {
      seed,
      numRuns,
      interruptAfterTimeLimit: longestMs,
      markInterruptAsFailure: true,
      includeErrorInReport: true,
    })
    t.pass(`${numRuns} cases`)
  }
}
