/** Reads request bodies: strict JSON in UTF-8, an empty body as none, anything else refused. */
import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { scan } from 'secure-json-parse'
import { pointerToken } from '../problems/invalid-request.ts'
import { describeFault } from '../problems/json-place.ts'
import { endOfString } from '../problems/json-tokens.ts'
import { Problem } from '../problems/problem.ts'
import { unsupportedMediaType } from '../problems/refused-body.ts'
import { findChangedNumber, suspicious } from './json-numbers.ts'

const deepestNesting = 16

/** JSON in UTF-8, as Fastify writes a type: every parameter's value in quotes. */
const utf8Json = /^application\/json(?!.*; charset="(?!utf-?8"))(?:;|$)/i

/** Replaces Fastify's own parsers, which accept text/plain, quote the input in errors and allow deep nesting. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    // Without a body, no type is wrong, not even a malformed one.
    if (isBodyless(headers)) delete headers['content-type']
    done()
  })
  const options = { parseAs: 'buffer' } as const
  app.addContentTypeParser<Buffer>(utf8Json, options, (request, body, done) => {
    keepBody(request, body)
    done(null, readJson(body))
  })
  app.addContentTypeParser('*', async ({ headers }: FastifyRequest, payload: IncomingMessage) => {
    // A request with `Expect` has a body.
    const mayBeEmpty = headers['content-length'] === undefined && headers.expect === undefined
    const isEmpty = mayBeEmpty && (await isOver(payload))
    if (!isEmpty) throw unsupportedMediaType('json')
  })
}

/** Whether a body of unknown length ends before its first byte. */
async function isOver(payload: IncomingMessage): Promise<boolean> {
  const begun = once(payload, 'data').then(() => false)
  const ended = once(payload, 'end').then(() => true)
  return Promise.race([begun, ended])
}

/** Keeps the bytes of a complete body for its Idempotency-Key, and memory only for its real size. */
export function keepBody(request: FastifyRequest, body: Buffer): void {
  if (request.state.keyed !== null) request.state.keyed.body = body
  if (request.state.bodyBytes > 0) request.server.bodyMemory.shrink(request, body.length)
}

export function isBodyless(headers: IncomingHttpHeaders): boolean {
  return (headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined
}

function readJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw invalid('', 'must be UTF-8')
  return readJsonText(body.toString())
}

/**
 * Reads JSON. What would reach LiveEngage changed is refused. If a key is given twice, the last value counts.
 * @param at where the JSON is in the request's body, as a JSON Pointer
 * @throws Problem `invalid-request` that names where it is wrong
 */
export function readJsonText(text: string, at = ''): unknown {
  // Before it is parsed: parsing 64 KB of brackets costs more than ten messages.
  if (mayNest(text) && nestsTooDeep(text)) throw invalid(at, tooDeep)
  const json = parse(text, at)
  // Further on, null would count as no body.
  if (json === null) throw invalid(at, 'must not be null')
  if (mayBeUnsound.test(text)) refuseUnsound(json, at)
  if (mayPoison.test(text)) refusePoison(json, at)
  const changed = suspicious.test(text) ? findChangedNumber(text) : undefined
  if (changed !== undefined) throw invalid(`${at}${changed.path}`, changed.message)
  return json
}

/** V8's own message would quote the input. */
function parse(text: string, at: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(at, `must be valid JSON${describeFault(text)}`)
  }
}

/**
 * Matches every text with an unsound value: it has an escape other than those of line ends, tabs, quotes and slashes, or a raw control
 * character. Looking at each value costs ten times as much.
 */
const mayBeUnsound = /\\[ubf]|[\x7f-\x9f]/

/** Whether there are more brackets than may nest. */
function mayNest(text: string): boolean {
  let brackets = 0
  for (const bracket of ['{', '[']) {
    let at = text.indexOf(bracket)
    while (at >= 0 && brackets <= deepestNesting) {
      brackets += 1
      at = text.indexOf(bracket, at + 1)
    }
  }
  return brackets > deepestNesting
}

const tooDeep = `must not nest deeper than ${deepestNesting}`

/** @param text that may be JSON */
function nestsTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (sign === '"') {
      at = endOfString(text, at) - 1
      // No JSON: the parser tells.
      if (at < 0) return false
    } else if (sign === '[' || sign === '{') depth += 1
    else if (sign === ']' || sign === '}') depth -= 1
    if (depth > deepestNesting) return true
  }
  return false
}

/** Matches every text with such a key: an escape can hide its name. */
const mayPoison = /__proto__|constructor|\\u/

/** @throws Problem `invalid-request` for keys that would change an object's prototype */
function refusePoison(json: unknown, at: string): void {
  if (typeof json !== 'object' || json === null) return
  try {
    scan(json, { protoAction: 'error', constructorAction: 'error' })
  } catch {
    throw invalid(at, 'must not have a key __proto__ or constructor.prototype')
  }
}

/** Lone surrogates, and control characters but tab, line feed and carriage return. */
const unsafeText = /\p{Cs}|[^\P{Cc}\t\n\r]/u

/** @throws Problem `invalid-request` naming the text that no message may contain */
export function refuseUnsound(value: unknown, at = ''): void {
  const found = findUnsound(value)
  if (found !== undefined) throw invalid(`${at}${found.path}`, found.message)
}

type Unsound = { path: string; message: string }

/** The path is built on the way back: most bodies are sound. */
function findUnsound(value: unknown): Unsound | undefined {
  if (typeof value === 'string') {
    return unsafeText.test(value)
      ? { path: '', message: 'must not hold control characters or lone surrogates' }
      : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = findUnsound(value[index])
      if (found !== undefined) return { ...found, path: `/${index}${found.path}` }
    }
    return undefined
  }
  // Pairs of key and value would cost more than all the rest.
  const items: unknown[] = Object.values(value)
  let index = 0
  for (const key of Object.keys(value)) {
    if (unsafeText.test(key)) {
      const message = 'must not hold a key with control characters or lone surrogates'
      return { path: '', message }
    }
    const found = findUnsound(items[index])
    if (found !== undefined) return { ...found, path: `/${pointerToken(key)}${found.path}` }
    index += 1
  }
  return undefined
}

function invalid(path: string, message: string): Problem {
  const detail = `The body ${message}.`
  return new Problem('invalid-request', { detail, errors: [{ path, message }] })
}
