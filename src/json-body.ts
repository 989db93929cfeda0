/** Reads request bodies: strict JSON in UTF-8, an empty body as none, anything else refused. */
import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { scan } from 'secure-json-parse'
import { keepFingerprint } from './idempotency.ts'
import { Problem } from './problems.ts'

const deepestNesting = 16

/** Takes the place of Fastify's own parsers, which accept text/plain, quote the input in errors and let deep nesting through. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    // Where there is no body there is nothing whose type could be wrong, not even a malformed one.
    if (isBodyless(headers)) delete headers['content-type']
    done()
  })
  const options = { parseAs: 'buffer' } as const
  app.addContentTypeParser<Buffer>('application/json', options, (request, body, done) => {
    keepFingerprint(request, body)
    request.server.bodyRoom.keep(request, body.length)
    done(null, readJson(request, body))
  })
  app.addContentTypeParser<Buffer>('*', options, (_request, body, done) => {
    done(body.length === 0 ? null : notJson(), undefined)
  })
}

function isBodyless(headers: IncomingHttpHeaders): boolean {
  return (headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined
}

function readJson({ headers }: FastifyRequest, body: Buffer): unknown {
  if (body.length === 0) return undefined
  const charset = /;\s*charset="?([^;"\s]*)/i.exec(String(headers['content-type']))?.[1] ?? 'utf-8'
  if (!/^utf-?8$/i.test(charset)) throw notJson()
  if (!isUtf8(body)) throw invalid('', 'must be UTF-8')
  const json = parse(body.toString())
  // A null would count as no body further on.
  if (json === null) throw invalid('', 'must not be null')
  refuseUnsound(json, '', 1)
  refusePoison(json)
  return json
}

/** V8's own message would quote the input. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('', 'must be valid JSON')
  }
}

/** @throws Problem `invalid-request` for keys that would change an object's prototype */
export function refusePoison(json: unknown): void {
  if (typeof json !== 'object' || json === null) return
  try {
    scan(json, { protoAction: 'error', constructorAction: 'error' })
  } catch {
    throw invalid('', 'must not have a key __proto__ or constructor.prototype')
  }
}

/** Lone surrogates, and control characters but tab, line feed and carriage return. */
const unsafeText = /\p{Cs}|[^\P{Cc}\t\n\r]/u

/**
 * @throws Problem `invalid-request` naming where the text is that no message may hold, or a number such as 1e400, which is read
 * as infinity and would go on as null
 */
export function refuseUnsound(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string') {
    if (unsafeText.test(value)) {
      throw invalid(path, 'must not hold control characters or lone surrogates')
    }
  } else if (value === Infinity || value === -Infinity) {
    throw invalid(path, 'must not be a number beyond what JSON readers can hold')
  } else if (typeof value === 'object' && value !== null) {
    if (depth > deepestNesting) throw invalid('', `must not nest deeper than ${deepestNesting}`)
    for (const [key, item] of Object.entries(value)) {
      if (unsafeText.test(key)) {
        throw invalid(path, 'must not hold a key with control characters or lone surrogates')
      }
      refuseUnsound(item, `${path}/${pointerToken(key)}`, depth + 1)
    }
  }
}

/** RFC 6901; a key that is no plain name is the caller's own words and is not shown. */
export function pointerToken(key: string): string {
  return /^[\w$.@-]{1,64}$/.test(key) ? key : '?'
}

function notJson(): Problem {
  const detail = 'A body here is JSON in UTF-8, with Content-Type: application/json.'
  return new Problem('unsupported-media-type', { detail })
}

function invalid(path: string, message: string): Problem {
  const detail = `The body ${message}.`
  return new Problem('invalid-request', { detail, errors: [{ path, message }] })
}
