import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { maxFileBytes, type UrlProof } from '../memory/files.ts'
import type { State } from '../memory/state.ts'
import { bodyBytes } from './json.ts'
import { undocumented } from './refusals.ts'
import { takeWith } from './remarks.ts'

type StorageRoute = { Querystring: UrlProof }

/** File storage ("swift"): the temporary URL is the whole authorization. Source: examples page. */
export function registerFileStorage(app: FastifyInstance, state: State): void {
  const { files } = state

  async function put(request: FastifyRequest<StorageRoute>, reply: FastifyReply) {
    files.put(pathOf(state, request), request.query, bodyBytes(request))
    return reply.code(201).send()
  }

  async function get(request: FastifyRequest<StorageRoute>, reply: FastifyReply) {
    const { bytes, contentType } = files.get(pathOf(state, request), request.query)
    return reply.type(contentType).send(bytes)
  }

  // The documented https://{swift}/{relativePath} gives two slashes with a path that has its own.
  for (const path of ['/v1/AUTH_async-images/*', '//v1/AUTH_async-images/*']) {
    const upload = { bodyLimit: maxFileBytes, config: { sandboxService: 'upload' } }
    app.put<StorageRoute>(path, upload, put)
    app.get<StorageRoute>(path, { config: { sandboxService: 'download' } }, get)
  }
}

/** As it was sent, because the signature covers it. */
function pathOf(state: State, request: FastifyRequest<StorageRoute>): string {
  const path = request.url.replace(/\?.*$/s, '')
  if (!path.startsWith('//')) return path
  takeWith(state, request, ['the path begins with two slashes'], (rule) => undocumented(404, rule))
  return path.slice(1)
}
