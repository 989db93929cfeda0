/** How many cases each file tries, and from which seed: a new one each time, printed, and given again by FAST_CHECK_SEED. */
import fc from 'fast-check'
import type { Test } from 'tap'

/** The fewest cases of each file, which asserts its own share. */
export const shares = { bodies: 15_000, requests: 4_500, uploads: 450, native: 450 }

/** How long one property may take, so that a failure that takes many runs to shrink ends too. */
const longestMs = 60_000

export class Runs {
  /** Cases tried so far. */
  count = 0
  private readonly seed = Number(
    process.env['FAST_CHECK_SEED'] ?? Math.trunc(Math.random() * 2 ** 31),
  )

  /** Tries a property so many times; on a failure fast-check's report has the seed and the path. */
  async of<T>(
    t: Test,
    numRuns: number,
    arbitrary: fc.Arbitrary<T>,
    holds: (made: T) => Promise<unknown>,
  ): Promise<void> {
    const property = fc.asyncProperty(arbitrary, async (made) => {
      this.count += 1
      await holds(made)
    })
    const { seed } = this
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
