import { LRUCache } from 'lru-cache'
import { atMostOf } from '../../at-most.ts'
import type { NotificationKind } from './message.ts'

const maxNotifications = 5_000
const maxTotalBytes = 32 * 2 ** 20
const maxAttempts = 20
/** What an entry may take beside its body: headers, and the answers of its attempts. */
const entryBytes = 4_096

export type Attempt = {
  at: number
  url: string
  headers: Record<string, string>
  ms: number
  status?: number
  answer?: string
  error?: string
}

/**
 * - `queued`: waits for its turn; `sending`: under way; `stored`: waits for the app install to be UP again
 * - `delivered`; `dropped`: failed, and is not tried again; `lost`: stored for longer than the retention, or too many
 * - `nowhere`: there was no webhook URL
 */
export type NotificationState =
  | 'queued'
  | 'sending'
  | 'stored'
  | 'delivered'
  | 'dropped'
  | 'lost'
  | 'nowhere'

export type Notification = {
  readonly id: string
  readonly number: number
  readonly account: string
  readonly conversationId: string
  readonly kind: NotificationKind
  /** The bytes of the body, as text. */
  readonly raw: string
  /** What is unusual about it, if anything. */
  readonly note: string | undefined
  /** Sent once, not by LivePerson: its failure does not affect the app install. */
  readonly isStray: boolean
  readonly createdAt: number
  state: NotificationState
  attempts: readonly Attempt[]
}

export type Journal = {
  add: (notification: Omit<Notification, 'id' | 'number' | 'state' | 'attempts'>) => Notification
  /** Changes a notification, and reports that. */
  update: (
    notification: Notification,
    change: { state: NotificationState; attempt?: Attempt },
  ) => void
  withId: (id: string) => Notification | undefined
  /** Newest first. */
  all: () => Notification[]
  size: () => number
  clear: () => void
}

/** Notifications and their outcomes: the newest 5,000 or 32 MiB. */
export function createJournal(changed: (id: string) => void): Journal {
  const notifications = new LRUCache<string, Notification>(
    atMostOf(maxNotifications, maxTotalBytes, ({ raw }) => raw.length + entryBytes),
  )
  let lastNumber = 0

  return {
    add(given) {
      const number = ++lastNumber
      const notification: Notification = {
        ...given,
        id: `n${number}`,
        number,
        state: 'queued',
        attempts: [],
      }
      notifications.set(notification.id, notification)
      changed(notification.id)
      return notification
    },
    update(notification, { state, attempt }) {
      notification.state = state
      if (attempt !== undefined) {
        notification.attempts = [...notification.attempts, attempt].slice(-maxAttempts)
      }
      changed(notification.id)
    },
    withId: (id) => notifications.peek(id),
    all: () => [...notifications.values()],
    size: () => notifications.size,
    clear: () => notifications.clear(),
  }
}
