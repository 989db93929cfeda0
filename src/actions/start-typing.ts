import { Type } from '@sinclair/typebox'
import { ConversationParams, DialogId, defineAction } from './action.ts'
import { chatState } from './set-chat-state.ts'

export const startTyping = defineAction({
  name: 'startTyping',
  method: 'POST',
  path: '/conversations/:id/typing',
  tag: 'Presence',
  summary: 'Show that the consumer is typing',
  description:
    'The agent sees the consumer typing until another chat state is sent; LiveEngage does not end it when a message arrives. End it with `DELETE`, or set `expiresInSeconds`. The proxy then sends the chat state PAUSE after that time, or as soon as LiveEngage has accepted a message to the dialog, unless another chat state was sent in the meantime. The timer is in the memory of this process.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      expiresInSeconds: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 60,
          description: 'The seconds after LiveEngage’s answer when typing ends by itself',
        }),
      ),
      dialogId: Type.Optional(DialogId),
    },
    { additionalProperties: false },
  ),
  hasOptionalBody: true,
  examples: {
    empty: { summary: 'The consumer is typing in the main dialog', value: {} },
    expiring: {
      summary: 'Typing that ends with the next message, or after 20 seconds',
      value: { expiresInSeconds: 20 },
    },
  },
  isRepeatable: true,
  priority: 'low',
  outcome: 'silent',
  translate: ({ params, body }) => chatState(body.dialogId ?? params.id, 'COMPOSING'),
  expirySeconds: ({ body }) => body.expiresInSeconds,
})
