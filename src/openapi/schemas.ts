/** The successful answers of the routes, as the document's named schemas. */
import { Type } from '@sinclair/typebox'
import { FileType } from '../liveengage/protocol/values.ts'
import { ReceiptOutcome } from '../problems/details.ts'
import { exampleConversationId, exampleDryRun } from './examples.ts'

const numbered = {
  conversationId: Type.String(),
  dialogId: Type.String(),
  sequence: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'The number of the event in its conversation; the first is 0. Absent if LiveEngage gave none',
    }),
  ),
  requestId: Type.String(),
}

export const Event = Type.Object(
  { ...numbered, receipt: Type.Optional(ReceiptOutcome) },
  { $id: 'Event', description: 'An event that LiveEngage accepted' },
)

export const Conversation = Type.Object(
  {
    conversationId: Type.String(),
    requestId: Type.String(),
    consumerId: Type.Optional(
      Type.String({
        description:
          'LivePerson’s own id of the consumer, which events name: the claim `lp_consumer_id` of the ConsumerJWS. Absent if the token does not have it',
      }),
    ),
  },
  { $id: 'Conversation', description: 'A conversation that LiveEngage opened' },
)

export const FileEvent = Type.Object(
  {
    ...numbered,
    file: Type.Object({ relativePath: Type.String(), fileType: FileType }),
  },
  { $id: 'FileEvent', description: 'An event that published a file' },
)

export const DryRun = Type.Object(
  {
    method: Type.String(),
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String(), {
      description: 'Tokens are shown as `[redacted]`',
    }),
    body: Type.Unknown({ description: 'The envelope, or the two envelopes of a new conversation' }),
  },
  {
    $id: 'DryRun',
    description:
      'What every operation with `dryRun` answers instead, with 200, if it is `true`: the call to LiveEngage that would be made. It is not listed as a response of each, since a typed client would have to tell it from the success everywhere',
    examples: [
      exampleDryRun({
        type: 'cm.UpdateConversationField',
        body: {
          conversationId: exampleConversationId,
          conversationField: {
            field: 'ConversationStateField',
            conversationState: 'CLOSE',
          },
        },
      }),
    ],
  },
)
