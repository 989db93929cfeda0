import type { Audience, Party } from '../memory/conversations.ts'

/** The types of notifications that an app subscribes to. Source: webhooks pages, events. */
export type NotificationKind =
  | 'ContentEvent'
  | 'RichContentEvent'
  | 'AcceptStatusEvent'
  | 'ChatStateEvent'
  | 'ExConversationChange'

export type MessageChange = {
  sequence?: number
  by: Party
  at: number
  event: { type: string }
  conversationId: string
  dialogId: string
  audience?: Audience | undefined
  metadata?: unknown
}

/** A notification of messages, receipts or chat states, in the order of keys that LivePerson's examples have. */
export function messageNotification(changes: readonly MessageChange[]): object {
  return {
    kind: 'notification',
    body: { changes: changes.map(changeOf) },
    type: 'ms.MessagingEventNotification',
  }
}

function changeOf({ by, at, event, audience, metadata, ...change }: MessageChange): object {
  // A chat state has neither number nor time. Source: webhooks pages, examples.
  const isCounted = event.type !== 'ChatStateEvent'
  const isContent = isCounted && event.type !== 'AcceptStatusEvent'
  return {
    ...(isCounted ? { sequence: change.sequence } : {}),
    originatorId: by.id,
    originatorMetadata: { id: by.id, role: by.role },
    ...(isCounted ? { serverTimestamp: at } : {}),
    event,
    conversationId: change.conversationId,
    dialogId: change.dialogId,
    ...(isContent ? { messageAudience: audience ?? 'ALL' } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  }
}

/** As before 2022: no conversationId, no messageAudience. Source: webhooks pages, examples of 2018. */
export function oldForm(notification: object): object {
  return JSON.parse(
    JSON.stringify(notification, (key, value) =>
      key === 'conversationId' || key === 'messageAudience' ? undefined : value,
    ),
  )
}
