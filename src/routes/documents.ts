/** The OpenAPI document as files, made once, on first use; as bytes, so that they are encoded and held only once. */
import type { FastifyInstance } from 'fastify'

export function mountDocuments(app: FastifyInstance): void {
  let json: Buffer | undefined
  let yaml: Buffer | undefined
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    json ??= Buffer.from(JSON.stringify(app.swagger(), null, 2))
    return reply.type('application/json').send(json)
  })
  app.get('/openapi.yaml', { schema: { hide: true } }, (_request, reply) => {
    yaml ??= Buffer.from(app.swagger({ yaml: true }))
    return reply.type('application/yaml').send(yaml)
  })
}
