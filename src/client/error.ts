/** What went wrong with a call, and whether it may have arrived. */
import type { Problem } from './schema.ts'

/** The proxy's code, or the client's own if the proxy sent no problem. */
export type ErrorCode =
  | Problem['code']
  | 'network-error'
  | 'timeout'
  | 'aborted'
  | 'unexpected-answer'

export type Delivery = Problem['delivery']

/** How one attempt failed. */
export type Failure = {
  code: ErrorCode
  message: string
  /** Of this attempt alone. */
  delivery: Delivery
  /** Whether another attempt is harmless, given the call's key or that to repeat it changes nothing, and may help. */
  mayHelp: boolean
  remedy: string
  requestId?: string | undefined
  status?: number | undefined
  retryAfterSeconds?: number | undefined
  problem?: Problem | undefined
  cause?: unknown
}

/** What is true of a call, whatever its last attempt was. */
export type CallOutcome = Pick<
  LiveEngageProxyError,
  'delivery' | 'retryable' | 'requestId' | 'idempotencyKey' | 'attempts'
>

export class LiveEngageProxyError extends Error {
  override readonly name = 'LiveEngageProxyError'
  /** What went wrong. Branch on this. */
  readonly code: ErrorCode
  /** Of all attempts: `not-sent` only if LiveEngage cannot have acted on any of them. */
  readonly delivery: Delivery
  /** Whether the same call with the same options is harmless and may help. */
  readonly retryable: boolean
  /** What to do about it. */
  readonly remedy: string
  /** The id in the proxy's log. */
  readonly requestId: string
  /** Of the HTTP answer; absent if there was none. */
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined
  /** The key that all attempts had. Pass it to the same call to continue where this one ended. */
  readonly idempotencyKey: string | undefined
  readonly attempts: number
  /** The proxy's whole problem, with `errors` and `liveengage`; absent if it sent none. */
  readonly problem: Problem | undefined

  constructor(failure: Failure, outcome: CallOutcome) {
    super(failure.message, { cause: failure.cause })
    this.code = failure.code
    this.delivery = outcome.delivery
    this.retryable = outcome.retryable
    this.remedy = failure.remedy
    this.requestId = outcome.requestId
    this.status = failure.status
    this.retryAfterSeconds = failure.retryAfterSeconds
    this.idempotencyKey = outcome.idempotencyKey
    this.attempts = outcome.attempts
    this.problem = failure.problem
  }
}
