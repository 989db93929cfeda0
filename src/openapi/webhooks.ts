/** The webhooks of the document: what the app gets, one POST for each event. */
import type { TSchema } from '@sinclair/typebox'
import {
  ChatStateUpdated,
  ConversationClosed,
  ConversationUpdated,
  type EventType,
  eventTypes,
  MessageCreated,
  ReceiptCreated,
} from '../webhooks/events.ts'
import { exampleAccountId, exampleRequestId } from './examples.ts'
import { exampleEvents } from './webhook-examples.ts'

type Webhook = {
  operationId: string
  summary: string
  description: string
  schema: TSchema
  /** What becomes of an event that the app does not take. */
  fate?: string
}

const described: Readonly<Record<EventType, Webhook>> = {
  'message.created': {
    operationId: 'onMessageCreated',
    summary: 'A message was written',
    description:
      'By an agent, a manager or the system. With `EVENTS_INCLUDE` also by the consumer, or for agents alone. `kind` tells what it is, and `sequence` orders the events of one dialog.',
    schema: MessageCreated,
  },
  'receipt.created': {
    operationId: 'onReceiptCreated',
    summary: 'Messages were received or read',
    description: '`sequences` are the messages that it is about.',
    schema: ReceiptCreated,
  },
  'chat_state.updated': {
    operationId: 'onChatStateUpdated',
    summary: 'Somebody types, pauses, comes or goes',
    description: 'Sent once: typing must never delay a message.',
    schema: ChatStateUpdated,
    fate: 'Not taken. It is dropped',
  },
  'conversation.updated': {
    operationId: 'onConversationUpdated',
    summary: 'A conversation has a new state',
    description:
      'The whole state, not the difference. `agent` is null until an agent has joined, and `updatedAt` orders the states of one conversation.',
    schema: ConversationUpdated,
  },
  'conversation.closed': {
    operationId: 'onConversationClosed',
    summary: 'A conversation is closed',
    description:
      'The last state, and once more if the consumer rates the conversation after its end.',
    schema: ConversationClosed,
  },
}

const headers = [
  [
    'webhook-id',
    'The id of the event. The same at every redelivery',
    true,
    exampleEvents['message.created'].id,
  ],
  ['webhook-timestamp', 'When this attempt was made, in seconds since 1970', true, '1790000002'],
  [
    'webhook-signature',
    'Of Standard Webhooks 1.0: `v1,` and base64, one for each of `EVENTS_SECRET`, with a space between them',
    false,
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ],
  ['X-LP-Account-Id', 'The account that LivePerson sent it for', true, exampleAccountId],
  ['X-Request-Id', 'Of the notification, as the proxy’s log names it', true, exampleRequestId],
] as const

const parameters = headers.map(([name, description, required, example]) => ({
  name,
  in: 'header',
  description,
  required,
  schema: { type: 'string' },
  example,
}))

const sentAgain = 'Not taken. LivePerson is told, and sends the notification again'

const nameOf = (type: EventType) => described[type].operationId.slice('on'.length)

/** The events as named schemas, for tools that do not know webhooks. */
export const eventSchemas = eventTypes.map((type) => ({
  ...described[type].schema,
  $id: nameOf(type),
}))

export const webhooks = Object.fromEntries(
  eventTypes.map((type) => {
    const { schema: _, fate = sentAgain, ...texts } = described[type]
    const schema = { $ref: `#/components/schemas/${nameOf(type)}` }
    const json = { schema, examples: { example: { value: exampleEvents[type] } } }
    const post = {
      ...texts,
      tags: ['Webhooks'],
      parameters,
      requestBody: { required: true, content: { 'application/json': json } },
      responses: {
        204: {
          description: 'Taken, as soon as the head of the answer is there. So is any other 2xx',
        },
        default: { description: fate },
      },
      security: [],
    }
    return [type, { post }]
  }),
)
