import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from './conversations.ts'
import { appJwtInvalid, platformError } from './refusals.ts'
import type { Claims, Tokens } from './tokens.ts'

/** An `aud` names the account; a token without one is taken for any. */
export function isAppJwtFor(account: string, claims: Claims | undefined): boolean {
  return claims !== undefined && (claims.aud === undefined || claims.aud === account)
}

/**
 * Both tokens are bare, without "Bearer ". Source: Authorization page, its table of error codes; its example gives
 * 40104 for a missing AppJWT, its table 40105.
 */
export function authorize(tokens: Tokens, account: string, headers: IncomingHttpHeaders): Caller {
  const { authorization, 'x-lp-on-behalf': onBehalf } = headers
  if (!authorization) {
    throw platformError({
      code: 401,
      title: 'AppJWT is missing',
      details: 'AUTHORIZATION header is not present',
      errorCode: 40105,
    })
  }
  if (!isAppJwtFor(account, tokens.read(authorization))) throw appJwtInvalid()
  if (!onBehalf) {
    throw platformError({
      code: 401,
      title: 'ConsumerJWS is missing',
      details: 'X_ON_BEHALF_HEADER is not present',
      errorCode: 40104,
    })
  }
  const consumerJws = String(onBehalf)
  const claims = tokens.read(consumerJws)
  if (!claims || (claims.account_id !== undefined && claims.account_id !== account)) {
    throw platformError({ code: 401, title: 'Invalid ConsumerJWS', errorCode: 40103 })
  }
  return { account, consumer: claims.lp_consumer_id ?? sha256(consumerJws) }
}

/** Stands for the consumer of a token that names none; as long as a real lp_consumer_id. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
