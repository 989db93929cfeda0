import type { ServerResponse } from 'node:http'
import type { Schedule } from '../interface.ts'
import type { State } from '../memory/state.ts'
import { callRow, notificationRow, overviewOf, summaryOf } from './views.ts'

/** Changes of one moment go out together. */
const gatherMs = 50
/** Of each kind in one message; after more, a reader reads the lists. */
const maxOfAKind = 200
const maxWatchers = 20
/** A reader who does not read is cut. */
const maxUnreadBytes = 4 * 2 ** 20

export type Stream = {
  /** False if there are too many readers. */
  attach: (response: ServerResponse) => boolean
  close: () => void
}

/** Changes as server-sent events: each message has the new state of all that changed in a moment. */
export function createStream(state: State, schedule: Schedule): Stream {
  const responses = new Set<ServerResponse>()
  let dirty = nothingDirty()
  let cancel: (() => void) | undefined

  function flush(): void {
    cancel = undefined
    const { conversations, calls, notifications, wasReset } = dirty
    dirty = nothingDirty()
    const message = {
      reset: wasReset,
      overview: overviewOf(state),
      conversations: newest(conversations, (key) => {
        const [account = '', id = ''] = key.split('/')
        return state.conversations.ofDialog(account, id)
      }).map((conversation) => summaryOf(conversation, state.clientId)),
      calls: newest(calls, state.calls.withId).map(callRow),
      notifications: newest(notifications, state.installs.journal.withId).map(notificationRow),
    }
    const text = `data: ${JSON.stringify(message)}\n\n`
    for (const response of responses) {
      if (response.writableLength > maxUnreadBytes) response.destroy()
      else response.write(text)
    }
  }

  const unwatch = state.feed.watch((change) => {
    if (responses.size === 0) return
    if (change.type === 'call') dirty.calls.add(change.id)
    if (change.type === 'notification') dirty.notifications.add(change.id)
    if (change.type === 'conversation') dirty.conversations.add(`${change.account}/${change.id}`)
    if (change.type === 'reset') dirty.wasReset = true
    cancel ??= schedule(flush, gatherMs)
  })

  return {
    attach(response) {
      if (responses.size >= maxWatchers) return false
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      })
      response.write('retry: 1000\n\n')
      responses.add(response)
      response.once('close', () => responses.delete(response))
      return true
    },
    close() {
      unwatch()
      cancel?.()
      for (const response of responses) response.destroy()
    },
  }
}

/** The items of these keys that are not forgotten yet. */
function newest<T>(keys: ReadonlySet<string>, withKey: (key: string) => T | undefined) {
  return [...keys]
    .slice(-maxOfAKind)
    .map(withKey)
    .filter((found) => found !== undefined)
}

function nothingDirty() {
  return {
    conversations: new Set<string>(),
    calls: new Set<string>(),
    notifications: new Set<string>(),
    wasReset: false,
  }
}
