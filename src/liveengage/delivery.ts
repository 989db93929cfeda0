/**
 * What may be sent again, and when. The one rule: never a second time what LiveEngage may have acted on.
 * Resends follow only a problem that says `not-sent`.
 */
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../problems.ts'
import { beforeDeadline } from './deadline.ts'

export type Attempt<T> = (origin: string) => Promise<T>

export type Route = {
  origin: string
  /** Looks again where the service is; the same origin if nothing better is known. */
  recheck: (failedOrigin: string) => Promise<string>
}

const mostResends = 2

/** A resend after a wait must leave LiveEngage this much time to answer, else a clear 429 would become an unclear 504. */
const leastTimeToAnswerMs = 1_000

/**
 * Makes the attempt, and again where that is safe: once after nothing could be written, once after a 429 that fits into the
 * deadline, once at another host after 404 or 421. The last problem is what the caller gets.
 * @param deadline on the clock of `performance.now()`, milliseconds
 * @param used the remedies that earlier attempts have used up
 */
export function deliver<T>(
  attempt: Attempt<T>,
  route: Route,
  deadline: number,
  used: readonly Remedy[] = [],
): Promise<T> {
  return attempt(route.origin).catch(async (error: unknown) => {
    if (!(error instanceof Problem)) throw error
    const remedy = remedyFor(error)
    if (remedy === undefined || used.includes(remedy) || used.length >= mostResends) throw error
    const origin = await prepare(remedy, error, route, deadline)
    if (origin === undefined) throw error
    return deliver(attempt, { ...route, origin }, deadline, [...used, remedy])
  })
}

type Remedy = 'reconnect' | 'wait' | 'move'

function remedyFor(problem: Problem): Remedy | undefined {
  if (problem.delivery !== 'not-sent') return undefined
  if (problem.code === 'liveengage-unreachable') return 'reconnect'
  if (problem.code === 'rate-limited') return 'wait'
  const status = problem.options.liveengage?.status
  if (problem.code === 'rejected-by-liveengage' && (status === 404 || status === 421)) return 'move'
  return undefined
}

/** @returns the origin for the next attempt, or undefined if there should be none */
async function prepare(
  remedy: Remedy,
  problem: Problem,
  { origin, recheck }: Route,
  deadline: number,
): Promise<string | undefined> {
  if (remedy === 'wait') {
    const { retryAfterSeconds = 1 } = problem
    const waitMs = retryAfterSeconds * 1000
    if (performance.now() + waitMs + leastTimeToAnswerMs > deadline) return undefined
    await setTimeout(waitMs)
    return origin
  }
  // A look-up that comes too late leaves the problem as it was.
  const found = await beforeDeadline(recheck(origin), deadline).catch(() => undefined)
  return remedy === 'move' && found === origin ? undefined : found
}
