/** The documentation of the file routes. */
import { Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import { ConversationId } from '../actions/action.ts'
import { longestCaption, longestPreview } from '../liveengage/protocol/values.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import { exampleEvent } from './examples.ts'
import { commonCodes, idempotencyCodes, problemResponses, withReplays } from './responses.ts'
import { security } from './security.ts'

const fileProblems: readonly ProblemCode[] = [
  ...commonCodes,
  'conversation-closed',
  'storage-failed',
  ...idempotencyCodes,
]

const exampleFile = {
  relativePath: '/v1/AUTH_async-images/12345678/5f3aab9e_uuid_5c68d4e8_07-06-2018.JPEG',
  fileType: 'JPEG',
}

/** The body of an upload. It is documented only, since the form is read part by part. */
export const uploadBody = {
  consumes: ['multipart/form-data'],
  documentedBody: Type.Object(
    {
      // Swagger UI fills a form with the examples and sends them, so these are empty.
      caption: Type.Optional(Type.String({ maxLength: longestCaption, examples: [''] })),
      preview: Type.Optional(
        Type.String({
          maxLength: longestPreview,
          description: 'A small picture as a data URL: PNG, JPEG or GIF in base64, less than 30 KB',
          examples: [''],
        }),
      ),
      dialogId: Type.Optional(
        Type.String({
          description: 'A dialog’s id. Default: the conversation’s id',
          examples: [''],
        }),
      ),
      metadata: Type.Optional(
        Type.String({ description: 'The metadata of a message, as JSON', examples: [''] }),
      ),
      file: Type.String({ format: 'binary', description: 'The picture' }),
    },
    {
      'x-examples': {
        picture: {
          summary: 'A picture with a caption',
          value: { caption: 'My receipt', file: '(bytes)' },
        },
      },
    },
  ),
}

export function describeUpload(): FastifySchema {
  return {
    operationId: 'sendFile',
    tags: ['Files'],
    summary: 'Send a picture',
    description:
      'Uploads a JPEG, PNG or GIF of up to 3 MB and publishes it in the conversation, in one call. The proxy reads the type from the content. A 503 `storage-failed` means that nothing was published.',
    security,
    response: withReplays({
      201: {
        description: 'LiveEngage stored the picture and accepted the event',
        content: {
          'application/json': {
            schema: Type.Ref('FileEvent#'),
            examples: { sent: { value: { ...exampleEvent, file: exampleFile } } },
          },
        },
      },
      ...problemResponses(fileProblems),
    }),
  }
}

/** Visible characters but `?` and `#`. No segment is `.` or `..`, and the first is not empty. */
const RelativePath = Type.String({
  pattern: '^(?!.*(?:^|/)\\.{1,2}(?:/|$))/?(?!/)[!"$->@-~]{1,1023}$',
  description: 'The relativePath of the file, with or without its first slash',
  examples: [exampleFile.relativePath.slice(1)],
})

/** As the router has them: it calls the rest of the path `*`. */
export const DownloadParams = Type.Object({ id: ConversationId, '*': RelativePath })

/** As the document has them. Go’s and Rust’s regular expressions cannot look ahead, and count to 1000. */
export const documentedDownloadParams = {
  documentedParams: Type.Object({
    id: ConversationId,
    relativePath: { ...RelativePath, pattern: '^/?[!"$->@-~]+$', maxLength: 1024 },
  }),
}

export function describeDownload(): FastifySchema {
  return {
    operationId: 'getFile',
    tags: ['Files'],
    summary: 'Get a picture',
    description:
      'Streams a file of the conversation. The path after `/files` is the `relativePath` of the file. The stream is cut off when no bytes arrive for 15 seconds, or after 5 minutes.',
    security,
    response: {
      200: {
        description:
          'The picture: `image/jpeg`, `image/png`, `image/gif`, or `application/octet-stream` for other bytes',
        // One type for all: with several, a generator takes the first or asks its caller. Not all know that `*/*` is bytes.
        content: {
          'image/*': {
            schema: Type.String({ format: 'binary' }),
            examples: { picture: { summary: 'The bytes of the picture', value: '(bytes)' } },
          },
        },
      },
      ...problemResponses([...commonCodes, 'conversation-closed', 'file-not-found'], true),
    },
  }
}
