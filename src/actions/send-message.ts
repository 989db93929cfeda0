import { type Static, Type } from '@sinclair/typebox'
import { ActionMetadata, ConversationParams, DialogId, defineAction } from '../action.ts'
import { FileType } from '../liveengage/protocol.ts'

const strict = { additionalProperties: false } as const

const addressing = { dialogId: Type.Optional(DialogId), metadata: Type.Optional(ActionMetadata) }

/** 5000 characters is the one limit LivePerson names. Source: lp-devassist-connectors. */
const TextMessage = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 5000, description: 'What the consumer says' }),
    ...addressing,
  },
  strict,
)

export const Caption = Type.String({ minLength: 1, maxLength: 1000 })

/** A preview stays under 30 KB. Source: examples page, file sharing. */
export const Preview = Type.String({
  pattern: '^data:image/(png|jpeg|jpg|gif);base64,[A-Za-z0-9+/]+={0,2}$',
  maxLength: 30_719,
  description: 'A small picture as a data URL, less than 30 KB',
})

const UploadedFile = Type.Object(
  {
    relativePath: Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'Where the file lies in LiveEngage’s storage',
    }),
    fileType: FileType,
    caption: Type.Optional(Caption),
    preview: Type.Optional(Preview),
  },
  strict,
)

const FileMessage = Type.Object({ file: UploadedFile, ...addressing }, strict)

const Body = Type.Union([TextMessage, FileMessage])

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
    'Sends one text of the consumer, or a file that is already in LiveEngage’s storage. The answer’s `sequence` is the number of the message, which receipts refer to.',
  params: ConversationParams,
  query: Type.Object({}),
  body: Body,
  examples: {
    text: { summary: 'A text', value: { text: 'Hi' } },
    click: {
      summary: 'The text of a clicked card',
      value: { text: 'Yes, please', metadata: [{ type: 'ExternalId', id: 'offer-yes' }] },
    },
    file: {
      summary: 'A file already uploaded',
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
  outcome: 'event',
  translate: ({ params, body }) => ({
    type: 'ms.PublishEvent',
    body: { dialogId: body.dialogId ?? params.id, event: toContent(body) },
    ...(body.metadata !== undefined && { metadata: body.metadata }),
  }),
})
