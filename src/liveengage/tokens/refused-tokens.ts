/** Handles a token that LiveEngage refused: one of the proxy's own is renewed, or reported as the proxy's fault. */
import { Problem } from '../../problems/problem.ts'
import type { TokenKind } from '../../transport/statistics.ts'
import type { CallContext, Caller } from '../caller.ts'
import type { Credentials, Tokens } from './credentials.ts'

/** @returns tokens with a newer one in place of the refused one; undefined if that is the caller's, or if there is no newer one */
export async function newerTokens(
  kind: TokenKind,
  refused: Tokens,
  own: Credentials,
  { caller, terms: { trace } }: CallContext,
): Promise<Tokens | undefined> {
  const { accountId, credentials, consumerId } = caller
  if (credentials === undefined) return undefined
  const account = { accountId, credentials }
  if (kind === 'app-jwt') {
    if (caller.appJwt !== undefined) return undefined
    const appJwt = await own.renewAppJwt(account, refused.appJwt, trace)
    return appJwt === undefined ? undefined : { ...refused, appJwt }
  }
  if (caller.consumerJws !== undefined || consumerId === undefined) return undefined
  const consumerJws = await own.renewConsumerJws(account, consumerId, refused.consumerJws, trace)
  return consumerJws === undefined ? undefined : { ...refused, consumerJws }
}

/** A refused token that the proxy supplied is no fault of the caller. */
export function asOwnRefusal(error: unknown, { appJwt, consumerJws }: Caller): unknown {
  if (!(error instanceof Problem)) return error
  const isOwn =
    (error.code === 'app-jwt-invalid' && appJwt === undefined) ||
    (error.code === 'consumer-jws-invalid' && consumerJws === undefined)
  const { liveengage } = error.options
  if (!isOwn || liveengage === undefined) return error
  const name = error.code === 'app-jwt-invalid' ? 'AppJWT' : 'ConsumerJWS'
  // For the log: what to check.
  const cause = new Error(
    `LiveEngage refused the proxy's own ${name}: check that the app is installed in the account`,
  )
  return new Problem('credentials-rejected', { liveengage, cause })
}
