/** For whom a call to LiveEngage is made, and how. */
import type { Host } from '../transport/host.ts'
import type { Terms } from '../transport/terms.ts'

/** Of an app installation: the proxy's own, to get tokens with. */
export type ClientCredentials = { clientId: string; clientSecret: string }

/** A token that is absent is one of the proxy's own. The tokens are bare. */
export type Caller = {
  readonly accountId: string
  /** The proxy's own for the account, if it has any. */
  readonly credentials: ClientCredentials | undefined
  readonly appJwt: string | undefined
  readonly consumerJws: string | undefined
  /** The caller's own id of the consumer, for whom the proxy obtains a ConsumerJWS. */
  readonly consumerId: string | undefined
  /** The `Client-Properties` header as the caller sent it. */
  readonly clientProperties: string | undefined
}

export type CallContext = {
  readonly caller: Caller
  readonly terms: Terms
  /** The account's messaging host if it was known when the request came; else it is looked up. */
  readonly host?: Host | undefined
}
