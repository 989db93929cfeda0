/** The two tokens of a call: each is the caller's where one was given, else the proxy's own. */
import { Problem } from '../problems.ts'
import type { Trace } from '../tracing.ts'
import type { Caller } from './client.ts'
import type { Credentials } from './credentials.ts'
import { beforeDeadline } from './deadline.ts'
import type { TokenKind } from './delivery.ts'
import type { Terms } from './gate.ts'

export type Tokens = { appJwt: string; consumerJws: string }

type Wait = Pick<Terms, 'deadline' | 'trace'>

export class CallTokens {
  private readonly credentials: Credentials

  constructor(credentials: Credentials) {
    this.credentials = credentials
  }

  /**
   * At once where both are at hand.
   * @throws Problem `credentials-missing`, or what a login ended in
   */
  of(caller: Caller, wait: Wait): Tokens | Promise<Tokens> {
    const consumerJws = this.consumerJwsOf(caller, wait)
    return typeof consumerJws === 'string'
      ? this.complete(consumerJws, caller, wait)
      : consumerJws.then((found) => this.complete(found, caller, wait))
  }

  /** One that is newer than the refused one. @returns undefined where that is the caller's, or there is none to be had */
  async newer(
    kind: TokenKind,
    tokens: Tokens,
    { accountId, appJwt: givenAppJwt, consumerJws: givenConsumerJws, consumerId }: Caller,
    trace: Trace | undefined,
  ): Promise<Tokens | undefined> {
    const { credentials } = this
    if (kind === 'app-jwt') {
      if (givenAppJwt !== undefined) return undefined
      const appJwt = await credentials.renewAppJwt(accountId, tokens.appJwt, trace)
      return appJwt === undefined ? undefined : { ...tokens, appJwt }
    }
    if (givenConsumerJws !== undefined || consumerId === undefined) return undefined
    const { consumerJws: refused } = tokens
    const consumerJws = await credentials.renewConsumerJws(accountId, consumerId, refused, trace)
    return consumerJws === undefined ? undefined : { ...tokens, consumerJws }
  }

  private complete(consumerJws: string, caller: Caller, wait: Wait): Tokens | Promise<Tokens> {
    const appJwt = this.appJwtOf(caller, wait)
    return typeof appJwt === 'string'
      ? { appJwt, consumerJws }
      : appJwt.then((found) => ({ appJwt: found, consumerJws }))
  }

  private consumerJwsOf(
    { accountId, consumerJws, consumerId }: Caller,
    { deadline, trace }: Wait,
  ): string | Promise<string> {
    if (consumerJws !== undefined) return consumerJws
    if (consumerId === undefined) throw new Problem('credentials-missing')
    const { credentials } = this
    return (
      credentials.knownConsumerJws(accountId, consumerId) ??
      beforeDeadline(credentials.consumerJws(accountId, consumerId, trace), deadline)
    )
  }

  private appJwtOf(
    { accountId, appJwt }: Caller,
    { deadline, trace }: Wait,
  ): string | Promise<string> {
    const { credentials } = this
    return (
      appJwt ??
      credentials.knownAppJwt(accountId) ??
      beforeDeadline(credentials.appJwt(accountId, trace), deadline)
    )
  }
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
