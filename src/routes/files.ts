/** Files of a conversation: upload and publish in one call, and download. */
import multipart, { type MultipartFile, type MultipartValue } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { ConversationParams, DryRunQuery } from '../action.ts'
import { askForUpload, FileFields, pictureType, publishFile } from '../actions/send-file.ts'
import { type AdmissionOptions, admit, admitted, refuseBeyondRoom } from '../admission.ts'
import { isAnswered, keepFingerprint, readIdempotencyKey } from '../idempotency.ts'
import { pointerToken, refusePoison, refuseUnsound } from '../json-body.ts'
import type { Client } from '../liveengage/client.ts'
import type { Stats } from '../liveengage/stats.ts'
import { askForDownload, type Storage } from '../liveengage/storage.ts'
import type { Outcomes } from '../outcomes.ts'
import { Problem } from '../problems.ts'
import type { TypingExpiries } from '../typing.ts'
import { explain } from '../validation.ts'
import { answerEvent } from './answer-event.ts'
import { describeDownload, describeUpload, downloadParams, uploadBody } from './describe-files.ts'

export type FileRoutesOptions = AdmissionOptions & {
  client: Client
  storage: Storage
  outcomes: Outcomes
  typing: TypingExpiries
  fileLimitBytes: number
  maxUploads: number
  stats: Stats
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Gives an upload's place to the next one. */
    releaseUpload: (() => void) | null
  }
}

type Upload = { file: Buffer; fields: FileFields }
type Query = { dryRun?: 'true' | 'false' }

export async function fileRoutes(app: FastifyInstance, options: FileRoutesOptions): Promise<void> {
  const { client, storage, outcomes, typing, fileLimitBytes } = options
  app.decorateRequest('releaseUpload', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(notMultipart()))
  await app.register(multipart, {
    throwFileSizeLimit: false,
    limits: { fileSize: fileLimitBytes, files: 1, fields: 4, fieldSize: 65_536, parts: 5 },
  })
  app.post<{ Params: { id: string }; Querystring: Query }>('/conversations/:id/files', {
    config: uploadBody,
    schema: { ...describeUpload(), params: ConversationParams, querystring: DryRunQuery },
    schemaErrorFormatter: (errors, part) => explain(undefined, errors, part),
    onRequest: [
      admit(options, 'high'),
      readIdempotencyKey,
      refuseBeyondRoom(options),
      limitUploads(options),
    ],
    // Also for a caller who has hung up; by now the file is no longer held.
    onSend: (request, _reply, _payload, done) => {
      const { releaseUpload } = request
      request.releaseUpload = null
      releaseUpload?.()
      done()
    },
    handler: async (request, reply) => {
      const { params, query } = request
      const { caller, terms } = admitted(request)
      const { file, fields } = await readUpload(request, fileLimitBytes)
      const fileType = pictureType(file)
      if (fileType === undefined) throw invalid('/file', 'must be a JPEG, PNG or GIF picture')
      const question = askForUpload(file.length, fileType)
      if (query.dryRun === 'true') return client.preview(question, caller, terms)
      // Not over the body's bytes: a client chooses another boundary for each attempt.
      keepFingerprint(request, file, fields)
      if (isAnswered(outcomes, request, reply)) return reply
      const conversationId = params.id
      const { dialogId = conversationId } = fields
      const published = await typing.message({ caller, conversationId }, dialogId, async () => {
        const relativePath = await storage.put(file, question, caller, terms)
        const stored = { relativePath, fileType }
        const command = publishFile(conversationId, stored, fields)
        request.mayBeSent = true
        const { sequence } = await client.send(command, caller, terms)
        return { sequence, file: stored }
      })
      return answerEvent(request, reply, { conversationId, dialogId, ...published })
    },
  })
  app.get<{ Params: { id: string; '*': string }; Querystring: Query }>(
    '/conversations/:id/files/*',
    {
      config: { isRepeatable: true, ...downloadParams },
      exposeHeadRoute: false,
      schema: { ...describeDownload(), querystring: DryRunQuery },
      schemaErrorFormatter: (errors, part) => explain(undefined, errors, part),
      onRequest: [admit(options, 'high'), refuseBeyondRoom(options)],
      handler: async (request, reply) => {
        const { id: requestId, params, query } = request
        const { caller, terms } = admitted(request)
        // Whoever appends an upload's relativePath to `/files/` has its first slash twice.
        const relativePath = params['*'].replace(/^\/?/, '/')
        if (query.dryRun === 'true') {
          return client.preview(askForDownload(relativePath), caller, terms)
        }
        const file = await storage.get(relativePath, caller, terms)
        const { contentType = '', contentLength, body } = file
        const isPicture = /^image\/(png|jpeg|gif)$/.test(contentType)
        reply.type(isPicture ? contentType : 'application/octet-stream')
        if (contentLength !== undefined) reply.header('content-length', contentLength)
        body.once('error', () => request.log.warn({ requestId }, 'the download broke off'))
        return reply.send(body)
      },
    },
  )
}

/** What a form may hold beside its file. */
const formBytes = 131_072

/** A file is held in memory, so only so many at a time; decided before the body is read. */
function limitUploads({
  maxUploads,
  fileLimitBytes,
  stats,
}: FileRoutesOptions): onRequestHookHandler {
  let uploads = 0
  return (request, _reply, done) => {
    if (Number(request.headers['content-length']) > fileLimitBytes + formBytes) {
      throw new Problem('payload-too-large')
    }
    if (uploads >= maxUploads) {
      stats.services.storage.shed.high.uploads += 1
      throw new Problem('overloaded')
    }
    uploads += 1
    request.releaseUpload = () => {
      uploads -= 1
    }
    done()
  }
}

async function readUpload(request: FastifyRequest, limit: number): Promise<Upload> {
  if (!request.isMultipart()) throw notMultipart()
  const { file, values } = await readForm(request, limit).catch((error: unknown) => {
    // What is left of the form is read and dropped, so that the answer is not cut off.
    request.raw.unpipe()
    request.raw.resume()
    throw asFormProblem(error)
  })
  if (file === undefined) throw invalid('/file', 'is required')
  if (file.length === 0) throw invalid('/file', 'must not be empty')
  refuseUnsound(values, '', 1)
  refusePoison(values)
  checkFields(request, values)
  return { file, fields: values }
}

/** By the validator of the other routes: TypeBox's own counts a character beyond the basic plane as two. */
function checkFields(
  request: FastifyRequest,
  values: Record<string, unknown>,
): asserts values is FileFields {
  const validate = request.compileValidationSchema(FileFields, 'body')
  validate(values)
  if (validate.errors) throw explain(undefined, validate.errors, 'body')
}

/** The parser's own errors of form have no code. */
function asFormProblem(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) {
    return invalid('', 'must be a whole multipart form')
  }
  return /^FST_(PARTS|FILES|FIELDS)_LIMIT$/.test(String(error.code))
    ? invalid('', 'must have one file and at most the four known parts before it')
    : error
}

type Form = { file: Buffer | undefined; values: Record<string, unknown> }

/** An empty field counts as not given: that is how forms say so. */
async function readForm(request: FastifyRequest, limit: number): Promise<Form> {
  const mostBytes = Math.min(Number(request.headers['content-length'] ?? limit), limit)
  let file: Buffer | undefined
  const values: Record<string, unknown> = {}
  for await (const part of request.parts()) {
    if (file !== undefined) throw invalid('/file', 'must be the last part of the form')
    if (part.type === 'file') file = await readFile(part, mostBytes)
    else if (Object.hasOwn(values, part.fieldname)) {
      throw invalid(`/${pointerToken(part.fieldname)}`, 'must be given once')
    } else if (part.value !== '') values[part.fieldname] = readField(part)
  }
  return { file, values }
}

async function readFile(part: MultipartFile, mostBytes: number): Promise<Buffer> {
  if (part.fieldname !== 'file') {
    part.file.resume()
    throw invalid(
      `/${pointerToken(part.fieldname)}`,
      'must not be a file; the file’s part is named file',
    )
  }
  // Room for all of it at once: `toBuffer` would hold every byte twice for a moment.
  const file = Buffer.allocUnsafe(mostBytes)
  let bytes = 0
  for await (const chunk of part.file) bytes += chunk.copy(file, bytes)
  if (part.file.truncated) throw new Problem('payload-too-large')
  return file.subarray(0, bytes)
}

function readField({ fieldname, value, valueTruncated }: MultipartValue): unknown {
  const path = `/${pointerToken(fieldname)}`
  if (valueTruncated) throw invalid(path, 'is too long')
  // What the parser makes of bytes that are no UTF-8.
  if (String(value).includes('\ufffd')) throw invalid(path, 'must be UTF-8')
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
