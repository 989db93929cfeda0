import { Type } from '@sinclair/typebox'
import { ConversationParams, DialogId, defineAction } from '../action.ts'
import { chatState } from './set-chat-state.ts'

export const startTyping = defineAction({
  name: 'startTyping',
  method: 'POST',
  path: '/conversations/:id/typing',
  tag: 'Presence',
  summary: 'Show that the consumer is typing',
  description:
    'The agent sees the consumer typing until another chat state is sent: LiveEngage does not end it when a message arrives. End it with `DELETE`.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object({ dialogId: Type.Optional(DialogId) }, { additionalProperties: false }),
  isBodyOptional: true,
  examples: { empty: { summary: 'The consumer types in the main dialog', value: {} } },
  isRepeatable: true,
  priority: 'low',
  outcome: 'silent',
  translate: ({ params, body }) => chatState(body.dialogId ?? params.id, 'COMPOSING'),
})
