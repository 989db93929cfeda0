/** A failure. It is thrown where it happens; one place turns it into an answer. */
import { type Delivery, type ProblemCode, type ProblemDefinition, problems } from './catalogue.ts'
import type { ProblemDetails, ReceiptOutcome, ShortProblemDetails } from './details.ts'

export type InputError = { path: string; message: string }
export type LiveEngageAnswer = { status: number; errorCode?: number; message?: string }

export type ProblemOptions = {
  detail?: string
  /** Overrides the table, for codes such as `internal-error` that can have either. */
  delivery?: Delivery
  errors?: readonly InputError[]
  liveengage?: LiveEngageAnswer
  retryAfterSeconds?: number
  /** For `conversation-already-open`: LiveEngage accepted the profile although it opened no conversation. */
  profileUpdated?: boolean
  /** For a message with `inReplyTo`: the outcome of its receipt. */
  receipt?: ReceiptOutcome
  /** The methods of the path, for `method-not-allowed`. */
  allow?: readonly string[]
  /** What is accepted instead, as response headers, for `unsupported-media-type`. */
  accepted?: Readonly<Record<string, string>>
  cause?: unknown
}

/** What the `type` of a problem begins with, if the URL of the proxy is unknown. */
export const relativeProblemsUrl = '/problems/'

/** A failure with a code of the table. It has no token, body or words of a consumer, so it is safe to log. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  readonly delivery: Delivery
  readonly retryAfterSeconds: number | undefined
  readonly options: ProblemOptions

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const definition: ProblemDefinition = problems[code]
    super(options.detail ?? definition.cause, { cause: options.cause })
    this.code = code
    this.status = definition.status
    this.delivery = options.delivery ?? definition.delivery
    this.retryAfterSeconds = spread(
      options.retryAfterSeconds ?? definition.retryAfterSeconds,
      definition.retrySpreadSeconds,
    )
    this.options = options
  }

  /** The same failure with more details. Requests may share a problem, so it is never changed. */
  with(more: ProblemOptions): Problem {
    return new Problem(this.code, { ...this.options, ...more })
  }

  /** Headers of this failure, in addition to those of every answer. */
  headers(): Record<string, string> {
    const definition: ProblemDefinition = problems[this.code]
    const headers: Record<string, string> = { ...this.options.accepted }
    if (this.retryAfterSeconds !== undefined)
      headers['retry-after'] = String(this.retryAfterSeconds)
    if (definition.challenge !== undefined) headers['www-authenticate'] = definition.challenge
    if (this.options.allow !== undefined) headers['allow'] = this.options.allow.join(', ')
    return headers
  }

  /** Whether a retry is harmless and may help. @param repeatable whether repeating the action changes nothing */
  isRetryable(repeatable: boolean): boolean {
    const { retryable }: ProblemDefinition = problems[this.code]
    return retryable === 'if-repeatable' ? repeatable : retryable
  }

  /** For LivePerson, whose retry depends on the status alone. */
  toShortDetails(
    requestId: string,
    problemsUrl: string = relativeProblemsUrl,
  ): ShortProblemDetails {
    const { title }: ProblemDefinition = problems[this.code]
    return {
      type: `${problemsUrl}${this.code}`,
      title,
      status: this.status,
      detail: this.message,
      instance: `urn:request:${requestId}`,
      code: this.code,
      requestId,
    }
  }

  /** @param repeatable as for `isRetryable` @param problemsUrl what `type` begins with */
  toDetails(
    requestId: string,
    repeatable: boolean,
    problemsUrl: string = relativeProblemsUrl,
  ): ProblemDetails {
    const { remedy }: ProblemDefinition = problems[this.code]
    const { errors, liveengage, profileUpdated, receipt } = this.options
    return {
      ...this.toShortDetails(requestId, problemsUrl),
      delivery: this.delivery,
      retryable: this.isRetryable(repeatable),
      remedy,
      ...(errors !== undefined && { errors: [...errors] }),
      ...(liveengage !== undefined && { liveengage }),
      ...(profileUpdated !== undefined && { profileUpdated }),
      ...(receipt !== undefined && { receipt }),
    }
  }
}

function spread(seconds: number | undefined, mostMore = 0): number | undefined {
  return seconds === undefined ? undefined : seconds + Math.floor(Math.random() * (mostMore + 1))
}

/** Whether an error is a problem with this code. */
export function isProblem(error: unknown, code: ProblemCode | undefined): error is Problem {
  return error instanceof Problem && error.code === code
}
