/** What messages, receipts and chat states have in common. */
import type { MessageChange } from '../../liveengage/protocol/notifications.ts'
import type { Message } from '../events.ts'
import type { Context } from './change.ts'

export type Sender = Message['sender']

/** Sources: events page; Messaging Window PCS tutorial; third parties. */
const kinds = new Map<string | undefined, Sender['kind']>([
  ['CONSUMER', 'consumer'],
  ['ASSIGNED_AGENT', 'agent'],
  ['AGENT', 'agent'],
  ['READER', 'agent'],
  ['MANAGER', 'manager'],
  ['AGENT_MANAGER', 'manager'],
  ['ASSIGNED_MANAGER', 'manager'],
  ['CONTROLLER', 'system'],
])

export function senderOf({ originatorId, originatorMetadata }: MessageChange): Sender {
  const role = originatorMetadata?.role
  const id = originatorId ?? originatorMetadata?.id
  return {
    ...(id !== undefined && { id }),
    kind: kinds.get(role) ?? 'unknown',
    ...(role !== undefined && { role }),
  }
}

/** Only what is marked for all is for all. A private note of agents must never reach a consumer. */
export function audienceOf({ messageAudience }: MessageChange): Message['audience'] {
  const isForAll = messageAudience === undefined || messageAudience === null
  return isForAll || messageAudience === 'ALL' ? 'all' : 'internal'
}

/** A payload without `conversationId` is older than surveys: its dialog has the conversation's id. */
export function conversationIdOf(change: MessageChange): string | undefined {
  return change.conversationId ?? change.dialogId
}

export type Place = Pick<Message, 'accountId' | 'conversationId' | 'dialogId'>

export function placeOf(
  { dialogId }: MessageChange,
  conversationId: string,
  { accountId }: Context,
): Place {
  return { accountId, conversationId, ...(dialogId !== undefined && { dialogId }) }
}

/** For events that are for all unless they say so. */
export function internalOnly(change: MessageChange): { audience?: 'internal' } {
  return audienceOf(change) === 'internal' ? { audience: 'internal' } : {}
}
