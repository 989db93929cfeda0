import type { FastifyInstance } from 'fastify'
import type { State } from '../memory/state.ts'
import { bodyBytes } from './json.ts'
import { oauthError, undocumented } from './refusals.ts'

type Site = { Params: { account: string }; Querystring: Record<string, unknown> }

/** The AppJWT. Sources: Authorization page; OAuth 2.0 client credentials page. */
export function registerSentinel(app: FastifyInstance, state: State): void {
  const config = { sandboxService: 'sentinel' }
  app.post<Site>('/sentinel/api/account/:account/app/token', { config }, async (request) => {
    if (request.query['v'] !== '1.0') throw undocumented(400, 'v has to be 1.0')
    return grant(state, request.params.account, parametersOf(request.query, bodyBytes(request)))
  })

  // No `v` here. Source: OAuth 2.0 client credentials page.
  app.post<Site>('/sentinel/api/v2/account/:account/app/token', { config }, async (request) =>
    grant(state, request.params.account, parametersOf(request.query, bodyBytes(request))),
  )
}

/** From the form in the body, and from the query, where old clients put everything. Source: lp-demo-app-connector-api. */
function parametersOf(query: Record<string, unknown>, body: Buffer): Record<string, unknown> {
  return { ...query, ...Object.fromEntries(new URLSearchParams(body.toString())) }
}

function grant(state: State, account: string, parameters: Record<string, unknown>) {
  if (parameters['grant_type'] !== 'client_credentials') {
    throw oauthError(400, 'unsupported_grant_type', 'grant_type has to be client_credentials')
  }
  const { client_id, client_secret } = parameters
  if (client_id !== state.clientId || client_secret !== state.clientSecret) {
    throw oauthError(401, 'invalid_client', 'client_id or client_secret is wrong')
  }
  // No expires_in: no official example has one.
  return { access_token: appJwt(state, account), token_type: 'Bearer' }
}

function appJwt({ tokens, now, clientId, appJwtLifeSeconds }: State, account: string): string {
  const iat = Math.floor(now() / 1000)
  return tokens.mint({
    aud: account,
    azp: clientId,
    scope: 'msg.consumer',
    iss: 'Sentinel',
    iat,
    exp: iat + appJwtLifeSeconds,
  })
}
