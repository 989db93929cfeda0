import { Type } from '@sinclair/typebox'
import type { AcceptStatus, Metadata } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { ActionMetadata, ConversationParams, DialogId, defineAction, Sequence } from './action.ts'

const statuses = {
  accept: 'ACCEPT',
  read: 'READ',
  access: 'ACCESS',
  nack: 'NACK',
  action: 'ACTION',
} as const satisfies Record<string, AcceptStatus>

/** The command of every receipt. */
export function acknowledge(
  dialogId: string,
  status: AcceptStatus,
  sequenceList: number[],
  metadata: Metadata | undefined,
) {
  return {
    type: 'ms.PublishEvent',
    body: { dialogId, event: { type: 'AcceptStatusEvent', status, sequenceList } },
    ...(metadata !== undefined && { metadata }),
  } as const
}

export const sendReceipt = defineAction({
  name: 'sendReceipt',
  method: 'POST',
  path: '/conversations/:id/receipts',
  tag: 'Receipts',
  summary: 'Acknowledge messages from the agent',
  description:
    '`accept`: the messages were delivered. `read`: they were read. `access`: the file was opened. `nack`: they were not delivered. `action`: the consumer clicked an element of a card; this requires the `metadata` of the click.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      status: StringEnum(['accept', 'read', 'access', 'nack', 'action']),
      sequences: Type.Array(Sequence, {
        minItems: 1,
        maxItems: 1000,
        description: 'The sequences of the messages. The first of a conversation is 0',
      }),
      dialogId: Type.Optional(DialogId),
      metadata: Type.Optional(ActionMetadata),
    },
    {
      additionalProperties: false,
      // A click without its metadata means nothing. Source: click operations page.
      if: { properties: { status: { const: 'action' } }, required: ['status'] },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nothing awaits a schema
      then: { properties: { metadata: {} }, required: ['metadata'] },
    },
  ),
  examples: {
    accept: {
      summary: 'Two messages were delivered',
      value: { status: 'accept', sequences: [1, 2] },
    },
    action: {
      summary: 'A card was clicked',
      value: {
        status: 'action',
        sequences: [4],
        metadata: [{ type: 'ExternalId', id: 'offer-yes' }],
      },
    },
  },
  mistakenKeys: { sequenceList: 'sequences', sequence: 'sequences' },
  isRepeatable: false,
  priority: 'normal',
  outcome: 'event',
  translate: ({ params, body }) => {
    const { dialogId = params.id, status, sequences, metadata } = body
    return acknowledge(dialogId, statuses[status], sequences, metadata)
  },
})
