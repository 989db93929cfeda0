/** Reads the form of an upload: a picture and its fields, in any order. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { FileFields } from '../actions/send-file.ts'
import { readJsonText, refuseUnsound } from '../http/json-body.ts'
import { refuseExcess } from '../problems/excess.ts'
import { explainInvalid, pointerToken } from '../problems/invalid-request.ts'
import { Problem } from '../problems/problem.ts'
import { payloadTooLarge, unsupportedMediaType } from '../problems/refused-body.ts'
import { BrokenForm, type Part, readMimeType, readParts } from './form-parts.ts'
import { decodeText, transferDecoders } from './part-text.ts'

export type Upload = { file: Buffer; fields: FileFields }

/** What one field may hold. */
export const mostFieldBytes = 65_536

/** The picture and the four fields. */
const mostParts = 5

/** Source: RFC 2046, section 5.1.1. */
const longestBoundary = 70

const aForm = 'multipart/form-data'

export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(unsupportedMediaType('form')))
  // The body is read by the handler, once the rest of the request is known to be right.
  app.addContentTypeParser(aForm, (_request, _payload, done) => done(null))
}

/** @throws Problem `invalid-request` that names the part, `payload-too-large` or `unsupported-media-type` */
export async function readUpload(request: FastifyRequest, limit: number): Promise<Upload> {
  const type = readMimeType(request.headers['content-type'] ?? '')
  if (type?.essence !== aForm) throw unsupportedMediaType('form')
  const boundary = type.params.get('boundary')
  if (boundary === null || boundary.length > longestBoundary) {
    throw invalidForm('', 'must have a boundary of 1 to 70 characters in its Content-Type')
  }
  const { file, values } = await readForm(request, boundary, limit).catch((error: unknown) => {
    throw error instanceof BrokenForm ? invalidForm('', 'must be a whole multipart form') : error
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

type Form = { file: Buffer | undefined; values: Record<string, unknown> }

/** An empty field counts as not given: that is how forms say so. */
async function readForm(request: FastifyRequest, boundary: string, limit: number): Promise<Form> {
  const mostFileBytes = Math.min(Number(request.headers['content-length'] ?? limit), limit)
  const isFileIn = ({ head }: Pick<Part, 'head'>) => dispositionOf(head)?.name === 'file'
  const { parts, count } = await readParts(request.raw, boundary, mostParts, (head, before) => {
    if (!isFileIn({ head })) return mostFieldBytes
    // A second picture is refused, and gets no room.
    return before.some(isFileIn) ? 0 : mostFileBytes
  })
  let file: Buffer | undefined
  const values = new Map<string, unknown>()
  for (const part of parts) {
    const disposition = dispositionOf(part.head)
    if (disposition === undefined) {
      throw invalidForm('', 'must have a Content-Disposition: form-data with a name in each part')
    }
    const { name, isNamedFile } = disposition
    const path = `/${pointerToken(name)}`
    const isFile = name === 'file'
    if (isFile ? file !== undefined : values.has(name)) {
      throw invalidForm(path, 'must be given once')
    }
    if (!isFile && isNamedFile) {
      throw invalidForm(path, 'must not be a file; the file’s part is named file')
    }
    if (part.bytes === undefined) {
      throw isFile ? payloadTooLarge('FILE_LIMIT_BYTES', limit) : invalidForm(path, 'is too long')
    }
    const bytes = decodeTransfer(part, part.bytes, path)
    if (isFile) file = bytes
    else if (bytes.length > 0) values.set(name, readField(part, bytes, name, path))
  }
  if (count > mostParts)
    throw invalidForm('', 'must have one file and at most the four known fields')
  return { file, values: Object.fromEntries(values) }
}

/** Source: RFC 7578, section 4.2. A value with parameters is read as a type is. */
function dispositionOf(head: Part['head']): { name: string; isNamedFile: boolean } | undefined {
  const [value = '', ...others] = valuesOf(head, 'content-disposition')
  const disposition = readMimeType(`x/${value}`)
  const name = disposition?.params.get('name') ?? null
  if (disposition?.subtype !== 'form-data' || name === null || others.length > 0) return undefined
  const isNamedFile = disposition.params.has('filename') || disposition.params.has('filename*')
  return { name, isNamedFile }
}

function valuesOf(head: Part['head'], name: string): string[] {
  const values = head.get(name)
  return Array.isArray(values) ? values.map((value) => String(value).trim()) : []
}

function decodeTransfer({ head }: Part, bytes: Buffer, path: string): Buffer {
  const encoding = valuesOf(head, 'content-transfer-encoding').join() || 'binary'
  const decode = transferDecoders.get(encoding.toLowerCase())
  if (decode === undefined) {
    const names = [...transferDecoders.keys()].join(', ')
    throw invalidForm(path, `must have a Content-Transfer-Encoding of ${names}, or none`)
  }
  const decoded = decode(bytes)
  if (decoded === undefined) throw invalidForm(path, `must be ${encoding.toLowerCase()}`)
  return decoded
}

function readField({ head }: Part, bytes: Buffer, name: string, path: string): unknown {
  const type = valuesOf(head, 'content-type').join() || 'text/plain'
  const charset = readMimeType(type)?.params.get('charset') ?? undefined
  if (charset === undefined && /charset/i.test(type)) {
    throw invalidForm(path, 'must have a Content-Type that can be read')
  }
  const decoded = decodeText(bytes, charset)
  if ('fault' in decoded) throw invalidForm(path, decoded.fault)
  const { text } = decoded
  if (name === 'metadata') return readJsonText(text, path)
  refuseUnsound(text, path)
  return text
}
