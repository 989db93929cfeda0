/** That a message arrived, was read or was acted on. */
import { AcceptStatusEvent, type MessageChange } from '../../liveengage/protocol/notifications.ts'
import { type ReceiptCreated, receiptStatuses } from '../events.ts'
import { asTime, type Context, type LeftOut } from './change.ts'
import { eventId } from './event-id.ts'
import { readLeniently } from './lenient.ts'
import { internalOnly, placeOf, senderOf } from './message-change.ts'

/** @param json the change as it came */
export function simplifyReceipt(
  change: MessageChange,
  conversationId: string,
  json: unknown,
  context: Context,
): ReceiptCreated | LeftOut {
  const event = readLeniently(AcceptStatusEvent, change.event)
  if (event === undefined) return { leftOut: 'malformed' }
  const status = receiptStatuses.find((known) => known === event.status.toLowerCase())
  if (status === undefined) return { leftOut: 'unknown', unknown: event.status }
  const { sequence, metadata, dialogId } = change
  return {
    id: eventId(context.accountId, [dialogId, sequence], json),
    type: 'receipt.created',
    timestamp: asTime(change.serverTimestamp ?? context.receivedAt),
    data: {
      ...placeOf(change, conversationId, context),
      ...(sequence !== undefined && { sequence }),
      sender: senderOf(change),
      ...internalOnly(change),
      ...(metadata !== undefined && { metadata }),
      status,
      sequences: event.sequenceList,
    },
  }
}
