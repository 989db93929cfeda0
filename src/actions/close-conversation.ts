import { Type } from '@sinclair/typebox'
import { ConversationParams, DialogId, defineAction } from '../action.ts'

export const closeConversation = defineAction({
  name: 'closeConversation',
  method: 'POST',
  path: '/conversations/:id/close',
  tag: 'Conversation',
  summary: 'Close a conversation',
  description:
    'Closes the conversation; 204 also where it was closed already. With `survey: true` only the main dialog is closed, which lets a post-conversation survey start (the caller’s Client-Properties need the feature MULTI_DIALOG); with `dialogId` that dialog, e.g. the survey’s.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Type.Object(
    {
      survey: Type.Optional(
        Type.Boolean({ description: 'Close the dialog alone, so that a survey can follow' }),
      ),
      dialogId: Type.Optional(DialogId),
    },
    { additionalProperties: false },
  ),
  isBodyOptional: true,
  examples: {
    close: { summary: 'Close it', value: {} },
    survey: { summary: 'Close it, a survey may follow', value: { survey: true } },
  },
  isRepeatable: true,
  priority: 'high',
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
