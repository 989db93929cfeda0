/** Describes a failed attempt. */
import type { Failure } from './error.ts'
import type { Problem } from './schema.ts'

const unknownRemedy =
  'It may have been delivered. If a duplicate is worse than a loss, do not send it again without the same idempotencyKey.'

/** For an answer whose status is not that of the success. */
export async function readFailure(response: Response): Promise<Failure> {
  const { status, headers } = response
  const text = await response.text()
  const retryAfterSeconds = readRetryAfter(headers.get('retry-after'))
  const problem = readProblem(headers.get('content-type'), text)
  if (problem === undefined) {
    return {
      // Of a gateway, say. A 4xx of one would come again.
      ...unexpected(response, `The answer is ${status}, and no problem of the proxy.`),
      mayHelp: status >= 500 || status === 429 || status === 408,
      retryAfterSeconds,
    }
  }
  const { code, detail, delivery, retryable, requestId, remedy } = problem
  // The outcome of the key: it would only come again.
  const isOutcome = delivery === 'unknown' && headers.get('idempotency-replayed') === 'true'
  const mayHelp = retryable && !isOutcome
  return {
    code,
    message: detail,
    delivery,
    mayHelp,
    remedy,
    requestId,
    status,
    retryAfterSeconds,
    problem,
  }
}

export function unexpected({ status, headers }: Response, message: string): Failure {
  return {
    code: 'unexpected-answer',
    message,
    delivery: 'unknown',
    mayHelp: false,
    remedy: `Check what is at baseUrl, and between here and there. ${unknownRemedy}`,
    requestId: headers.get('x-request-id') ?? undefined,
    status,
  }
}

export function networkError(cause: unknown): Failure {
  const isNotSent = neverConnected(cause)
  return {
    code: 'network-error',
    message: isNotSent ? 'The proxy cannot be reached.' : 'The connection broke.',
    delivery: isNotSent ? 'not-sent' : 'unknown',
    mayHelp: true,
    remedy: isNotSent ? 'Check that the proxy runs at baseUrl.' : unknownRemedy,
    cause,
  }
}

export function timeout(): Failure {
  const message = 'No complete answer came in time.'
  return {
    code: 'timeout',
    message,
    delivery: 'unknown',
    mayHelp: true,
    remedy: unknownRemedy,
  }
}

/** @param delivery `not-sent` if no attempt was in progress */
export function aborted(delivery: Failure['delivery'], cause: unknown): Failure {
  const message = 'The call was aborted.'
  const remedy = delivery === 'unknown' ? unknownRemedy : 'Nothing was sent.'
  return { code: 'aborted', message, delivery, mayHelp: false, remedy, cause }
}

/** The failure of a call of which an earlier attempt may have been delivered. */
export function afterUnknown(failure: Failure): Failure {
  if (failure.delivery === 'unknown') return failure
  const message = `${failure.message} An earlier attempt may have been delivered.`
  return { ...failure, message, delivery: 'unknown', remedy: unknownRemedy }
}

function readProblem(contentType: string | null, text: string): Problem | undefined {
  if (!contentType?.startsWith('application/problem+json')) return undefined
  const value = parse(text)
  return isProblem(value) ? value : undefined
}

/** @returns undefined if it is no JSON */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isProblem(value: unknown): value is Problem {
  if (!isRecord(value)) return false
  const { code, detail, delivery, retryable, requestId, remedy } = value
  return (
    [code, detail, requestId, remedy].every((each) => typeof each === 'string') &&
    (delivery === 'not-sent' || delivery === 'unknown') &&
    typeof retryable === 'boolean'
  )
}

/** Seconds, or a date, as gateways send it. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

/** What Node, Deno and Bun report: a look-up or a connection that failed, at each address of the host. Otherwise it is unknown. */
function neverConnected(error: unknown): boolean {
  const cause = isRecord(error) ? (error['cause'] ?? error) : undefined
  const errors = isRecord(cause) ? cause['errors'] : undefined
  return Array.isArray(errors) && errors.length > 0
    ? errors.every(isOfConnecting)
    : isOfConnecting(cause)
}

function isOfConnecting(error: unknown): boolean {
  if (!isRecord(error)) return false
  const { syscall, code, message } = error
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    code === 'ECONNREFUSED' ||
    String(message).includes(': client error (Connect): ')
  )
}
