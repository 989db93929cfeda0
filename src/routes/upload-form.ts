/** Reads the form of an upload: a picture and its fields, in any order. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { FileFields } from '../actions/send-file.ts'
import { readJsonText, refuseUnsound } from '../http/json-body.ts'
import { refuseExcess } from '../problems/excess.ts'
import { explainInvalid, pointerToken } from '../problems/invalid-request.ts'
import { Problem } from '../problems/problem.ts'
import { payloadTooLarge, unsupportedMediaType } from '../problems/refused-body.ts'
import { BrokenForm, type Part, partsOf, readBody, readMimeType } from './form-parts.ts'
import { decodeText, transferDecoders } from './part-text.ts'

export type Upload = { file: Buffer; fields: FileFields }

/** The largest field. */
const mostFieldBytes = 65_536

/** The room for all that is not the picture: only one of the fields is ever long. */
export const formBytes = 2 * mostFieldBytes

/** The picture and the four fields. */
const mostParts = 5

/** Source: RFC 2046, section 5.1.1. */
const longestBoundary = 70

const aForm = 'multipart/form-data'

export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(unsupportedMediaType('form')))
  // The handler reads the body, once the rest of the request has been checked.
  app.addContentTypeParser(aForm, (_request, _payload, done) => done(null))
}

/** @throws Problem `invalid-request` that names the part, `payload-too-large` or `unsupported-media-type` */
export async function readUpload(request: FastifyRequest, limit: number): Promise<Upload> {
  const type = readMimeType(request.headers['content-type'] ?? '')
  if (type?.essence !== aForm) throw unsupportedMediaType('form')
  const boundary = type.params.get('boundary')
  if (boundary === null || boundary === '' || boundary.length > longestBoundary) {
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

/** An empty field counts as not given, as usual in forms. */
async function readForm(request: FastifyRequest, boundary: string, limit: number): Promise<Form> {
  const most = limit + formBytes
  const room = Math.min(Number(request.headers['content-length'] ?? most), most)
  const body = await readBody(request.raw, room)
  if (body === undefined) throw payloadTooLarge('FILE_LIMIT_BYTES', limit)
  const parts = partsOf(body, boundary, mostParts)
  let file: Buffer | undefined
  const values = new Map<string, unknown>()
  for (const part of parts.slice(0, mostParts)) {
    const disposition = dispositionOf(part)
    if (part.fault !== undefined) throw invalidPart(part, disposition?.name, part.fault)
    if (disposition === undefined) {
      const message = 'must have a Content-Disposition: form-data with one name'
      throw invalidPart(part, undefined, message)
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
    if (part.bytes.length > (isFile ? limit : mostFieldBytes)) {
      throw isFile ? payloadTooLarge('FILE_LIMIT_BYTES', limit) : invalidForm(path, 'is too long')
    }
    const bytes = decodeTransfer(part, path)
    const charset = charsetOf(part, path)
    if (isFile) file = bytes
    else if (bytes.length > 0) values.set(name, readField(bytes, charset, name, path))
  }
  if (parts.length > mostParts)
    throw invalidForm('', 'must have one file and at most the four known fields')
  return { file, values: Object.fromEntries(values) }
}

/** By the part's name, or by its number where it has none. */
function invalidPart({ number }: Part, name: string | undefined, message: string): Problem {
  if (name === undefined) return invalidForm('', `${message} in part ${number}`)
  return invalidForm(`/${pointerToken(name)}`, message)
}

/** If a parameter comes twice, the first one counts. */
const nameParameter = /;\s*name\*?\s*=/gi
/** Without a closing quote it goes to the end of the text: looking for one from each quote would take long. */
const quotedString = /"(?:[^"\\]|\\.)*\\?(?:"|$)/g

/** Source: RFC 7578, section 4.2. A value with parameters is read as a type is. */
function dispositionOf({ head }: Part): { name: string; isNamedFile: boolean } | undefined {
  const [value = '', ...others] = head.get('content-disposition') ?? []
  const names = value.replace(quotedString, '').match(nameParameter) ?? []
  const disposition = readMimeType(`x/${value}`)
  const name = disposition?.params.get('name') ?? null
  const isOne = others.length === 0 && names.length === 1
  if (disposition?.subtype !== 'form-data' || name === null || !isOne) return undefined
  const isNamedFile = disposition.params.has('filename') || disposition.params.has('filename*')
  return { name, isNamedFile }
}

function decodeTransfer({ head, bytes }: Part, path: string): Buffer {
  const encoding = head.get('content-transfer-encoding')?.join() || 'binary'
  const decode = transferDecoders.get(encoding.toLowerCase())
  if (decode === undefined) {
    const names = [...transferDecoders.keys()].join(', ')
    throw invalidForm(path, `must have a Content-Transfer-Encoding of ${names}, or none`)
  }
  const decoded = decode(bytes)
  if (decoded === undefined) throw invalidForm(path, `must be ${encoding.toLowerCase()}`)
  return decoded
}

/** @returns undefined if the part's type names none */
function charsetOf({ head }: Part, path: string): string | undefined {
  const [type = '', ...others] = head.get('content-type') ?? []
  const charset = readMimeType(type)?.params.get('charset') ?? undefined
  if (others.length > 0 || (charset === undefined && /charset/i.test(type))) {
    throw invalidForm(path, 'must have a Content-Type that can be read')
  }
  return charset
}

function readField(
  bytes: Buffer,
  charset: string | undefined,
  name: string,
  path: string,
): unknown {
  const decoded = decodeText(bytes, charset)
  if ('fault' in decoded) throw invalidForm(path, decoded.fault)
  const { text } = decoded
  if (name === 'metadata') return readJsonText(text, path)
  refuseUnsound(text, path)
  return text
}
