import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../memory/conversations.ts'
import type { Claims, Tokens } from '../memory/tokens.ts'
import { appJwtInvalid, platformError } from './refusals.ts'

/** An `aud` names the account; a token without one is valid for any. */
export function isAppJwtFor(account: string, claims: Claims | undefined): boolean {
  return claims !== undefined && (claims.aud === undefined || claims.aud === account)
}

/**
 * Both tokens are bare, without "Bearer ". Source: Authorization page, its table of error codes; its example gives
 * 40104 for a missing AppJWT, its table 40105.
 */
export function authorize(tokens: Tokens, account: string, headers: IncomingHttpHeaders): Caller {
  const { authorization, 'x-lp-on-behalf': onBehalf } = headers
  if (authorization === undefined || authorization === '') {
    throw platformError(
      {
        code: 401,
        title: 'AppJWT is missing',
        details: 'AUTHORIZATION header is not present',
        errorCode: 40105,
      },
      'Authorization has to hold the AppJWT',
    )
  }
  if (!isAppJwtFor(account, tokens.read(authorization))) {
    throw appJwtInvalid('the AppJWT has to be bare, well-formed, alive and of this account')
  }
  if (onBehalf === undefined || onBehalf === '') {
    throw platformError(
      {
        code: 401,
        title: 'ConsumerJWS is missing',
        details: 'X_ON_BEHALF_HEADER is not present',
        errorCode: 40104,
      },
      'X-LP-ON-BEHALF has to hold the ConsumerJWS',
    )
  }
  const consumerJws = String(onBehalf)
  const claims = tokens.read(consumerJws)
  if (claims === undefined || (claims.account_id !== undefined && claims.account_id !== account)) {
    throw platformError(
      { code: 401, title: 'Invalid ConsumerJWS', errorCode: 40103 },
      'the ConsumerJWS has to be bare, well-formed, alive and of this account',
    )
  }
  const { lp_consumer_id: consumer = sha256(consumerJws), ext_consumer_id: externalId } = claims
  return { account, consumer, ...(externalId === undefined ? {} : { externalId }) }
}

/** The consumer of a token that names none; as long as a real lp_consumer_id. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
