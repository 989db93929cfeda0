import { Type } from '@sinclair/typebox'
import { ConversationParams, DialogId, defineAction } from './action.ts'

export const closeConversation = defineAction({
  name: 'closeConversation',
  method: 'POST',
  path: '/conversations/:id/close',
  tag: 'Closing',
  summary: 'Close a conversation',
  description:
    'Closes the conversation. Answers 204 even if it was already closed. `survey: true` closes only the main dialog, so that a post-conversation survey can start; this requires the feature MULTI_DIALOG in the caller’s Client-Properties. `dialogId` closes that dialog, for example the survey’s.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      survey: Type.Optional(
        Type.Boolean({ description: 'Close only the main dialog, so that a survey can start' }),
      ),
      dialogId: Type.Optional(DialogId),
    },
    { additionalProperties: false },
  ),
  hasOptionalBody: true,
  examples: {
    close: { summary: 'Close the conversation', value: {} },
    survey: {
      summary: 'Close the main dialog, so that a survey can start',
      value: { survey: true },
    },
  },
  isRepeatable: true,
  priority: 'high',
  isOrdered: true,
  settledBy: 'conversation-closed',
  outcome: 'silent',
  translate: ({ params, body }) => ({
    type: 'cm.UpdateConversationField',
    body: {
      conversationId: params.id,
      conversationField:
        body.survey === true || body.dialogId !== undefined
          ? {
              field: 'DialogChange',
              type: 'UPDATE',
              dialog: {
                dialogId: body.dialogId ?? params.id,
                state: 'CLOSE',
                closedCause: 'Closed by consumer',
              },
            }
          : { field: 'ConversationStateField', conversationState: 'CLOSE' },
    },
  }),
})
