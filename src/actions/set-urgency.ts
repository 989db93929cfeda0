import { Type } from '@sinclair/typebox'
import type { TtrType } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { ConversationParams, defineAction } from './action.ts'

const levels = {
  normal: 'NORMAL',
  prioritized: 'PRIORITIZED',
  urgent: 'URGENT',
  custom: 'CUSTOM',
} as const satisfies Record<string, TtrType>

export const setUrgency = defineAction({
  name: 'setUrgency',
  method: 'PUT',
  path: '/conversations/:id/urgency',
  tag: 'Conversation',
  summary: 'Set the urgency of a conversation',
  description: 'Sets the target time to respond (TTR) of the conversation.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      level: StringEnum(['normal', 'prioritized', 'urgent', 'custom']),
      targetSeconds: Type.Integer({
        minimum: 0,
        maximum: 2_147_483_647,
        description: 'The seconds within which the agent should respond',
      }),
    },
    { additionalProperties: false },
  ),
  examples: {
    urgent: {
      summary: 'A response within five minutes',
      value: { level: 'urgent', targetSeconds: 300 },
    },
  },
  mistakenKeys: { ttrType: 'level', value: 'targetSeconds' },
  isRepeatable: true,
  priority: 'normal',
  outcome: 'silent',
  translate: ({ params, body }) => ({
    type: 'cm.UpdateConversationField',
    body: {
      conversationId: params.id,
      conversationField: {
        field: 'TTRField',
        ttrType: levels[body.level],
        value: body.targetSeconds,
      },
    },
  }),
})
