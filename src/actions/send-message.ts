import { type Static, Type } from '@sinclair/typebox'
import {
  FileType,
  longestCaption,
  longestPreview,
  longestText,
} from '../liveengage/protocol/values.ts'
import { ActionMetadata, ConversationParams, DialogId, defineAction, Sequence } from './action.ts'
import { acknowledge } from './send-receipt.ts'

const strict = { additionalProperties: false } as const

const addressing = { dialogId: Type.Optional(DialogId), metadata: Type.Optional(ActionMetadata) }

const TextMessage = Type.Object(
  {
    text: Type.String({
      minLength: 1,
      maxLength: longestText,
      description: 'The text of the message',
    }),
    ...addressing,
    inReplyTo: Type.Optional({
      ...Sequence,
      description:
        'The sequence of the card or message whose button the consumer pressed. The receipt `action` with the `metadata` of the button goes out first',
    }),
  },
  {
    ...strict,
    if: { properties: { inReplyTo: {} }, required: ['inReplyTo'] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nothing awaits a schema
    then: { properties: { metadata: {} }, required: ['metadata'] },
  },
)

export const Caption = Type.String({ minLength: 1, maxLength: longestCaption })

export const Preview = Type.String({
  pattern: '^data:image/(png|jpeg|jpg|gif);base64,[A-Za-z0-9+/]+={0,2}$',
  maxLength: longestPreview,
  description: 'A small picture as a data URL: PNG, JPEG or GIF in base64, less than 30 KB',
  examples: ['data:image/png;base64,iVBORw0KGgo='],
})

const UploadedFile = Type.Object(
  {
    relativePath: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'The path of the file in LiveEngage’s file storage',
    }),
    fileType: FileType,
    caption: Type.Optional(Caption),
    preview: Type.Optional(Preview),
  },
  strict,
)

const FileMessage = Type.Object({ file: UploadedFile, ...addressing }, strict)

const Body = Type.Union([TextMessage, FileMessage])

/** The command that publishes a text or a stored file. */
export function publishMessage(conversationId: string, message: Static<typeof Body>) {
  const { dialogId = conversationId, metadata } = message
  return {
    type: 'ms.PublishEvent',
    body: { dialogId, event: toContent(message) },
    ...(metadata !== undefined && { metadata }),
  } as const
}

function toContent(body: Static<typeof Body>) {
  return 'text' in body
    ? ({ type: 'ContentEvent', contentType: 'text/plain', message: body.text } as const)
    : ({ type: 'ContentEvent', contentType: 'hosted/file', message: body.file } as const)
}

export const sendMessage = defineAction({
  name: 'sendMessage',
  method: 'POST',
  path: '/conversations/:id/messages',
  tag: 'Messages',
  summary: 'Send a message',
  description:
    'Sends a text of the consumer, or a file that is already in LiveEngage’s file storage. The `sequence` of the answer is the number of the message; receipts refer to it. `inReplyTo` answers a card or a quick reply: the proxy first sends the receipt that LiveEngage expects of a click, then the text with the same `metadata`. If LiveEngage refuses the receipt, the text is not sent. `receipt` in the answer says whether LiveEngage accepted it, or whether that is unknown. Messages, pictures and the close of one conversation leave in the order in which they arrived, each once the one before it has its answer.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Body,
  examples: {
    text: { summary: 'A text', value: { text: 'Hi' } },
    click: {
      summary: 'The text of a clicked card',
      value: {
        text: 'Yes, please',
        inReplyTo: 4,
        metadata: [{ type: 'ExternalId', id: 'offer-yes' }],
      },
    },
    file: {
      summary: 'A file that is already uploaded',
      value: {
        file: {
          relativePath: '/v1/AUTH_async-images/12345678/5f3aab9e_uuid_5c68d4e8_07-06-2018.JPEG',
          fileType: 'JPEG',
          caption: 'My receipt',
        },
      },
    },
  },
  mistakenKeys: { message: 'text', body: 'text', content: 'text', msg: 'text', Body: 'text' },
  isRepeatable: false,
  priority: 'high',
  isOrdered: true,
  outcome: 'event',
  // Source: click operations page; Messaging Window PCS tutorial, step 12.
  receipt: ({ params, body }) => {
    if (!('text' in body) || body.inReplyTo === undefined) return undefined
    return acknowledge(body.dialogId ?? params.id, 'ACTION', [body.inReplyTo], body.metadata)
  },
  translate: ({ params, body }) => publishMessage(params.id, body),
})
