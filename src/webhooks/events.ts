/** The events that the team's app gets: the one source of their types, of the OpenAPI document and of the tests. */
import { type Static, type TProperties, Type } from '@sinclair/typebox'
import { StringEnum } from '../string-enum.ts'

const strict = { additionalProperties: false } as const

/** What comes from LivePerson as it is. */
const Foreign = Type.Record(Type.String(), Type.Unknown())

const Time = (description: string) => Type.String({ format: 'date-time', description })

const Sender = Type.Object(
  {
    id: Type.Optional(Type.String()),
    kind: StringEnum(['agent', 'manager', 'consumer', 'system', 'unknown'], {
      description:
        '`system`: automatic messages. `unknown`: a role that this version does not know',
    }),
    role: Type.Optional(Type.String({ description: 'The role as LivePerson names it' })),
  },
  strict,
)

const metadata = Type.Optional(
  Type.Array(Foreign, { description: 'As LivePerson sent it, e.g. the question of a survey' }),
)

/** Which conversation, and who. */
const origin = {
  accountId: Type.String(),
  conversationId: Type.String(),
  dialogId: Type.Optional(
    Type.String({ description: 'The main dialog has the conversation’s id, a survey its own' }),
  ),
}

const sequence = Type.Optional(
  Type.Integer({
    minimum: 0,
    description: 'Orders what one dialog has; there are gaps, and a survey begins again at 0',
  }),
)

const audience = StringEnum(['all', 'internal'], {
  description: '`internal` is for agents alone. It only comes with `EVENTS_INCLUDE=internal`',
})

const QuickReply = Type.Object(
  {
    title: Type.String(),
    text: Type.String({ description: 'What the consumer says by choosing it' }),
    metadata,
  },
  strict,
)

const quickReplies = Type.Optional(Type.Array(QuickReply))

const File = Type.Object(
  {
    caption: Type.Optional(Type.String()),
    relativePath: Type.String(),
    fileType: Type.String(),
    preview: Type.Optional(Type.String({ description: 'A small picture as a data URL' })),
    href: Type.String({
      description:
        'Where this API serves the bytes: a URL where PUBLIC_URL is set, else a path of it',
    }),
  },
  strict,
)

const Form = Type.Object(
  {
    invitationId: Type.String(),
    formId: Type.Optional(Type.Union([Type.String(), Type.Number()])),
    title: Type.Optional(Type.String()),
    submissionId: Type.Optional(Type.String({ description: 'Of a form that was filled in' })),
  },
  strict,
)

function messageOf<T extends TProperties>(fields: T) {
  const base = { ...origin, sequence, sender: Sender, audience, metadata }
  return Type.Object({ ...base, ...fields }, strict)
}

const Message = Type.Union([
  messageOf({ kind: Type.Literal('text'), text: Type.String(), quickReplies }),
  messageOf({ kind: Type.Literal('file'), file: File }),
  messageOf({ kind: Type.Literal('card'), card: Foreign, quickReplies }),
  messageOf({ kind: Type.Literal('form'), form: Form }),
  messageOf({ kind: Type.Literal('other'), raw: Foreign }),
])
export type Message = Static<typeof Message>

export const receiptStatuses = ['accept', 'read', 'access', 'nack', 'action', 'viewed'] as const

/** Only on what agents do among themselves. */
const internalAudience = Type.Optional(Type.Literal('internal'))

const Receipt = Type.Object(
  {
    ...origin,
    sequence,
    sender: Sender,
    audience: internalAudience,
    metadata,
    status: StringEnum(receiptStatuses),
    sequences: Type.Array(Type.Integer({ minimum: 0 }), {
      description: 'The messages that it is about',
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
  { ...origin, sender: Sender, audience: internalAudience, state: StringEnum(chatStates) },
  strict,
)

const Conversation = Type.Object(
  {
    accountId: Type.String(),
    conversationId: Type.String(),
    status: StringEnum(['open', 'survey', 'closed'], {
      description: '`survey`: the agent is done, and the consumer is asked how it was',
    }),
    agent: Type.Union([Type.Object({ id: Type.String() }, strict), Type.Null()], {
      description: 'Who has joined; an agent who was only offered the conversation has not',
    }),
    skillId: Type.Optional(Type.String()),
    surveyDialogId: Type.Optional(
      Type.String({ description: 'Of the survey that runs: answers go to this dialog' }),
    ),
    origin: StringEnum(['this-app', 'other', 'unknown'], {
      description: '`other`: opened by another channel of the account',
    }),
    closeReason: Type.Optional(Type.String()),
    startedAt: Type.Optional(Time('When the conversation began')),
    endedAt: Type.Optional(Time('When it ended')),
    updatedAt: Type.Optional(Time('Orders the states of one conversation')),
    participants: Type.Array(
      Type.Object({ id: Type.String(), role: Type.Optional(Type.String()) }, strict),
    ),
    dialogs: Type.Array(
      Type.Object(
        {
          dialogId: Type.String(),
          type: Type.String({ description: '`main`, `post_survey` or another' }),
          status: StringEnum(['open', 'closed']),
          closedBy: Type.Optional(Type.String()),
          closedCause: Type.Optional(Type.String()),
        },
        strict,
      ),
    ),
    csat: Type.Optional(Foreign),
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
      timestamp: Time('When it happened, by LivePerson’s clock where that is known'),
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
