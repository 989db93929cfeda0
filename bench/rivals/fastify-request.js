/** Fastify and undici's request(): what most would write today. */
import { fastify } from 'fastify'
import { Pool } from 'undici'
import {
  connections,
  port,
  route,
  schema,
  sendPath,
  toEnvelope,
  toEvent,
  toHeaders,
  upstream,
} from './translation.js'

const pool = new Pool(upstream, { connections, pipelining: 1 })

const app = fastify()
app.post(route, { schema }, async (request, reply) => {
  const { id } = request.params
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: sendPath,
    headers: toHeaders(request.headers),
    body: JSON.stringify(toEnvelope(id, request.body.text)),
  })
  return reply.code(201).send(toEvent(statusCode, await body.json(), id, request.id))
})
await app.listen({ port, host: '127.0.0.1' })
