/**
 * What may be sent again, and when. The one rule: never a second time what LiveEngage may have acted on.
 * Resends follow only a problem that says `not-sent`.
 */
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../problems.ts'
import { ConnectFailure } from './connections.ts'
import { beforeDeadline } from './deadline.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Stats } from './stats.ts'

export type Attempt<T> = (origin: string) => Promise<T>

export type Route = {
  origin: string
  /** Looks again where the service is; the same origin if nothing better is known. */
  recheck: (failedOrigin: string) => Promise<string>
  /** Puts a newer token of the proxy's own in the place of the refused one. @returns false where there is none to be had */
  renew?: (kind: TokenKind) => Promise<boolean>
  /** Bounds the resends after a 429 and after a connection that did not come about. */
  budget: RetryBudget
  /** Counts what is sent again. */
  stats: Pick<Stats, 'resends'>
}

export type TokenKind = 'app-jwt' | 'consumer-jws'

const mostResends = 2

/** A resend after a wait must leave LiveEngage this much time to answer, else a clear 429 would become an unclear 504. */
const leastTimeToAnswerMs = 1_000

/**
 * Makes the attempt, and again where that is safe: once after nothing could be written, once after a 429 that fits into the
 * deadline, once at another host after 404 or 421, once with a newer token after LiveEngage refused one of the proxy's own.
 * The last problem is what the caller gets.
 * @param deadline on the clock of `performance.now()`, milliseconds
 */
export async function deliver<T>(attempt: Attempt<T>, route: Route, deadline: number): Promise<T> {
  route.budget.earn()
  let { origin } = route
  const used: Remedy[] = []
  for (;;) {
    try {
      return await attempt(origin)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const remedy = remedyFor(error)
      if (remedy === undefined || used.includes(remedy) || used.length >= mostResends) throw error
      const next = await prepare(remedy, error, { ...route, origin }, deadline)
      if (next === undefined) throw error
      route.stats.resends[remedy] += 1
      used.push(remedy)
      origin = next
    }
  }
}

/** What makes another attempt worth it. */
export type Remedy = 'reconnect' | 'wait' | 'move' | TokenKind

function remedyFor(problem: Problem): Remedy | undefined {
  if (problem.delivery !== 'not-sent') return undefined
  if (problem.code === 'liveengage-unreachable') return 'reconnect'
  if (problem.code === 'rate-limited') return 'wait'
  const { status, errorCode } = problem.options.liveengage ?? {}
  // Source of the codes: Authorization page. Others of 401 concern what no newer token heals.
  if (problem.code === 'app-jwt-invalid' && errorCode === 40102) return 'app-jwt'
  if (problem.code === 'consumer-jws-invalid' && errorCode === 40103) return 'consumer-jws'
  if (problem.code === 'rejected-by-liveengage' && (status === 404 || status === 421)) return 'move'
  return undefined
}

/** @returns the origin for the next attempt, or undefined if there should be none */
async function prepare(
  remedy: Remedy,
  problem: Problem,
  { origin, recheck, renew, budget }: Route,
  deadline: number,
): Promise<string | undefined> {
  if (remedy === 'wait') {
    const { retryAfterSeconds = 1 } = problem
    const waitMs = retryAfterSeconds * 1000
    if (performance.now() + waitMs + leastTimeToAnswerMs > deadline) return undefined
    if (!budget.spend()) return undefined
    await setTimeout(waitMs)
    return origin
  }
  if (remedy === 'app-jwt' || remedy === 'consumer-jws') {
    const isRenewed = renew !== undefined && (await beforeDeadline(renew(remedy), deadline))
    return isRenewed ? origin : undefined
  }
  if (problem.cause instanceof ConnectFailure && !budget.spend()) return undefined
  // A look-up that comes too late leaves the problem as it was.
  const found = await beforeDeadline(recheck(origin), deadline).catch(() => undefined)
  return remedy === 'move' && found === origin ? undefined : found
}
