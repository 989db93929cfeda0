/** Delivers the events of a notification to the app, one after another. LivePerson resends what the app does not take. */
import type { Trace } from '../transport/trace.ts'
import type { Counters } from './counters.ts'
import { type Delivered, type DeliveryOutcome, deliver, type Post } from './delivery.ts'
import type { Event } from './events.ts'
import { leftOutBy, type Selection } from './selection.ts'
import type { Context, LeftOut } from './simplify/change.ts'
import { simplify } from './simplify/notification.ts'

export type RelayOptions = {
  post: Post
  selection: Selection
  /** The app's current secrets. */
  secrets: () => readonly string[]
  counters: Counters
  /** The time of one notification. */
  timeoutMs: number
  /** What `href` begins with, up to a slash. */
  apiUrl: string
  /** Says once that a type is not known. */
  onUnknown: (type: string) => void
}

/** A notification with a valid signature. */
export type VerifiedNotification = {
  json: Readonly<Record<string, unknown>>
  accountId: string
  clientId: string
  requestId: string
  /** The app's endpoint for the account. Undefined: there is none, and events for it count as taken. */
  url: string | undefined
  /** Milliseconds since 1970. */
  receivedAt: number
  /** On the clock of `performance.now()`, milliseconds. */
  deadline: number
  random: string
  /** Of the request, if tracing is on. */
  trace?: Trace | undefined
}

export type Relayed = {
  /** Of the first event that was not taken, else `taken`. */
  outcome: DeliveryOutcome
  taken: number
  leftOut: number
  /** Chat states that the app did not take. */
  dropped: number
  /** Of the answer with which the app refused an event. */
  appStatus?: number
}

/** The share of the time that one chat state gets: typing must never delay a message. */
const chatStateShare = 1 / 4

export class Relay {
  private readonly options: RelayOptions

  constructor(options: RelayOptions) {
    this.options = options
  }

  /** Stops at the first event that the app does not take, so that the order holds when it comes again. */
  async relay(notification: VerifiedNotification): Promise<Relayed> {
    const { accountId, clientId, receivedAt, random, json } = notification
    const context: Context = {
      accountId,
      clientId,
      receivedAt,
      random,
      apiUrl: this.options.apiUrl,
    }
    const relayed: Relayed = { outcome: 'taken', taken: 0, leftOut: 0, dropped: 0 }
    for (const simplified of simplify(json, context)) {
      if (this.isLeftOut(simplified)) {
        relayed.leftOut += 1
        continue
      }
      const { outcome, status } = await this.bring(simplified, notification)
      if (outcome === 'refused' && status !== undefined) relayed.appStatus = status
      this.options.counters.countEvent(simplified.type, outcome)
      if (outcome === 'taken') relayed.taken += 1
      else if (simplified.type === 'chat_state.updated') relayed.dropped += 1
      else return { ...relayed, outcome }
    }
    return relayed
  }

  private isLeftOut(simplified: Event | LeftOut): simplified is LeftOut {
    const { counters, selection, onUnknown } = this.options
    if ('leftOut' in simplified) {
      if (simplified.unknown !== undefined) onUnknown(simplified.unknown)
      counters.countEvent('none', 'left-out', simplified.leftOut)
      return true
    }
    const reason = leftOutBy(simplified, selection)
    if (reason === undefined) return false
    counters.countEvent(simplified.type, 'left-out', reason)
    return true
  }

  private async bring(
    event: Event,
    { url, accountId, requestId, deadline, trace }: VerifiedNotification,
  ): Promise<Delivered> {
    const { post, secrets, counters, timeoutMs } = this.options
    if (url === undefined) return { outcome: 'taken', status: undefined }
    const isChatState = event.type === 'chat_state.updated'
    const now = performance.now()
    const ends = isChatState ? Math.min(deadline, now + timeoutMs * chatStateShare) : deadline
    const headers = {
      'content-type': 'application/json',
      'x-lp-account-id': accountId,
      'x-request-id': requestId,
    }
    // Earlier events used up the time.
    if (now >= ends) return { outcome: 'timeout', status: undefined }
    const delivered = await deliver(
      {
        event,
        destination: { accountId, url, headers, deadline: ends, trace },
        secrets: secrets(),
        isTriedOnce: isChatState,
      },
      post,
      (ms) => counters.appSeconds.add(ms / 1000),
    )
    if (delivered.outcome === 'taken') {
      counters.lagSeconds.add(Math.max(Date.now() - Date.parse(event.timestamp), 0) / 1000)
    }
    return delivered
  }
}
