import { LRUCache } from 'lru-cache'
import type { Schedule } from '../interface.ts'
import { type AppInstall, createAppInstall, type InstallState, isTaken } from './app-install.ts'
import { createJournal, type Journal, type Notification } from './journal.ts'
import type { NotificationKind } from './message.ts'
import { createPost, type PostResult } from './post.ts'
import { type SignatureForm, signatureOf, withEscapes } from './signature.ts'

const maxInstalls = 100

export type WebhookSettings = {
  /** Where notifications go; undefined: nowhere. */
  url: string | undefined
  signature: SignatureForm
  /** Every character beyond ASCII as \uXXXX. */
  escapeUnicode: boolean
  /** `retry.retention_time` of the app's manifest; 0: no retry policy. */
  retentionSeconds: number
}

export type InstallView = {
  accountId: string
  state: InstallState
  stored: number
  nextAttemptAt: number | undefined
}

export type NewNotification = {
  account: string
  conversationId: string
  kind: NotificationKind
  document: object
  note?: string
  /** Not from LivePerson: tried once, with this as the signature. */
  strayWith?: string
}

export type Installs = {
  notify: (notification: NewNotification) => Notification
  /** The same bytes again. */
  repeat: (notification: Notification) => Notification
  settings: () => WebhookSettings
  change: (settings: Partial<WebhookSettings>) => void
  of: (account: string) => AppInstall
  views: () => InstallView[]
  journal: Journal
  clear: () => void
  stop: () => void
}

/** The app, installed once in each account: where its notifications go, and its state. */
export function createInstalls(options: {
  clientId: string
  clientSecret: string
  settings: WebhookSettings
  now: () => number
  schedule: Schedule
  changed: () => void
  notificationChanged: (id: string) => void
}): Installs {
  const { clientId, clientSecret, now, schedule, changed } = options
  let settings = options.settings
  const journal = createJournal(options.notificationChanged)
  const post = createPost(schedule)
  const installs = new LRUCache<string, AppInstall>({
    max: maxInstalls,
    dispose: (install) => install.clear(),
  })

  function of(account: string): AppInstall {
    const known = installs.get(account)
    if (known !== undefined) return known
    const install = createAppInstall({
      journal,
      schedule,
      now,
      retentionMs: () => settings.retentionSeconds * 1000,
      deliver: (notification) =>
        deliver(notification, signatureOf(notification.raw, clientSecret, settings.signature)),
      changed,
    })
    installs.set(account, install)
    changed()
    return install
  }

  async function deliver(notification: Notification, signature: string): Promise<PostResult> {
    const { url } = settings
    if (url === undefined) return { error: 'there is no webhook URL' }
    journal.update(notification, { state: 'sending' })
    const headers = {
      'content-type': 'application/json',
      'x-liveperson-account-id': notification.account,
      'x-liveperson-client-id': clientId,
      'x-liveperson-signature': signature,
    }
    const at = now()
    const started = performance.now()
    const result = await post.send(new URL(url), headers, notification.raw)
    const ms = Math.round(performance.now() - started)
    journal.update(notification, {
      state: notification.state,
      attempt: { at, url, headers, ms, ...result },
    })
    return result
  }

  async function sendStray(notification: Notification, signature: string): Promise<void> {
    const result = await deliver(notification, signature)
    journal.update(notification, { state: isTaken(result) ? 'delivered' : 'dropped' })
  }

  return {
    notify({ account, conversationId, kind, document, note, strayWith }) {
      const json = JSON.stringify(document)
      const notification = journal.add({
        account,
        conversationId,
        kind,
        raw: settings.escapeUnicode ? withEscapes(json) : json,
        note,
        isStray: strayWith !== undefined,
        createdAt: now(),
      })
      if (settings.url === undefined) journal.update(notification, { state: 'nowhere' })
      else if (strayWith !== undefined) void sendStray(notification, strayWith)
      else of(account).submit(notification)
      return notification
    },
    repeat({ account, conversationId, kind, raw }) {
      const notification = journal.add({
        account,
        conversationId,
        kind,
        raw,
        note: 'the same again',
        isStray: false,
        createdAt: now(),
      })
      if (settings.url === undefined) journal.update(notification, { state: 'nowhere' })
      else of(account).submit(notification)
      return notification
    },
    settings: () => settings,
    change(changes) {
      settings = { ...settings, ...changes }
      changed()
    },
    of,
    views: () =>
      [...installs.entries()].map(([accountId, install]) => ({
        accountId,
        state: install.state(),
        stored: install.stored(),
        nextAttemptAt: install.nextAttemptAt(),
      })),
    journal,
    clear() {
      installs.clear()
      journal.clear()
      changed()
    },
    stop() {
      installs.clear()
      post.stop()
    },
  }
}
