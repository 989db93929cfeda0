import type { ProblemCode } from '../problems/catalogue.ts'
import { Problem } from '../problems/problem.ts'

/**
 * Waits for work that others may share, no longer than the deadline; the work itself goes on.
 * @param deadline on the clock of `performance.now()`, milliseconds
 * @throws Problem with the code
 */
export function beforeDeadline<T>(
  work: Promise<T>,
  deadline: number,
  code: ProblemCode = 'deadline-exceeded',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const remainingMs = Math.max(deadline - performance.now(), 0)
    const timer = setTimeout(() => reject(new Problem(code)), remainingMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
