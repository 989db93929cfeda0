import type { FastifyInstance, FastifyRequest } from 'fastify'
import { bodyBytes } from './json.ts'
import type { State } from './state.ts'
import { MAX_FILE_BYTES, type UrlProof } from './storage.ts'

/** File storage ("swift"): the temporary URL is the whole authorization. Source: examples page. */
export function registerStorage(app: FastifyInstance, { storage }: State): void {
  app.put<{ Querystring: UrlProof }>(
    '/v1/AUTH_async-images/*',
    { bodyLimit: MAX_FILE_BYTES },
    async (request, reply) => {
      storage.put(pathOf(request), request.query, bodyBytes(request))
      return reply.code(201).send()
    },
  )

  app.get<{ Querystring: UrlProof }>('/v1/AUTH_async-images/*', async (request, reply) => {
    const { bytes, contentType } = storage.get(pathOf(request), request.query)
    return reply.type(contentType).send(bytes)
  })
}

/** As it was sent, because the signature covers it. */
function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*$/s, '')
}
