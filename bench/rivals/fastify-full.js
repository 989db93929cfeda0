/** A typical full service: everything one registers out of habit, each from its own well-known package. */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import helmet from '@fastify/helmet'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import underPressure from '@fastify/under-pressure'
import { fastify } from 'fastify'
import { destination } from 'pino'
import { Counter, Histogram, register } from 'prom-client'
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
const labelNames = ['method', 'route', 'status']
const seconds = new Histogram({
  name: 'http_request_seconds',
  help: 'Time of a request',
  labelNames,
})
const requests = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames })

const app = fastify({
  // Fastify's own two lines a request, each written at once.
  logger: { level: 'info', stream: destination({ dest: process.stdout.fd, sync: true }) },
  genReqId: () => randomUUID(),
})
app.addHook('onResponse', async (request, reply) => {
  const labels = {
    method: request.method,
    route: request.routeOptions.url,
    status: reply.statusCode,
  }
  requests.inc(labels)
  seconds.observe(labels, reply.elapsedTime / 1000)
})
await app.register(helmet)
await app.register(underPressure, { maxEventLoopDelay: 10_000 })
await app.register(swagger, { openapi: { info: { title: 'A proxy', version: '1.0.0' } } })
await app.register(swaggerUi, { routePrefix: '/docs' })
app.get('/metrics', async (_request, reply) =>
  reply.type('text/plain').send(await register.metrics()),
)

app.post(route, { schema }, async (request, reply) => {
  const { id } = request.params
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: sendPath,
    headers: toHeaders(request.headers),
    body: JSON.stringify(toEnvelope(id, request.body.text)),
    signal: AbortSignal.timeout(10_000),
  })
  return reply.code(201).send(toEvent(statusCode, await body.json(), id, request.id))
})
await app.listen({ port, host: '127.0.0.1' })
