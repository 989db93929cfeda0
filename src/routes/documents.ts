/** The OpenAPI document as files, made once when first asked for. */
import type { FastifyInstance } from 'fastify'

export function mountDocuments(app: FastifyInstance): void {
  let json: string | undefined
  let yaml: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    json ??= JSON.stringify(app.swagger(), null, 2)
    return reply.type('application/json').send(json)
  })
  app.get('/openapi.yaml', { schema: { hide: true } }, (_request, reply) => {
    yaml ??= app.swagger({ yaml: true })
    return reply.type('application/yaml').send(yaml)
  })
}
