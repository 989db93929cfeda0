/** Simplifies a notification: each change becomes one event, or there is a reason why not. */
import {
  ConversationChange,
  MessageChange,
  Notification,
} from '../../liveengage/protocol/notifications.ts'
import type { Event } from '../events.ts'
import type { Context, LeftOut } from './change.ts'
import { simplifyChatState } from './chat-state.ts'
import { simplifyConversation } from './conversation.ts'
import { isDeeperThan, isObject, mostLevels, readLeniently } from './lenient.ts'
import { simplifyMessage } from './message.ts'
import { conversationIdOf } from './message-change.ts'
import { simplifyReceipt } from './receipt.ts'

/** Takes any JSON, for what is odd and signed must not stall an account. In the order of the changes. */
export function simplify(json: unknown, context: Context): (Event | LeftOut)[] {
  const notification = readLeniently(Notification, json)
  if (notification === undefined) return [{ leftOut: 'malformed' }]
  const { type, body } = notification
  const simplifyChange = simplifierOf(type)
  return body.changes.map((change, index) => {
    if (simplifyChange === undefined) return { leftOut: 'unknown', unknown: type }
    if (isDeeperThan(mostLevels, change)) return { leftOut: 'malformed' }
    const random = index === 0 ? context.random : `${context.random}-${index}`
    return simplifyChange(change, { ...context, random })
  })
}

type Simplifier = (change: unknown, context: Context) => Event | LeftOut

/** The configuration page appends the event's type, and an old one misspells it. The change itself decides. */
function simplifierOf(type: string): Simplifier | undefined {
  const [family, name] = type.split('.')
  if (family === 'ms' && name === 'MessagingEventNotification') return simplifyMessageChange
  if (family === 'cqm' && name === 'ExConversationChangeNotification') return simplifyState
  return undefined
}

function simplifyMessageChange(json: unknown, context: Context): Event | LeftOut {
  const change = readLeniently(MessageChange, json)
  if (change === undefined) return { leftOut: 'malformed' }
  const conversationId = conversationIdOf(change)
  if (conversationId === undefined) return { leftOut: 'malformed' }
  switch (change.event['type']) {
    case 'ContentEvent':
    case 'RichContentEvent':
      return simplifyMessage(change, conversationId, json, context)
    case 'AcceptStatusEvent':
    // As an old page spells it.
    case 'AccpetStatusEvent':
      return simplifyReceipt(change, conversationId, json, context)
    case 'ChatStateEvent':
      return simplifyChatState(change, conversationId, context.random, context)
    default:
      return { leftOut: 'unknown', unknown: nameOf(change.event['type']) }
  }
}

function simplifyState(json: unknown, context: Context): Event | LeftOut {
  if (!isObject(json)) return { leftOut: 'malformed' }
  if (json['type'] === 'DELETE') return { leftOut: 'deleted' }
  const change = readLeniently(ConversationChange, json)
  if (change === undefined) return { leftOut: 'malformed' }
  return simplifyConversation(change, json, context)
}

function nameOf(type: unknown): string {
  return typeof type === 'string' ? type : `(${typeof type})`
}
