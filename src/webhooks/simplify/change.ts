/** What each kind of change is simplified with, and to what. */
import type { Event, EventType } from '../events.ts'

export type Context = {
  accountId: string
  /** Of the app installation that the notification is for. */
  clientId: string
  /** When the notification came, milliseconds since 1970. */
  receivedAt: number
  /** Makes the ids of chat states unique, which have nothing of their own that could. */
  random: string
  /** What `href` begins with: where callers reach the proxy, with a slash at the end; only that slash where it is not known. */
  apiUrl: string
}

/**
 * Why a change becomes no event. `consumer`: the consumer's own echo. `internal`: for agents alone. `excluded`: by EVENTS_EXCLUDE.
 * `unknown`: a type that this version does not know. `deleted`: LivePerson deleted it. `malformed`: nothing can be made of it.
 */
export const leftOutReasons = [
  'consumer',
  'internal',
  'excluded',
  'unknown',
  'deleted',
  'malformed',
] as const
export type LeftOutReason = (typeof leftOutReasons)[number]

/** @property unknown the type that is not known, as LivePerson named it */
export type LeftOut = { leftOut: LeftOutReason; unknown?: string }

export type EventBy<T extends EventType> = Extract<Event, { type: T }>

/** RFC 3339, with milliseconds. */
export function asTime(timestamp: number): string {
  return new Date(timestamp).toISOString()
}
