/**
 * What may be sent again, and when. The one rule: never resend what LiveEngage may have acted on.
 * A resend follows only a problem with `not-sent`.
 */
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../problems/problem.ts'
import { ConnectFailure } from '../transport/connector.ts'
import { beforeDeadline } from '../transport/deadline.ts'
import type { RetryBudget } from '../transport/retry-budget.ts'
import type { CallStatistics, Remedy, TokenKind } from '../transport/statistics.ts'

export type Attempt<T> = (origin: string) => Promise<T>

export type Resend<T> = {
  attempt: Attempt<T>
  /** Where the first attempt went. */
  origin: string
  /** On the clock of `performance.now()`, milliseconds. */
  deadline: number
  /** Looks the service up again; the same origin if nothing better is known. */
  recheck: (failedOrigin: string) => Promise<string>
  /** Replaces the refused token, one of the proxy's own, by a newer one. @returns false if there is none */
  renew?: (kind: TokenKind) => Promise<boolean>
  /** Bounds the resends after a 429 and after a failed connection. */
  budget: RetryBudget
  /** Counts what is sent again. */
  statistics: Pick<CallStatistics, 'resends'>
}

const maxResends = 2

/** A resend after a wait must leave LiveEngage this much time to answer, or a clear 429 becomes an unclear 504. */
const minAnswerMs = 1_000

/**
 * Makes the attempt again if that is safe: once if nothing could be written, once after a 429 if the wait fits into the deadline,
 * once at another host after 404 or 421, once with a newer token after LiveEngage refused one of the proxy's own.
 * @param error what the first attempt failed with
 * @throws the last attempt's error
 */
export async function resend<T>(error: unknown, resending: Resend<T>): Promise<T> {
  let { origin } = resending
  let latest = error
  const used: Remedy[] = []
  while (used.length < maxResends) {
    if (!(latest instanceof Problem)) throw latest
    const remedy = remedyFor(latest)
    if (remedy === undefined || used.includes(remedy)) throw latest
    const next = await apply(remedy, latest, origin, resending)
    if (next === undefined) throw latest
    resending.statistics.resends[remedy] += 1
    used.push(remedy)
    origin = next
    try {
      return await resending.attempt(origin)
    } catch (again) {
      latest = again
    }
  }
  throw latest
}

function remedyFor(problem: Problem): Remedy | undefined {
  if (problem.delivery !== 'not-sent') return undefined
  if (problem.code === 'liveengage-unreachable') return 'reconnect'
  if (problem.code === 'rate-limited') return 'wait'
  const { status, errorCode } = problem.options.liveengage ?? {}
  // Source of the codes: Authorization page. Other codes of a 401 are not healed by a newer token.
  if (problem.code === 'app-jwt-invalid' && errorCode === 40102) return 'app-jwt'
  if (problem.code === 'consumer-jws-invalid' && errorCode === 40103) return 'consumer-jws'
  if (problem.code === 'rejected-by-liveengage' && (status === 404 || status === 421)) return 'move'
  return undefined
}

/** @returns the origin for the next attempt, or undefined if there should be none */
async function apply(
  remedy: Remedy,
  problem: Problem,
  origin: string,
  {
    deadline,
    recheck,
    renew,
    budget,
  }: Pick<Resend<unknown>, 'deadline' | 'recheck' | 'renew' | 'budget'>,
): Promise<string | undefined> {
  if (remedy === 'wait') {
    const { retryAfterSeconds = 1 } = problem
    const waitMs = retryAfterSeconds * 1000
    if (performance.now() + waitMs + minAnswerMs > deadline) return undefined
    if (!budget.spend()) return undefined
    await setTimeout(waitMs)
    return origin
  }
  if (remedy === 'app-jwt' || remedy === 'consumer-jws') {
    const isRenewed = renew !== undefined && (await beforeDeadline(renew(remedy), deadline))
    return isRenewed ? origin : undefined
  }
  if (problem.cause instanceof ConnectFailure && !budget.spend()) return undefined
  // If the look-up comes too late, the problem stays the same.
  const found = await beforeDeadline(recheck(origin), deadline).catch(() => undefined)
  return remedy === 'move' && found === origin ? undefined : found
}
