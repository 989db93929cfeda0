import { Type } from '@sinclair/typebox'
import { ConversationParams, DialogId, defineAction } from './action.ts'
import { chatState } from './set-chat-state.ts'

export const stopTyping = defineAction({
  name: 'stopTyping',
  method: 'DELETE',
  path: '/conversations/:id/typing',
  tag: 'Presence',
  summary: 'Show that the consumer has stopped typing',
  description:
    'Sends the chat state PAUSE and cancels a pending `expiresInSeconds`. The request has no body.',
  params: ConversationParams,
  query: Type.Object({ dialogId: Type.Optional(DialogId) }),
  examples: {},
  isRepeatable: true,
  priority: 'low',
  outcome: 'silent',
  translate: ({ params, query }) => chatState(query.dialogId ?? params.id, 'PAUSE'),
})
