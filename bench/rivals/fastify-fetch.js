/** Fastify and Node's own fetch. */
import { fastify } from 'fastify'
import {
  port,
  route,
  schema,
  sendPath,
  toEnvelope,
  toEvent,
  toHeaders,
  upstream,
} from './translation.js'

const app = fastify()
app.post(route, { schema }, async (request, reply) => {
  const { id } = request.params
  const answer = await fetch(`${upstream}${sendPath}`, {
    method: 'POST',
    headers: toHeaders(request.headers),
    body: JSON.stringify(toEnvelope(id, request.body.text)),
  })
  return reply.code(201).send(toEvent(answer.status, await answer.json(), id, request.id))
})
await app.listen({ port, host: '127.0.0.1' })
