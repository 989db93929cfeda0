import type { FastifyRequest } from 'fastify'

/** The parsed value; undefined, which is no JSON value, if it is malformed. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Routes get their bytes unparsed, so that each decides on its own order of refusals. */
export function bodyBytes(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

export function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? '')
}

/** The JSON document of a request, or undefined when it is not announced as JSON or malformed. */
export function jsonDocument(request: FastifyRequest): unknown {
  return isJson(request.headers['content-type'])
    ? parseJson(bodyBytes(request).toString())
    : undefined
}
