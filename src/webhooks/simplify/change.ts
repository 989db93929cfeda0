/** The input and the result of simplifying a change. */
import type { Event, EventType } from '../events.ts'

export type Context = {
  accountId: string
  /** Of the app installation that the notification is for. */
  clientId: string
  /** When the notification came, milliseconds since 1970. */
  receivedAt: number
  /** Makes the ids of chat states unique; nothing in them does. */
  random: string
  /** What `href` begins with: the proxy's URL, with a slash at the end; only that slash if the URL is unknown. */
  apiUrl: string
}

/**
 * Why a change becomes no event. `consumer`: the consumer did it. `internal`: only for agents. `excluded`: by EVENTS_EXCLUDE.
 * `unknown`: a type that this version does not know. `deleted`: LivePerson deleted it. `malformed`: it cannot be read.
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
