import type { Schedule } from '../interface.ts'
import type { Journal, Notification, NotificationState } from './journal.ts'
import type { PostResult } from './post.ts'

/** Pauses of 2, 4, 8 ... s, at most 300 s. Source: webhooks pages, retry policy. */
const firstPauseMs = 2_000
const longestPauseMs = 300_000
const maxStored = 5_000
const maxStoredBytes = 32 * 2 ** 20
/** How many conversations are delivered for at once. */
const maxInFlight = 64

export type InstallState = 'UP' | 'FAILED' | 'IN_TRANSITION'

export type AppInstall = {
  submit: (notification: Notification) => void
  state: () => InstallState
  /** How many wait for the install to be UP again. */
  stored: () => number
  /** When a stored one is tried next; undefined while none is. */
  nextAttemptAt: () => number | undefined
  /** Tries a stored one now. */
  retryNow: () => void
  /** As if the endpoint were down: nothing is tried, all is stored. */
  hold: () => void
  /** The end of {@link AppInstall.hold}: all that is stored is sent at once. */
  release: () => void
  clear: () => void
}

export type Surroundings = {
  journal: Journal
  schedule: Schedule
  now: () => number
  /** 0: an app without a retry policy, for which an event is dropped at its first failure. */
  retentionMs: () => number
  deliver: (notification: Notification) => Promise<PostResult>
  changed: () => void
}

/**
 * Delivers for one app install, with retry by time: the first failure puts the whole install from UP to FAILED, and then
 * events of all types are stored. Once a delivery works all that is stored goes out at once, in order within a
 * conversation; other conversations' events go straight through. Source: webhooks pages, retry policy.
 */
export function createAppInstall(around: Surroundings): AppInstall {
  const { journal, schedule, now, changed } = around
  /** What is not delivered yet, by conversation, in order. */
  const lines = new Map<string, Notification[]>()
  /** What waits for the install to be UP again, in the order in which it was stored. */
  const backlog = new Set<Notification>()
  const busy = new Set<string>()
  let storedBytes = 0
  let state: InstallState = 'UP'
  let isHeld = false
  let pauseMs = firstPauseMs
  let nextAttemptAt: number | undefined
  let cancelRetry = () => {}

  function change(to: InstallState): void {
    if (state !== to) {
      state = to
      changed()
    }
  }

  function lineOf({ conversationId }: Notification): Notification[] {
    const line = lines.get(conversationId) ?? []
    lines.set(conversationId, line)
    return line
  }

  function store(notification: Notification): void {
    if (isForgone(notification)) {
      leave(notification, 'dropped')
      return
    }
    if (!backlog.has(notification)) storedBytes += notification.raw.length
    backlog.add(notification)
    journal.update(notification, { state: 'stored' })
  }

  /** Takes it out of its line, where it is until then. */
  function leave(notification: Notification, as: NotificationState): void {
    const line = lineOf(notification)
    line.splice(line.indexOf(notification), 1)
    if (line.length === 0) lines.delete(notification.conversationId)
    if (backlog.delete(notification)) storedBytes -= notification.raw.length
    journal.update(notification, { state: as })
  }

  function forgetOldest(): void {
    const horizon = now() - around.retentionMs()
    for (const oldest of backlog) {
      const isTooMany = backlog.size > maxStored || storedBytes > maxStoredBytes
      if (oldest.createdAt >= horizon && !isTooMany) return
      leave(oldest, 'lost')
    }
  }

  function fail(): void {
    change('FAILED')
    if (isHeld) return
    nextAttemptAt = now() + pauseMs
    cancelRetry = schedule(tryStored, pauseMs)
    pauseMs = Math.min(2 * pauseMs, longestPauseMs)
    changed()
  }

  function tryStored(): void {
    nextAttemptAt = undefined
    forgetOldest()
    const [oldest] = backlog
    const [first] = lines.get(oldest?.conversationId ?? '') ?? []
    if (first === undefined) recover()
    else void attempt(first, true)
  }

  function recover(): void {
    pauseMs = firstPauseMs
    cancelRetry()
    nextAttemptAt = undefined
    change(backlog.size > 0 ? 'IN_TRANSITION' : 'UP')
    pump()
  }

  async function attempt(notification: Notification, isRetry: boolean): Promise<void> {
    const { conversationId } = notification
    busy.add(conversationId)
    const result = await around.deliver(notification)
    busy.delete(conversationId)
    if (lines.get(conversationId)?.includes(notification) !== true) return
    if (isTaken(result)) {
      leave(notification, 'delivered')
      if (isRetry && !isHeld) return recover()
    } else {
      store(notification)
      // Of several that were under way when the endpoint went down, only the first one starts the pause.
      if (backlog.has(notification) && (isRetry || state !== 'FAILED')) fail()
    }
    if (state === 'IN_TRANSITION' && backlog.size === 0) change('UP')
    pump()
  }

  /** `max_retries: 0` of chat states, and no retry policy at all: dropped, without a change of the install's state. */
  function isForgone({ kind }: Notification): boolean {
    return kind === 'ChatStateEvent' || around.retentionMs() === 0
  }

  function pump(): void {
    if (state === 'FAILED') {
      storeAll()
      return
    }
    for (const [conversationId, [first]] of lines) {
      if (busy.size >= maxInFlight) return
      if (first !== undefined && !busy.has(conversationId)) void attempt(first, false)
    }
  }

  function storeAll(): void {
    for (const notification of [...lines.values()].flat()) {
      if (notification.state === 'queued') store(notification)
    }
    forgetOldest()
    changed()
  }

  return {
    submit(notification) {
      lineOf(notification).push(notification)
      if (state === 'FAILED') {
        store(notification)
        forgetOldest()
        changed()
      } else {
        pump()
      }
    },
    state: () => state,
    stored: () => backlog.size,
    nextAttemptAt: () => nextAttemptAt,
    retryNow() {
      if (state !== 'FAILED' || isHeld || nextAttemptAt === undefined) return
      cancelRetry()
      tryStored()
    },
    hold() {
      isHeld = true
      cancelRetry()
      nextAttemptAt = undefined
      change('FAILED')
    },
    release() {
      if (!isHeld) return
      isHeld = false
      recover()
    },
    clear() {
      cancelRetry()
      lines.clear()
      backlog.clear()
      storedBytes = 0
      isHeld = false
      pauseMs = firstPauseMs
      nextAttemptAt = undefined
      change('UP')
    },
  }
}

/** Only 200 and 201 are success. Source: webhooks pages, notification protocol. */
export function isTaken(result: PostResult): boolean {
  return 'status' in result && (result.status === 200 || result.status === 201)
}
