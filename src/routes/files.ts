/** Files of a conversation: upload and publish in one call, and download. */
import multipart, { type MultipartFile, type MultipartValue } from '@fastify/multipart'
import { Value } from '@sinclair/typebox/value'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { ConversationParams, DryRunQuery } from '../action.ts'
import { askForUpload, FileFields, pictureType, publishFile } from '../actions/send-file.ts'
import { type AdmissionOptions, admit, callerOf } from '../admission.ts'
import { pointerToken, refuseUnsafeText } from '../json-body.ts'
import type { Client } from '../liveengage/client.ts'
import { askForDownload, type Storage } from '../liveengage/storage.ts'
import { Problem } from '../problems.ts'
import { explain } from '../validation.ts'
import { describeDownload, describeUpload, downloadParams, uploadBody } from './describe-files.ts'

export type FileRoutesOptions = AdmissionOptions & {
  client: Client
  storage: Storage
  fileLimitBytes: number
  maxUploads: number
}

type Upload = { file: Buffer; fields: FileFields }
type Query = { dryRun?: 'true' | 'false' }

export async function fileRoutes(app: FastifyInstance, options: FileRoutesOptions): Promise<void> {
  const { client, storage, fileLimitBytes } = options
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(notMultipart()))
  await app.register(multipart, {
    limits: { fileSize: fileLimitBytes, files: 1, fields: 4, fieldSize: 65_536, parts: 5 },
  })
  app.post<{ Params: { id: string }; Querystring: Query }>('/conversations/:id/files', {
    config: uploadBody,
    bodyLimit: fileLimitBytes + 131_072,
    schema: { ...describeUpload(), params: ConversationParams, querystring: DryRunQuery },
    schemaErrorFormatter: (errors, part) => explain(undefined, errors, part),
    onRequest: [admit(options), limitUploads(options.maxUploads)],
    handler: async (request, reply) => {
      const { id: requestId, deadline, params, query } = request
      const caller = callerOf(request)
      const { file, fields } = await readUpload(request)
      const fileType = pictureType(file)
      if (fileType === undefined) throw invalid('/file', 'must be a JPEG, PNG or GIF picture')
      const question = askForUpload(file.length, fileType)
      if (query.dryRun === 'true') return client.preview(question, caller, deadline)
      const relativePath = await storage.put(file, question, caller, deadline)
      const stored = { relativePath, fileType }
      const command = publishFile(params.id, stored, fields)
      request.mayBeSent = true
      const { sequence } = await client.send(command, caller, deadline)
      const { dialogId } = command.body
      return reply
        .code(201)
        .send({ conversationId: params.id, dialogId, sequence, requestId, file: stored })
    },
  })
  app.get<{ Params: { id: string; '*': string }; Querystring: Query }>(
    '/conversations/:id/files/*',
    {
      config: { isRepeatable: true, ...downloadParams },
      schema: { ...describeDownload(), querystring: DryRunQuery },
      schemaErrorFormatter: (errors, part) => explain(undefined, errors, part),
      onRequest: admit(options),
      handler: async (request, reply) => {
        const { deadline, params, query } = request
        const caller = callerOf(request)
        const relativePath = `/${params['*']}`
        if (query.dryRun === 'true') {
          return client.preview(askForDownload(relativePath), caller, deadline)
        }
        const { headers, body } = await storage.get(relativePath, caller, deadline)
        const type = headers['content-type']
        const isPicture = typeof type === 'string' && /^image\/(png|jpeg|gif)$/.test(type)
        reply.type(isPicture ? type : 'application/octet-stream')
        if (typeof headers['content-length'] === 'string') {
          reply.header('content-length', headers['content-length'])
        }
        return reply.send(body)
      },
    },
  )
}

/** A file is held in memory, so only so many at a time; decided before the body is read. */
function limitUploads(most: number): onRequestHookHandler {
  let uploads = 0
  return (_request, reply, done) => {
    if (uploads >= most) throw new Problem('overloaded')
    uploads += 1
    reply.raw.once('close', () => {
      uploads -= 1
    })
    done()
  }
}

async function readUpload(request: FastifyRequest): Promise<Upload> {
  if (!request.isMultipart()) throw notMultipart()
  const { file, values } = await readForm(request).catch((error: unknown) => {
    // The parser's own errors of form have no code.
    if (error instanceof Error && 'code' in error) throw error
    throw invalid('', 'must be a whole multipart form')
  })
  if (file === undefined || file.length === 0) throw invalid('/file', 'is required')
  refuseUnsafeText(values, '', 1)
  if (Value.Check(FileFields, values)) return { file, fields: values }
  const errors = [...Value.Errors(FileFields, values)].map(({ path, message }) => ({
    path,
    message,
  }))
  throw new Problem('invalid-request', { detail: 'A part of the form is not valid.', errors })
}

type Form = { file: Buffer | undefined; values: Record<string, unknown> }

async function readForm(request: FastifyRequest): Promise<Form> {
  let file: Buffer | undefined
  const values: Record<string, unknown> = {}
  for await (const part of request.parts()) {
    if (file !== undefined) throw invalid('/file', 'must be the last part of the form')
    if (part.type === 'file') file = await readFile(part)
    else values[part.fieldname] = readField(part)
  }
  return { file, values }
}

async function readFile(part: MultipartFile): Promise<Buffer> {
  if (part.fieldname !== 'file') {
    part.file.resume()
    throw invalid(
      `/${pointerToken(part.fieldname)}`,
      'must not be a file; the file’s part is named file',
    )
  }
  return part.toBuffer()
}

function readField({ fieldname, value, valueTruncated }: MultipartValue): unknown {
  if (valueTruncated) throw invalid(`/${pointerToken(fieldname)}`, 'is too long')
  if (fieldname !== 'metadata' || typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw invalid('/metadata', 'must be JSON')
  }
}

function notMultipart(): Problem {
  const detail = 'A file comes as multipart/form-data, in a part named file.'
  return new Problem('unsupported-media-type', { detail })
}

function invalid(path: string, message: string): Problem {
  const errors = [{ path, message }]
  return new Problem('invalid-request', { detail: `${path || 'The body'} ${message}.`, errors })
}
