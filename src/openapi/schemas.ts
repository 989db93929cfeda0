/** The document's named schemas: the successful answers of the routes, what LiveEngage itself takes and answers, and the events. */
import { type TSchema, Type } from '@sinclair/typebox'
import { FileType } from '../liveengage/protocol/values.ts'
import { ReceiptOutcome } from '../problems/details.ts'
import { StringEnum } from '../string-enum.ts'
import { exampleConversationId, exampleDryRun } from './examples.ts'
import { ProblemDescription } from './problem-operations.ts'
import { eventSchemas } from './webhooks.ts'

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

const Event = Type.Object(
  { ...numbered, receipt: Type.Optional(ReceiptOutcome) },
  { $id: 'Event', description: 'An event that LiveEngage accepted' },
)

const Conversation = Type.Object(
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

const FileEvent = Type.Object(
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

const anyObject = (description: string) =>
  Type.Object({}, { additionalProperties: true, description })

/** Looser than what this proxy sends: LiveEngage checks it. */
const Envelope = Type.Object(
  {
    kind: StringEnum(['req']),
    id: Type.String({ description: 'Yours, 1 to 64 characters. The answer has it as `reqId`' }),
    type: Type.String({ description: 'The command', examples: ['ms.PublishEvent'] }),
    body: anyObject('Of the command'),
    metadata: Type.Optional(Type.Array(anyObject('With a `type`'))),
  },
  { $id: 'Envelope', description: 'One command of the Connector API in its envelope' },
)

const reqId = Type.Optional(Type.String({ description: 'The `id` of the envelope' }))

const LiveEngageAnswer = Type.Object(
  {
    reqId,
    code: Type.String({ description: '`OK`, or why LiveEngage did not do it' }),
    body: Type.Optional(anyObject('Of the command, e.g. `sequence` or `conversationId`')),
  },
  { $id: 'LiveEngageAnswer', description: 'What LiveEngage itself answers to one command' },
)

const LiveEngageError = Type.Object(
  {
    reqId,
    code: Type.Union([Type.String(), Type.Integer()], {
      description: 'A word such as `BAD_REQUEST`, or a number if the platform refuses the request',
    }),
    body: Type.Optional(
      Type.Object(
        {
          msg: Type.Optional(Type.String()),
          title: Type.Optional(Type.String()),
          details: Type.Optional(Type.String()),
          errorCode: Type.Optional(
            Type.Integer({ description: 'With a `code` that is a number: what to branch on' }),
          ),
        },
        { additionalProperties: true },
      ),
    ),
  },
  { $id: 'LiveEngageError', description: 'What LiveEngage itself answers if it fails' },
)

export const namedSchemas: readonly TSchema[] = [
  Conversation,
  Event,
  FileEvent,
  DryRun,
  ProblemDescription,
  Envelope,
  LiveEngageAnswer,
  LiveEngageError,
  ...eventSchemas,
]
