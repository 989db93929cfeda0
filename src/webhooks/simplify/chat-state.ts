/** Typing and presence. They matter only now, so they are never sent again, and their ids are random. */
import { ChatStateEvent, type MessageChange } from '../../liveengage/protocol/notifications.ts'
import { type ChatStateUpdated, chatStates } from '../events.ts'
import { asTime, type Context, type LeftOut } from './change.ts'
import { readLeniently } from './lenient.ts'
import { internalOnly, placeOf, senderOf } from './message-change.ts'

/** @param random makes the id unique */
export function simplifyChatState(
  change: MessageChange,
  conversationId: string,
  random: string,
  context: Context,
): ChatStateUpdated | LeftOut {
  const event = readLeniently(ChatStateEvent, change.event)
  if (event === undefined) return { leftOut: 'malformed' }
  const state = chatStates.find((known) => known === event.chatState.toLowerCase())
  if (state === undefined) return { leftOut: 'unknown', unknown: event.chatState }
  return {
    id: `lp-${context.accountId}-${random}`,
    type: 'chat_state.updated',
    timestamp: asTime(change.serverTimestamp ?? context.receivedAt),
    data: {
      ...placeOf(change, conversationId, context),
      sender: senderOf(change),
      ...internalOnly(change),
      state,
    },
  }
}
