/** The documentation of the routes of files. */
import { Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import { ConversationId } from '../action.ts'
import { FileType } from '../liveengage/protocol.ts'
import type { ProblemCode } from '../problems.ts'
import {
  commonCodes,
  dryRunResponse,
  Event,
  exampleDryRun,
  exampleEvent,
  idempotencyCodes,
  problemResponses,
  security,
  withReplays,
} from '../responses.ts'

const fileProblems: readonly ProblemCode[] = [
  ...commonCodes,
  'conversation-closed',
  'storage-failed',
  ...idempotencyCodes,
]

/** An event that published a file. */
export const FileEvent = Type.Object(
  {
    ...Event.properties,
    file: Type.Object({ relativePath: Type.String(), fileType: FileType }),
  },
  { $id: 'FileEvent', description: 'A file that LiveEngage stored and published' },
)

const exampleFile = {
  relativePath: '/v1/AUTH_async-images/12345678/5f3aab9e_uuid_5c68d4e8_07-06-2018.JPEG',
  fileType: 'JPEG',
}

/** What the body of an upload is; only documented, since the form is read part by part. */
export const uploadBody = {
  consumes: ['multipart/form-data'],
  documentedBody: Type.Object(
    {
      // Swagger UI fills a form with examples and sends what it filled in, so these are empty.
      caption: Type.Optional(Type.String({ maxLength: 1000, examples: [''] })),
      preview: Type.Optional(
        Type.String({
          maxLength: 30_719,
          description: 'A small picture as a data URL, less than 30 KB',
          examples: [''],
        }),
      ),
      dialogId: Type.Optional(
        Type.String({ description: 'Default: the conversation’s id', examples: [''] }),
      ),
      metadata: Type.Optional(
        Type.String({ description: 'JSON, as in a message', examples: [''] }),
      ),
      file: Type.String({ format: 'binary', description: 'The picture, last' }),
    },
    {
      'x-examples': {
        picture: { summary: 'With a caption', value: { caption: 'My receipt', file: '(bytes)' } },
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
      'Uploads a JPEG, PNG or GIF of up to 3 MB and publishes it, in one call. The type is read from the content. A 503 `storage-failed` means that nothing was published.',
    security,
    response: {
      ...dryRunResponse({
        type: 'ms.GenerateURLForUploadFile',
        body: { fileSize: '1000', fileType: 'PNG' },
      }),
      ...withReplays({
        201: {
          description: 'LiveEngage stored the file, accepted the event and numbered it',
          content: {
            'application/json': {
              schema: Type.Ref('FileEvent#'),
              examples: { sent: { value: { ...exampleEvent, file: exampleFile } } },
            },
          },
        },
        ...problemResponses(fileProblems),
      }),
    },
  }
}

/** Visible characters without `?` and `#`, and no segment of dots or of nothing at its beginning. */
const RelativePath = Type.String({
  pattern: '^(?!.*(?:^|/)\\.{1,2}(?:/|$))/?(?!/)[!"$->@-~]{1,1023}$',
  description: 'The file’s relativePath, with or without its first slash',
  examples: [exampleFile.relativePath.slice(1)],
})

/** The path's wildcard by its name. */
export const downloadParams = {
  documentedParams: Type.Object({ id: ConversationId, relativePath: RelativePath }),
}

export function describeDownload(): FastifySchema {
  return {
    operationId: 'getFile',
    tags: ['Files'],
    summary: 'Get a picture',
    description:
      'Asks for a fresh download URL and streams the file; the path after `/files` is the file’s `relativePath`. The stream breaks off when nothing moves for 15 seconds, or after 5 minutes.',
    security,
    params: Type.Object({ id: ConversationId, '*': RelativePath }),
    response: {
      200: {
        description: 'The picture; with `dryRun=true` the call to LiveEngage that was not made',
        content: {
          ...Object.fromEntries(
            ['image/jpeg', 'image/png', 'image/gif', 'application/octet-stream'].map((type) => [
              type,
              {
                schema: Type.String({ format: 'binary' }),
                examples: { bytes: { summary: 'Its bytes' } },
              },
            ]),
          ),
          'application/json': {
            schema: Type.Ref('DryRun#'),
            examples: {
              dryRun: {
                value: exampleDryRun({
                  type: 'ms.GenerateURLForDownloadFile',
                  body: { relativePath: exampleFile.relativePath },
                }),
              },
            },
          },
        },
      },
      ...problemResponses([...commonCodes, 'conversation-closed', 'file-not-found'], true),
    },
  }
}
