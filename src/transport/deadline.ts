import { Problem } from '../problems/problem.ts'

/**
 * Waits for work that others may share, no longer than the deadline; the work itself goes on.
 * @param deadline on the clock of `performance.now()`, milliseconds
 * @throws Problem `deadline-exceeded`
 */
export function beforeDeadline<T>(work: Promise<T>, deadline: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const remainingMs = Math.max(deadline - performance.now(), 0)
    const timer = setTimeout(() => reject(new Problem('deadline-exceeded')), remainingMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
