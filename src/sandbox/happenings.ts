/** What happens in a conversation: it is counted, remembered, shown, and sent to the app. */
import {
  type Audience,
  type Conversation,
  dialogOf,
  type Entry,
  type Party,
} from './memory/conversations.ts'
import type { State } from './memory/state.ts'
import { conversationNotification } from './notifications/conversation-change.ts'
import type { Notification } from './notifications/journal.ts'
import {
  type MessageChange,
  messageNotification,
  type NotificationKind,
} from './notifications/message.ts'

export type Publication = Omit<Entry, 'number' | 'sequence'>

export type Published = { sequence: number; change: MessageChange; kind: NotificationKind }

/** Counts and remembers an event, but does not send it yet. */
export function recordEvent(
  { conversations, feed, now }: State,
  conversation: Conversation,
  event: { type: string },
  entry: Publication,
  bytes: number,
): Published {
  const dialog = dialogOf(conversation, entry.dialogId)
  // Messages and receipts share one count; a chat state is outside it and always answers 0. Source: node-agent-sdk.
  const isCounted = event.type !== 'ChatStateEvent'
  const sequence = isCounted ? dialog.nextSequence++ : 0
  conversations.record(conversation, { ...entry, ...(isCounted ? { sequence } : {}) }, bytes)
  feed.publish({ type: 'conversation', account: conversation.account, id: conversation.id })
  const change: MessageChange = {
    sequence,
    by: entry.by,
    at: now(),
    event,
    conversationId: conversation.id,
    dialogId: dialog.id,
    audience: entry.audience,
    ...(entry.metadata === undefined ? {} : { metadata: entry.metadata }),
  }
  return { sequence, change, kind: kindOf(event.type) }
}

/** An event of either side: the app also gets its consumer's own ones. */
export function publish(
  state: State,
  conversation: Conversation,
  event: { type: string },
  entry: Publication,
  bytes: number,
): number {
  const { sequence, change, kind } = recordEvent(state, conversation, event, entry, bytes)
  notify(state, conversation, kind, messageNotification([change]))
  return sequence
}

/** An event of LiveEngage's side: of an agent, of the survey, of the system. */
export function say(
  state: State,
  conversation: Conversation,
  event: { type: string },
  by: Party,
  extras: { dialogId?: string; audience?: Audience; metadata?: unknown } = {},
): Published {
  const { dialogId = conversation.id } = extras
  const body = { dialogId, event }
  const entry = {
    by,
    dialogId,
    type: 'ms.PublishEvent',
    body,
    ...(extras.audience === undefined ? {} : { audience: extras.audience }),
    ...(extras.metadata === undefined ? {} : { metadata: extras.metadata }),
    receivedAt: new Date(state.now()).toISOString(),
  }
  return recordEvent(state, conversation, event, entry, JSON.stringify(body).length)
}

/** Sends the whole state of a conversation, as LivePerson does at every change. */
export function tellChange(state: State, conversation: Conversation): Notification {
  conversation.updatedAt = state.now()
  state.feed.publish({ type: 'conversation', account: conversation.account, id: conversation.id })
  const document = conversationNotification(conversation, state.now())
  return notify(state, conversation, 'ExConversationChange', document)
}

export function notify(
  { installs }: State,
  { account, id: conversationId }: Conversation,
  kind: NotificationKind,
  document: object,
  special: { note?: string; strayWith?: string } = {},
): Notification {
  return installs.notify({ account, conversationId, kind, document, ...special })
}

/** What happened to a conversation but is no LiveEngage event, for the desk. */
export function remember(
  { conversations, feed, now }: State,
  conversation: Conversation,
  by: Party,
  what: object,
): void {
  conversations.record(
    conversation,
    {
      by,
      dialogId: conversation.id,
      type: 'sandbox.Change',
      body: what,
      receivedAt: new Date(now()).toISOString(),
    },
    JSON.stringify(what).length,
  )
  feed.publish({ type: 'conversation', account: conversation.account, id: conversation.id })
}

function kindOf(eventType: string): NotificationKind {
  switch (eventType) {
    case 'RichContentEvent':
    case 'AcceptStatusEvent':
    case 'ChatStateEvent':
      return eventType
    default:
      return 'ContentEvent'
  }
}
