import { Type } from '@sinclair/typebox'
import { ActionMetadata, ConversationParams, DialogId, defineAction } from '../action.ts'
import type { AcceptStatus } from '../liveengage/protocol.ts'
import { StringEnum } from '../string-enum.ts'

const statuses = {
  accept: 'ACCEPT',
  read: 'READ',
  access: 'ACCESS',
  nack: 'NACK',
  action: 'ACTION',
} as const satisfies Record<string, AcceptStatus>

export const sendReceipt = defineAction({
  name: 'sendReceipt',
  method: 'POST',
  path: '/conversations/:id/receipts',
  tag: 'Receipts',
  summary: 'Acknowledge messages of the agent',
  description:
    '`accept`: arrived at the consumer; `read`: read; `access`: the file was opened; `nack`: did not arrive; `action`: an element of a card was clicked, with the click’s `metadata`.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      status: StringEnum(['accept', 'read', 'access', 'nack', 'action']),
      sequences: Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), {
        minItems: 1,
        maxItems: 1000,
        description: 'The numbers of the messages; the first of a conversation is 0',
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
    accept: { summary: 'Two messages arrived', value: { status: 'accept', sequences: [1, 2] } },
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
  translate: ({ params, body }) => ({
    type: 'ms.PublishEvent',
    body: {
      dialogId: body.dialogId ?? params.id,
      event: {
        type: 'AcceptStatusEvent',
        status: statuses[body.status],
        sequenceList: body.sequences,
      },
    },
    ...(body.metadata !== undefined && { metadata: body.metadata }),
  }),
})
