/** Fastify with schemas and undici's dispatch, and no feature beside: no log, deadline, limit, problem or document. */
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

function post(headers, body) {
  return new Promise((resolve, reject) => {
    pool.dispatch(
      { method: 'POST', path: sendPath, headers, body },
      {
        chunks: [],
        onRequestStart() {},
        onResponseStart(_controller, status) {
          this.status = status
        },
        onResponseData(_controller, chunk) {
          this.chunks.push(chunk)
        },
        onResponseEnd() {
          const [first] = this.chunks
          const bytes = this.chunks.length === 1 ? first : Buffer.concat(this.chunks)
          resolve({ status: this.status, text: bytes.toString() })
        },
        onResponseError(_controller, error) {
          reject(error)
        },
      },
    )
  })
}

const app = fastify()
app.post(route, { schema }, async (request, reply) => {
  const { id } = request.params
  const envelope = JSON.stringify(toEnvelope(id, request.body.text))
  const { status, text } = await post(toHeaders(request.headers), envelope)
  return reply.code(201).send(toEvent(status, JSON.parse(text), id, request.id))
})
await app.listen({ port, host: '127.0.0.1' })
