/** What the desk knows and shows, as pure functions: the page only draws it. */
import type { CallRow, ConversationSummary, NotificationRow, Overview } from '../agent/views.ts'
import type { Entry } from '../memory/conversations.ts'

export type { CallRow, ConversationSummary, Entry, NotificationRow, Overview }

/** Rows of a kind that the page holds; older ones are asked for when wanted. */
const maxRows = 300

export type Desk = {
  overview: Overview | undefined
  conversations: readonly ConversationSummary[]
  calls: readonly CallRow[]
  notifications: readonly NotificationRow[]
}

export type Changes = {
  reset: boolean
  overview: Overview
  conversations: readonly ConversationSummary[]
  calls: readonly CallRow[]
  notifications: readonly NotificationRow[]
}

export const emptyDesk: Desk = {
  overview: undefined,
  conversations: [],
  calls: [],
  notifications: [],
}

export function keyOf({ accountId, id }: { accountId: string; id: string }): string {
  return `${accountId}/${id}`
}

/** The desk after a message of the stream. */
export function merge(desk: Desk, changes: Changes): Desk {
  const known = changes.reset ? emptyDesk : desk
  const changed = new Set(changes.conversations.map(keyOf))
  const others = known.conversations.filter((one) => !changed.has(keyOf(one)))
  return {
    overview: changes.overview,
    conversations: [...changes.conversations, ...others]
      .sort((one, other) => Number(one.lastAt < other.lastAt) - Number(one.lastAt > other.lastAt))
      .slice(0, maxRows),
    calls: newestRows(known.calls, changes.calls),
    notifications: newestRows(known.notifications, changes.notifications),
  }
}

function newestRows<T extends { id: string; number: number }>(
  known: readonly T[],
  changed: readonly T[],
): T[] {
  const ids = new Set(changed.map(({ id }) => id))
  return [...changed, ...known.filter(({ id }) => !ids.has(id))]
    .sort((one, other) => other.number - one.number)
    .slice(0, maxRows)
}
