/** The events that the app gets: the one source of their types, of the OpenAPI document and of the tests. */
import { type Static, type TProperties, Type } from '@sinclair/typebox'
import { StringEnum } from '../string-enum.ts'

const strict = { additionalProperties: false } as const

/** What comes from LivePerson as it is. */
const foreign = (description?: string) =>
  Type.Record(Type.String(), Type.Unknown(), description === undefined ? {} : { description })

const Time = (description: string) => Type.String({ format: 'date-time', description })

const Sender = Type.Object(
  {
    id: Type.Optional(Type.String({ description: 'LivePerson’s id of the sender' })),
    kind: StringEnum(['agent', 'manager', 'consumer', 'system', 'unknown'], {
      description:
        '`system`: automatic messages. `unknown`: a role that this version does not know',
    }),
    role: Type.Optional(Type.String({ description: 'The role as LivePerson names it' })),
  },
  strict,
)

const metadata = Type.Optional(
  Type.Array(foreign(), { description: 'As LivePerson sent it, e.g. the question of a survey' }),
)

const accountId = Type.String({ description: 'The LivePerson account' })
const conversationId = Type.String({ description: 'The id that the API takes in its paths' })

/** Which conversation, and who. */
const origin = {
  accountId,
  conversationId,
  dialogId: Type.Optional(
    Type.String({ description: 'The main dialog has the conversation’s id, a survey its own' }),
  ),
}

const sequence = Type.Optional(
  Type.Integer({
    minimum: 0,
    description: 'Order within one dialog; there are gaps, and a survey begins again at 0',
  }),
)

const audience = StringEnum(['all', 'internal'], {
  description: '`internal` is only for agents. It comes only with `EVENTS_INCLUDE=internal`',
})

const QuickReply = Type.Object(
  {
    title: Type.String({ description: 'What the button says' }),
    text: Type.String({ description: 'What the consumer says by choosing it' }),
    metadata,
  },
  strict,
)

const quickReplies = Type.Optional(
  Type.Array(QuickReply, { description: 'Answers to choose from. Absent if there are none' }),
)

const File = Type.Object(
  {
    caption: Type.Optional(Type.String({ description: 'What was written under it' })),
    relativePath: Type.String({ description: 'Its path in LivePerson’s storage' }),
    fileType: Type.String({ description: 'As LivePerson names it, e.g. `JPG`' }),
    preview: Type.Optional(Type.String({ description: 'A small picture as a data URL' })),
    href: Type.String({
      description:
        'Where this API serves the bytes: a URL if `PUBLIC_URL` is set, else a path of this API',
    }),
  },
  strict,
)

const Form = Type.Object(
  {
    invitationId: Type.String({
      description: 'The same id in the invitation and in its later events',
    }),
    formId: Type.Optional(
      Type.Union([Type.String(), Type.Number()], { description: 'Only in an invitation' }),
    ),
    title: Type.Optional(Type.String({ description: 'Only in an invitation' })),
    submissionId: Type.Optional(Type.String({ description: 'Only in a form that was filled in' })),
  },
  strict,
)

function messageOf<T extends TProperties>(fields: T) {
  const base = { ...origin, sequence, sender: Sender, audience, metadata }
  return Type.Object({ ...base, ...fields }, strict)
}

const kind = { description: 'The kind of message; it decides which other fields there are' }

const Message = Type.Union([
  messageOf({
    kind: Type.Literal('text', kind),
    text: Type.String({ description: 'What was written' }),
    quickReplies,
  }),
  messageOf({ kind: Type.Literal('file', kind), file: File }),
  messageOf({
    kind: Type.Literal('card', kind),
    card: foreign('Structured content, as LivePerson has it'),
    quickReplies,
  }),
  messageOf({ kind: Type.Literal('form', kind), form: Form }),
  messageOf({
    kind: Type.Literal('other', kind),
    raw: foreign('LivePerson’s event, of a type that this version does not know'),
  }),
])
export type Message = Static<typeof Message>

export const receiptStatuses = ['accept', 'read', 'access', 'nack', 'action', 'viewed'] as const

const internalAudience = Type.Optional(
  Type.Literal('internal', {
    description: 'Only with `EVENTS_INCLUDE=internal`. Absent if it is for all',
  }),
)

const Receipt = Type.Object(
  {
    ...origin,
    sequence,
    sender: Sender,
    audience: internalAudience,
    metadata,
    status: StringEnum(receiptStatuses, {
      description:
        '`accept`: the messages were delivered. `read`: they were read. `access`: the file was opened. `nack`: they were not delivered. `action`: an element of a card was clicked. `viewed`: the form was seen',
    }),
    sequences: Type.Array(Type.Integer({ minimum: 0 }), {
      description: 'The `sequence` of each message that it is about',
    }),
  },
  strict,
)

export const chatStates = [
  'composing',
  'pause',
  'active',
  'inactive',
  'gone',
  'background',
] as const

const ChatState = Type.Object(
  {
    ...origin,
    sender: Sender,
    audience: internalAudience,
    state: StringEnum(chatStates, {
      description:
        '`composing` and `pause`: someone is typing, or has stopped. The others: whether the sender is present',
    }),
  },
  strict,
)

const agentId = Type.String({ description: 'LivePerson’s own id' })

const Conversation = Type.Object(
  {
    accountId,
    conversationId,
    status: StringEnum(['open', 'survey', 'closed'], {
      description: '`survey`: the agent is done, and the consumer is asked how it was',
    }),
    agent: Type.Union([Type.Object({ id: agentId }, strict), Type.Null()], {
      description: 'The agent who has joined. One who was only offered the conversation has not',
    }),
    skillId: Type.Optional(Type.String({ description: '`-1`: any' })),
    surveyDialogId: Type.Optional(
      Type.String({
        description: 'The dialog of the running survey: answers go to it. Absent if none runs',
      }),
    ),
    origin: StringEnum(['this-app', 'other', 'unknown'], {
      description:
        'Who opened it. `this-app`: the app installation of these credentials. `other`: another channel of the account',
    }),
    closeReason: Type.Optional(
      Type.String({ description: 'As LivePerson names it, e.g. `AGENT` or `CONSUMER`' }),
    ),
    startedAt: Type.Optional(Time('When the conversation began')),
    endedAt: Type.Optional(Time('When it ended')),
    updatedAt: Type.Optional(Time('Orders the states of one conversation')),
    participants: Type.Array(
      Type.Object(
        {
          id: Type.String({ description: 'LivePerson’s own id' }),
          role: Type.Optional(Type.String({ description: 'The role as LivePerson names it' })),
        },
        strict,
      ),
      { description: 'Everyone in the conversation, and an agent who was only offered it' },
    ),
    dialogs: Type.Array(
      Type.Object(
        {
          dialogId: Type.String({ description: 'The main dialog has the conversation’s id' }),
          type: Type.String({ description: '`main`, `post_survey` or another' }),
          status: StringEnum(['open', 'closed'], { description: 'Of this dialog alone' }),
          closedBy: Type.Optional(
            Type.String({ description: 'As LivePerson names it, e.g. `AGENT` or `CONSUMER`' }),
          ),
          closedCause: Type.Optional(Type.String({ description: 'As LivePerson words it' })),
        },
        strict,
      ),
      { description: 'The main one, and a survey once it has begun' },
    ),
    csat: Type.Optional(foreign('What the consumer thought of it, as LivePerson has it')),
    delay: Type.Optional(
      Type.Object(
        {
          type: Type.Optional(Type.String({ description: '`night`, `weekend` or `holiday`' })),
          until: Type.Optional(Time('When agents are back')),
        },
        { ...strict, description: 'The contact center is closed now' },
      ),
    ),
  },
  strict,
)
export type Conversation = Static<typeof Conversation>

function eventOf<
  T extends string,
  D extends typeof Message | typeof Receipt | typeof ChatState | typeof Conversation,
>(type: T, data: D) {
  return Type.Object(
    {
      id: Type.String({
        description: 'The same at every redelivery: the key against duplicates',
      }),
      type: Type.Literal(type),
      timestamp: Time('When it happened, by LivePerson’s clock if that is known'),
      data,
    },
    strict,
  )
}

export const MessageCreated = eventOf('message.created', Message)
export type MessageCreated = Static<typeof MessageCreated>
export const ReceiptCreated = eventOf('receipt.created', Receipt)
export type ReceiptCreated = Static<typeof ReceiptCreated>
export const ChatStateUpdated = eventOf('chat_state.updated', ChatState)
export type ChatStateUpdated = Static<typeof ChatStateUpdated>
export const ConversationUpdated = eventOf('conversation.updated', Conversation)
export type ConversationUpdated = Static<typeof ConversationUpdated>
export const ConversationClosed = eventOf('conversation.closed', Conversation)
export type ConversationClosed = Static<typeof ConversationClosed>

export const Event = Type.Union([
  MessageCreated,
  ReceiptCreated,
  ChatStateUpdated,
  ConversationUpdated,
  ConversationClosed,
])
export type Event = Static<typeof Event>
export type EventType = Event['type']

export const eventTypes = [
  'message.created',
  'receipt.created',
  'chat_state.updated',
  'conversation.updated',
  'conversation.closed',
] as const satisfies readonly EventType[]
