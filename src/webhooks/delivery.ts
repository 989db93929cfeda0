/** Delivers one event to the app: signed, within its deadline, and again while nothing listens there. */
import { setTimeout } from 'node:timers/promises'
import type { Trace } from '../transport/trace.ts'
import type { Event } from './events.ts'
import { standardHeaders } from './standard-webhooks.ts'

/**
 * The outcome of a POST. A status: the head of an answer. `unreachable`: nothing was written. `failed`: written, and then no HTTP.
 * `timeout`: written, and no answer until the deadline.
 */
export type PostOutcome =
  | { status: number }
  | { failure: 'unreachable'; mayRecover: boolean }
  | { failure: 'failed' | 'timeout' }

/** Where an event goes, for which account, and until when. */
export type Destination = {
  accountId: string
  url: string
  /** Beside those of Standard Webhooks. */
  headers: Readonly<Record<string, string>>
  /** On the clock of `performance.now()`, milliseconds. */
  deadline: number
  /** Of the request that brought the notification, if tracing is on. */
  trace: Trace | undefined
}

/** Sends one request. Rejects only if the program itself fails. */
export type Post = (destination: Destination, body: string) => Promise<PostOutcome>

export type Delivery = {
  event: Event
  destination: Destination
  /** One signature each. */
  secrets: readonly string[]
  isTriedOnce: boolean
}

/** `refused`: the app got it and did not answer 2xx. */
export type DeliveryOutcome = 'taken' | 'refused' | 'unreachable' | 'timeout'

const firstPauseMs = 50
const longestPauseMs = 200

/** `status`: of the app's answer, if there was one. */
export type Delivered = { outcome: DeliveryOutcome; status: number | undefined }

/** @param onAnswer gets the milliseconds of an attempt that was written */
export async function deliver(
  { event, destination, secrets, isTriedOnce }: Delivery,
  post: Post,
  onAnswer: (ms: number) => void,
): Promise<Delivered> {
  const { headers, deadline } = destination
  const body = JSON.stringify(event)
  const attempt = async () => {
    const startedAt = performance.now()
    const seconds = Math.floor(Date.now() / 1000)
    const signed = standardHeaders(event.id, seconds, body, secrets)
    const outcome = await post({ ...destination, headers: { ...headers, ...signed } }, body)
    if (outcomeOf(outcome) !== 'unreachable') onAnswer(performance.now() - startedAt)
    return outcome
  }
  let pauseMs = firstPauseMs
  let outcome = await attempt()
  while (!isTriedOnce && mayRecover(outcome) && performance.now() + pauseMs < deadline) {
    await setTimeout(pauseMs)
    // A busy process wakes late.
    if (performance.now() >= deadline) break
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    outcome = await attempt()
  }
  return { outcome: outcomeOf(outcome), status: 'status' in outcome ? outcome.status : undefined }
}

function mayRecover(outcome: PostOutcome): boolean {
  return 'mayRecover' in outcome && outcome.mayRecover
}

function outcomeOf(outcome: PostOutcome): DeliveryOutcome {
  if ('status' in outcome)
    return outcome.status >= 200 && outcome.status < 300 ? 'taken' : 'refused'
  return outcome.failure === 'failed' ? 'refused' : outcome.failure
}
