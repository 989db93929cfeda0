/** One call: as many attempts as the delivery rules allow, within one deadline. */
import { type Failure, LiveEngageProxyError } from './error.ts'
import {
  aborted,
  afterUnknown,
  networkError,
  readFailure,
  timeout,
  unexpected,
} from './failures.ts'

/** Every call has a key, or changes nothing if it is repeated. So any attempt without an answer may be made again. */
export type Call<Answer> = {
  url: string
  method: string
  headers: Headers
  body: string | FormData | undefined
  requestId: string
  idempotencyKey: string | undefined
  /** Whether the caller may also repeat it, whatever the outcome. */
  isRepeatable: boolean
  /** The status of the success. */
  success: number
  /** @returns undefined if the answer is not what it should be */
  read: (response: Response) => Promise<Answer | undefined>
}

export type Terms = {
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** For the call with all its attempts. */
  timeoutMs: number
  /** For one of them. */
  attemptTimeoutMs: number
  maxAttempts: number
  signal: AbortSignal | undefined
}

type Outcome<Answer> = { answer: Answer } | { failure: Failure }

/** @throws LiveEngageProxyError */
export async function makeCall<Answer>(call: Call<Answer>, terms: Terms): Promise<Answer> {
  const { maxAttempts, signal } = terms
  const end = performance.now() + terms.timeoutMs
  let mayBeDelivered = false
  for (let attempts = 0; ; ) {
    if (signal?.aborted) {
      throw toError(call, aborted('not-sent', signal.reason), attempts, mayBeDelivered)
    }
    attempts += 1
    const timeoutMs = Math.min(terms.attemptTimeoutMs, end - performance.now())
    const outcome = await attempt(call, terms, timeoutMs)
    if ('answer' in outcome) return outcome.answer
    const { failure } = outcome
    mayBeDelivered ||= failure.delivery === 'unknown'
    const pause = pauseMs(attempts, failure.retryAfterSeconds)
    const isLast = attempts >= maxAttempts || performance.now() + pause >= end
    if (isLast || !failure.mayHelp) throw toError(call, failure, attempts, mayBeDelivered)
    await sleep(pause, signal)
  }
}

async function attempt<Answer>(
  { url, method, headers, body, success, read }: Call<Answer>,
  { fetch, signal }: Terms,
  timeoutMs: number,
): Promise<Outcome<Answer>> {
  const ending = new AbortController()
  const end = () => ending.abort()
  const timer = setTimeout(end, timeoutMs)
  signal?.addEventListener('abort', end)
  try {
    const init = { method, headers, body: body ?? null, signal: ending.signal }
    // A redirect would send the tokens to another host.
    const response = await fetch(url, { ...init, redirect: 'manual' })
    if (response.status !== success) return { failure: await readFailure(response) }
    const answer = await read(response)
    if (answer !== undefined) return { answer }
    return { failure: unexpected(response, 'The answer is not from the proxy.') }
  } catch (error) {
    if (signal?.aborted) return { failure: aborted('unknown', signal.reason) }
    return { failure: ending.signal.aborted ? timeout() : networkError(error) }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
}

/** 100 to 200 ms, twice as long each time up to 5 s, and not before `Retry-After`. The random part spreads the callers. */
export function pauseMs(attempts: number, retryAfterSeconds = 0): number {
  const longest = Math.min(5000, 200 * 2 ** (attempts - 1))
  return Math.max(retryAfterSeconds * 1000, longest / 2) + (Math.random() * longest) / 2
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    if (signal?.aborted) wake()
    else signal?.addEventListener('abort', wake)
  })
}

/** If one attempt had an unknown outcome, the call has one, too. */
function toError<Answer>(
  { requestId, idempotencyKey, isRepeatable }: Call<Answer>,
  failure: Failure,
  attempts: number,
  mayBeDelivered: boolean,
): LiveEngageProxyError {
  const told = mayBeDelivered ? afterUnknown(failure) : failure
  return new LiveEngageProxyError(told, {
    delivery: told.delivery,
    retryable: failure.mayHelp && (isRepeatable || !mayBeDelivered),
    requestId: failure.requestId ?? requestId,
    idempotencyKey,
    attempts,
  })
}
