import { createHash } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyInstance } from 'fastify'
import { isAppJwtFor } from './authorization.ts'
import { jsonDocument } from './json.ts'
import { Refusal } from './refusals.ts'
import type { State } from './state.ts'

type Site = { Params: { account: string }; Querystring: { v?: unknown } }

const isConsumer = TypeCompiler.Compile(
  Type.Object({ ext_consumer_id: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
)

/** The ConsumerJWS. Source: Authorization page. */
export function registerIdp(app: FastifyInstance, { tokens }: State): void {
  app.post<Site>('/api/account/:account/consumer', async (request, reply) => {
    const { account } = request.params
    // botium-connector-liveperson leaves `v` out.
    if (request.query.v !== undefined && request.query.v !== '1.0') throw idpError(400)
    if (!isAppJwtFor(account, tokens.read(String(request.headers.authorization)))) {
      throw idpError(401)
    }
    const consumer = jsonDocument(request)
    if (!isConsumer.Check(consumer)) throw idpError(400)

    const { ext_consumer_id } = consumer
    const lp_consumer_id = createHash('sha256')
      .update(`${account}\n${ext_consumer_id}`)
      .digest('hex')
    // No exp: it never expires. Source: Overview page.
    const token = tokens.mint({ account_id: account, ext_consumer_id, lp_consumer_id })
    return reply.code(201).send({ token })
  })
}

/** Form and code of a sibling method; this one's are not documented. Source: developer-center issue 198. */
function idpError(status: number): Refusal {
  return new Refusal(status, { internalErrorCode: '9007' })
}
