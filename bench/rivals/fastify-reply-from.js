/** @fastify/reply-from with the translation around it. */
import replyFrom from '@fastify/reply-from'
import { fastify } from 'fastify'
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

const app = fastify()
await app.register(replyFrom, { base: upstream, undici: { connections, pipelining: 1 } })
app.post(route, { schema }, (request, reply) => {
  const { id } = request.params
  return reply.from(sendPath, {
    body: toEnvelope(id, request.body.text),
    rewriteRequestHeaders: (_request, headers) => ({
      ...toHeaders(request.headers),
      'content-length': headers['content-length'],
    }),
    rewriteHeaders: () => ({}),
    onResponse: async (_request, _reply, { statusCode, stream }) => {
      const chunks = []
      for await (const chunk of stream) chunks.push(chunk)
      const answer = JSON.parse(Buffer.concat(chunks).toString())
      reply.code(201).send(toEvent(statusCode, answer, id, request.id))
    },
  })
})
await app.listen({ port, host: '127.0.0.1' })
