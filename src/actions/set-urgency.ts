import { Type } from '@sinclair/typebox'
import { ConversationParams, defineAction } from '../action.ts'
import type { TtrType } from '../liveengage/protocol.ts'
import { StringEnum } from '../string-enum.ts'

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
  summary: 'Say how urgent a conversation is',
  description: 'Sets the target time to respond (TTR) of the conversation.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      level: StringEnum(['normal', 'prioritized', 'urgent', 'custom']),
      targetSeconds: Type.Integer({
        minimum: 0,
        maximum: 2_147_483_647,
        description: 'Seconds in which the agent should respond',
      }),
    },
    { additionalProperties: false },
  ),
  examples: {
    urgent: { summary: 'Within five minutes', value: { level: 'urgent', targetSeconds: 300 } },
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
