import { Type } from '@sinclair/typebox'
import type { CsatStatus } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { ConversationParams, defineAction } from './action.ts'

const statuses = {
  filled: 'FILLED',
  partially_filled: 'PARTIALLY_FILLED',
  skipped: 'SKIPPED',
} as const satisfies Record<string, CsatStatus>

export const setCsat = defineAction({
  name: 'setCsat',
  method: 'PUT',
  path: '/conversations/:id/csat',
  tag: 'Closing',
  summary: 'Rate a conversation',
  description: 'Sends the consumer’s satisfaction (CSAT) with a closed conversation.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      rating: Type.Integer({ minimum: 1, maximum: 5, description: '5 is the best' }),
      resolved: Type.Boolean({ description: 'Whether the consumer’s issue was resolved' }),
      status: Type.Optional(
        StringEnum(['filled', 'partially_filled', 'skipped'], {
          description: 'How much of the survey the consumer answered. Default: `filled`',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  examples: { best: { summary: 'Very satisfied', value: { rating: 5, resolved: true } } },
  mistakenKeys: { csatRate: 'rating', csatResolutionConfirmation: 'resolved' },
  isRepeatable: true,
  priority: 'normal',
  outcome: 'silent',
  translate: ({ params, body }) => ({
    type: 'cm.UpdateConversationField',
    body: {
      conversationId: params.id,
      conversationField: {
        field: 'CSATRate',
        csatRate: body.rating,
        csatResolutionConfirmation: body.resolved,
        status: statuses[body.status ?? 'filled'],
      },
    },
  }),
})
