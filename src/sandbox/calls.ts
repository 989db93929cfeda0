import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { bodyBytes, isJson, parseJson } from './json.ts'

const MAX_CALLS = 10_000
const MAX_TOTAL_BYTES = 32 * 2 ** 20

/** One call as it arrived. `body` is parsed JSON, else text; undefined where there was none or it was too large. */
export type ReceivedCall = {
  method: string
  url: string
  headers: Record<string, string | string[] | undefined>
  body: unknown
  receivedAt: number
}

type RawCall = Omit<ReceivedCall, 'body'> & { bytes: Buffer }

/** Keeps what arrives, refused or not: the newest 10,000 calls or 32 MiB of bodies. Oldest first. */
export function recordCalls(
  app: FastifyInstance,
  now: () => number,
): () => readonly ReceivedCall[] {
  const calls = new LRUCache<string, RawCall>({
    max: MAX_CALLS,
    maxSize: MAX_TOTAL_BYTES,
    sizeCalculation: ({ bytes }) => 1 + bytes.length,
  })

  async function record(request: FastifyRequest): Promise<void> {
    const { id, method, url, headers } = request
    calls.delete(id)
    calls.set(id, { method, url, headers, bytes: bodyBytes(request), receivedAt: now() })
  }

  // On arrival, for a call whose body is never read, and again with the body.
  app.addHook('onRequest', record)
  app.addHook('preHandler', record)

  return () =>
    [...calls.rvalues()]
      .filter((call) => call !== undefined)
      .map(({ bytes, ...call }) => ({
        ...call,
        body: bodyOf(bytes, call.headers['content-type']),
      }))
}

function bodyOf(bytes: Buffer, contentType: string | string[] | undefined): unknown {
  if (bytes.length === 0) return undefined
  const text = bytes.toString()
  return isJson(String(contentType)) ? (parseJson(text) ?? text) : text
}
