import { createHash } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyInstance } from 'fastify'
import type { State } from '../memory/state.ts'
import { isAppJwtFor } from './authorization.ts'
import { jsonDocument } from './json.ts'
import { idpError } from './refusals.ts'

type Site = { Params: { account: string }; Querystring: { v?: unknown } }

const isConsumer = TypeCompiler.Compile(
  Type.Object({ ext_consumer_id: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
)

/** The ConsumerJWS. Source: Authorization page. */
export function registerIdp(app: FastifyInstance, { tokens }: State): void {
  const config = { sandboxService: 'idp' }
  app.post<Site>('/api/account/:account/consumer', { config }, async (request, reply) => {
    const { account } = request.params
    // botium-connector-liveperson leaves `v` out.
    if (request.query.v !== undefined && request.query.v !== '1.0')
      throw idpError(400, 'v has to be 1.0')
    if (!isAppJwtFor(account, tokens.read(String(request.headers.authorization)))) {
      throw idpError(401, 'Authorization has to hold a bare AppJWT of this account')
    }
    const consumer = jsonDocument(request)
    if (!isConsumer.Check(consumer)) {
      throw idpError(400, 'the body has to be JSON: { "ext_consumer_id": "..." }')
    }

    const { ext_consumer_id } = consumer
    const lp_consumer_id = createHash('sha256')
      .update(`${account}\n${ext_consumer_id}`)
      .digest('hex')
    // No exp: it never expires. Source: Overview page.
    const token = tokens.mint({ account_id: account, ext_consumer_id, lp_consumer_id })
    return reply.code(201).send({ token })
  })
}
