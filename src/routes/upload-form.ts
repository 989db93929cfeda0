/** Reads the form of an upload: a picture and its fields, in any order. */
import { isUtf8 } from 'node:buffer'
import multipart, { type MultipartFile } from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { FileFields } from '../actions/send-file.ts'
import { readJsonText, refuseUnsound } from '../http/json-body.ts'
import { refuseExcess } from '../problems/excess.ts'
import { explainInvalid, pointerToken } from '../problems/invalid-request.ts'
import { Problem } from '../problems/problem.ts'
import { payloadTooLarge, unsupportedMediaType } from '../problems/refused-body.ts'

export type Upload = { file: Buffer; fields: FileFields }

/** What one field may hold. */
export const mostFieldBytes = 65_536

/** Form parts say how they are encoded; these leave the bytes as they are. Source: RFC 2045, section 6. */
const identityEncodings = new Set(['7bit', '8bit', 'binary'])

/** The picture and the four fields. */
const mostParts = 5

export async function acceptForms(app: FastifyInstance, fileLimitBytes: number): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(unsupportedMediaType('form')))
  await app.register(multipart, {
    throwFileSizeLimit: false,
    // Each part comes as its bytes: as a field it would be decoded, whatever its bytes are.
    isPartAFile: () => true,
    limits: {
      fileSize: Math.max(fileLimitBytes, mostFieldBytes + 1),
      parts: mostParts,
      files: mostParts,
    },
  })
}

/** @throws Problem `invalid-request` that names the part, `payload-too-large` or `unsupported-media-type` */
export async function readUpload(request: FastifyRequest, limit: number): Promise<Upload> {
  if (!request.isMultipart()) throw unsupportedMediaType('form')
  const { file, values } = await readForm(request, limit).catch((error: unknown) => {
    // What is left of the form is read and dropped, so that the answer is not cut off.
    request.raw.unpipe()
    request.raw.resume()
    throw asFormProblem(error)
  })
  if (file === undefined) throw invalidForm('/file', 'is required')
  if (file.length === 0) throw invalidForm('/file', 'must not be empty')
  checkFields(request, values)
  return { file, fields: values }
}

export function invalidForm(path: string, message: string): Problem {
  const errors = [{ path, message }]
  return new Problem('invalid-request', { detail: `${path || 'The body'} ${message}.`, errors })
}

/** By the validator of the other routes: TypeBox's own counts a character beyond the basic plane as two. */
function checkFields(
  request: FastifyRequest,
  values: Record<string, unknown>,
): asserts values is FileFields {
  refuseExcess({ body: FileFields }, values)
  const validate = request.compileValidationSchema(FileFields, 'body')
  validate(values)
  if (validate.errors) throw explainInvalid({ body: FileFields }, validate.errors, 'body')
}

/** The parser's own errors of form have no code. */
function asFormProblem(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) {
    return invalidForm('', 'must be a whole multipart form')
  }
  return error.code === 'FST_PARTS_LIMIT'
    ? invalidForm('', 'must have one file and at most the four known fields')
    : error
}

type Form = { file: Buffer | undefined; values: Record<string, unknown> }

/** An empty field counts as not given: that is how forms say so. */
async function readForm(request: FastifyRequest, limit: number): Promise<Form> {
  const mostBytes = Math.min(Number(request.headers['content-length'] ?? limit), limit)
  let file: Buffer | undefined
  const values: Record<string, unknown> = {}
  for await (const part of request.files()) {
    const { fieldname, filename, encoding } = part
    const path = `/${pointerToken(fieldname)}`
    const isFile = fieldname === 'file'
    const bytes = await readPart(part.file, isFile ? mostBytes : mostFieldBytes)
    if (!identityEncodings.has(encoding)) {
      throw invalidForm(path, 'must come without a Content-Transfer-Encoding')
    }
    if (isFile ? file !== undefined : Object.hasOwn(values, fieldname)) {
      throw invalidForm(path, 'must be given once')
    }
    if (!isFile && filename !== undefined) {
      throw invalidForm(path, 'must not be a file; the file’s part is named file')
    }
    if (bytes === undefined) {
      throw isFile ? payloadTooLarge('FILE_LIMIT_BYTES', limit) : invalidForm(path, 'is too long')
    }
    if (isFile) file = bytes
    else if (bytes.length > 0) values[fieldname] = readField(fieldname, path, bytes)
  }
  return { file, values }
}

/** @returns undefined where there is more than fits; the rest is read all the same */
async function readPart(part: MultipartFile['file'], most: number): Promise<Buffer | undefined> {
  // Room for all of it at once: `toBuffer` would hold every byte twice for a moment.
  const room = Buffer.allocUnsafe(most)
  let bytes = 0
  let isWhole = true
  for await (const chunk of part) {
    const copied: number = chunk.copy(room, bytes)
    if (copied < chunk.length) isWhole = false
    bytes += copied
  }
  return isWhole && !part.truncated ? room.subarray(0, bytes) : undefined
}

function readField(name: string, path: string, bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw invalidForm(path, 'must be UTF-8')
  const text = bytes.toString()
  if (name === 'metadata') return readJsonText(text, path)
  refuseUnsound(text, path)
  return text
}
