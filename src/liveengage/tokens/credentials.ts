/** The proxy's own tokens, cached and renewed: an AppJWT for each account, a ConsumerJWS for each consumer. */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { atMost } from '../../at-most.ts'
import { isProblem, Problem } from '../../problems/problem.ts'
import type { Trace } from '../../transport/trace.ts'
import type { Caller, ClientCredentials } from '../caller.ts'
import { type Account, idpRefusal, Login, type LoginOptions } from './login.ts'
import { counted, noTokenCounts, type TokenCounts } from './token-counts.ts'
import { type AppJwt, toAppJwt } from './token-life.ts'

export type CredentialsOptions = LoginOptions & {
  /** Called for a renewal that failed in the background, which no request can report. */
  onRenewalFailure: (problem: Problem, accountId: string) => void
}

export type Tokens = { readonly appJwt: string; readonly consumerJws: string }

type Consumer = Account & { readonly consumerId: string }

const maxAccounts = 10_000
/** Renewals that a refusal caused in the last seconds. */
const maxForcedRenewals = 10_000
/** 64 MiB of ConsumerJWSs, about 100,000: a token may have 8 KiB. A bound on their number would take its memory at once. */
const consumerBytes = 67_108_864

/** After a failed login the next comes this much later. Source: login service retry page. */
const loginPauseMs = 5_000
/** Between two renewals of one token that a refusal caused. */
const forcedRenewalPauseMs = 5_000

export class Credentials {
  readonly counts: { appJwt: TokenCounts; consumerJws: TokenCounts } = {
    appJwt: noTokenCounts(),
    consumerJws: noTokenCounts(),
  }
  private readonly options: CredentialsOptions
  private readonly login: Login
  private readonly appJwts: LRUCache<string, AppJwt, Account>
  private readonly consumerJwss: LRUCache<string, string, Consumer>
  /** By the key of an AppJWT, or by account if IDP failed. */
  private readonly refusals = new LRUCache<string, Problem>({
    ...atMost(maxAccounts),
    ttl: loginPauseMs,
  })
  /** The background renewals under way. */
  private readonly renewals = new Set<string>()
  /** By the key of an AppJWT or of a ConsumerJWS; the two have different lengths. */
  private readonly forcedRenewals = new LRUCache<string, true>({
    ...atMost(maxForcedRenewals),
    ttl: forcedRenewalPauseMs,
  })
  /** The key of an account's AppJWT holds a digest of the secret: with a new secret nothing is owed to the old one. */
  private readonly accountKeys = new WeakMap<
    ClientCredentials,
    { accountId: string; key: string }
  >()

  constructor(options: CredentialsOptions) {
    this.options = options
    this.login = new Login(options)
    this.appJwts = new LRUCache<string, AppJwt, Account>({
      ...atMost(maxAccounts),
      ignoreFetchAbort: true,
      noDeleteOnFetchRejection: true,
      fetchMethod: (key, _known, { context }) => this.obtainAppJwt(key, context),
    })
    this.consumerJwss = new LRUCache({
      maxSize: consumerBytes,
      sizeCalculation: (token, key) => token.length + key.length,
      ignoreFetchAbort: true,
      fetchMethod: (_key, _known, { context }) => this.obtainConsumerJws(context),
    })
  }

  /** Tokens in the caches. */
  get sizes(): { appJwt: number; consumerJws: number } {
    return { appJwt: this.appJwts.size, consumerJws: this.consumerJwss.size }
  }

  /** Milliseconds until the first usable AppJWT can no longer be used; undefined if there is none. */
  get firstExpiryMs(): number | undefined {
    const now = performance.now()
    const ends = [...this.appJwts.values()].map(({ deadAt }) => deadAt - now)
    const ahead = ends.filter((end) => end > 0)
    return ahead.length === 0 ? undefined : Math.min(...ahead)
  }

  /** Both tokens of a call if neither has to be obtained or renewed: each is the caller's if given, else the proxy's own. */
  tokensAtHand(caller: Caller): Tokens | undefined {
    const { accountId, credentials, appJwt, consumerJws, consumerId } = caller
    if (appJwt !== undefined && consumerJws !== undefined) return { appJwt, consumerJws }
    if (credentials === undefined) return undefined
    const known = this.appJwts.get(this.keyOf(accountId, credentials))
    const ownAppJwt =
      known !== undefined && performance.now() < known.renewAt ? known.token : undefined
    const ownConsumerJws =
      consumerId === undefined
        ? undefined
        : this.consumerJwss.get(consumerKey(accountId, credentials, consumerId))
    const tokens = { appJwt: appJwt ?? ownAppJwt, consumerJws: consumerJws ?? ownConsumerJws }
    if (tokens.appJwt === undefined || tokens.consumerJws === undefined) return undefined
    if (appJwt === undefined) this.counts.appJwt.cache.hit += 1
    if (consumerJws === undefined) this.counts.consumerJws.cache.hit += 1
    return { appJwt: tokens.appJwt, consumerJws: tokens.consumerJws }
  }

  /**
   * Both tokens of a call, obtained if necessary.
   * @throws Problem `credentials-missing`, or as `appJwt` and `consumerJws` do
   */
  async tokens(caller: Caller, trace?: Trace): Promise<Tokens> {
    const { accountId, credentials, consumerId } = caller
    const own = () => {
      if (credentials === undefined) throw new Problem('credentials-missing')
      return { accountId, credentials }
    }
    const ownConsumerJws = () => {
      if (consumerId === undefined) throw new Problem('credentials-missing')
      return this.consumerJws(own(), consumerId, trace)
    }
    const consumerJws = caller.consumerJws ?? (await ownConsumerJws())
    return { appJwt: caller.appJwt ?? (await this.appJwt(own(), trace)), consumerJws }
  }

  /**
   * The AppJWT; one that nears its end is renewed while it is still used. Concurrent calls share one login.
   * @throws Problem `login-failed` or `credentials-rejected`, remembered for 5 s
   */
  async appJwt(account: Account, trace?: Trace): Promise<string> {
    const key = this.keyOf(account.accountId, account.credentials)
    const known = this.appJwts.get(key)
    const now = performance.now()
    const { cache } = this.counts.appJwt
    const isUsable = known !== undefined && now < known.deadAt
    const refusal = this.refusals.get(key)
    cache[isUsable ? 'hit' : refusal === undefined ? 'miss' : 'refused'] += 1
    if (known !== undefined && now < known.renewAt) return known.token
    if (isUsable) {
      if (refusal === undefined) void this.renewInBackground(key, account)
      return known.token
    }
    if (refusal !== undefined) throw refusal
    const context = { ...account, trace }
    const { token } = await this.appJwts.forceFetch(key, { context, forceRefresh: true })
    return token
  }

  /**
   * Drops exactly the refused AppJWT and obtains another.
   * @returns an AppJWT newer than the refused one, or undefined if it must not be renewed again so soon
   * @throws Problem as `appJwt` does
   */
  async renewAppJwt(account: Account, refused: string, trace?: Trace): Promise<string | undefined> {
    const key = this.keyOf(account.accountId, account.credentials)
    const known = this.appJwts.get(key)
    if (known !== undefined && known.token !== refused) return known.token
    if (known !== undefined) {
      if (!this.mayForce(key)) return undefined
      this.appJwts.delete(key)
      return counted(this.counts.appJwt.renewals.refusal, this.appJwt(account, trace))
    }
    return this.appJwt(account, trace)
  }

  /**
   * The ConsumerJWS of the caller's consumer. It does not expire. Source: overview page.
   * @throws Problem `login-failed` or `credentials-rejected`
   */
  async consumerJws(account: Account, consumerId: string, trace?: Trace): Promise<string> {
    const { accountId, credentials } = account
    const key = consumerKey(accountId, credentials, consumerId)
    const { cache } = this.counts.consumerJws
    const known = this.consumerJwss.get(key)
    if (known !== undefined) {
      cache.hit += 1
      return known
    }
    cache[this.refusals.has(accountId) ? 'refused' : 'miss'] += 1
    return this.consumerJwss.forceFetch(key, { context: { ...account, consumerId, trace } })
  }

  /**
   * Drops exactly the refused ConsumerJWS and obtains another.
   * @returns another ConsumerJWS than the refused one, or undefined if it must not be renewed again so soon
   * @throws Problem as `consumerJws` does
   */
  async renewConsumerJws(
    account: Account,
    consumerId: string,
    refused: string,
    trace?: Trace,
  ): Promise<string | undefined> {
    const key = consumerKey(account.accountId, account.credentials, consumerId)
    if (this.consumerJwss.get(key) !== refused) return this.consumerJws(account, consumerId, trace)
    if (!this.mayForce(key)) return undefined
    this.consumerJwss.delete(key)
    const renewal = this.consumerJws(account, consumerId, trace)
    return counted(this.counts.consumerJws.renewals.refusal, renewal)
  }

  private mayForce(key: string): boolean {
    if (this.forcedRenewals.has(key)) return false
    this.forcedRenewals.set(key, true)
    return true
  }

  private keyOf(accountId: string, credentials: ClientCredentials): string {
    const known = this.accountKeys.get(credentials)
    if (known?.accountId === accountId) return known.key
    const { clientId, clientSecret } = credentials
    const digest = createHash('sha256').update(clientSecret).digest('base64url')
    const key = JSON.stringify([accountId, clientId, digest])
    this.accountKeys.set(credentials, { accountId, key })
    return key
  }

  private async renewInBackground(key: string, account: Account): Promise<void> {
    if (this.renewals.has(key)) return
    this.renewals.add(key)
    try {
      const renewal = this.appJwts.forceFetch(key, { context: account, forceRefresh: true })
      await counted(this.counts.appJwt.renewals.age, renewal)
    } catch (error) {
      if (error instanceof Problem) this.options.onRenewalFailure(error, account.accountId)
    } finally {
      this.renewals.delete(key)
    }
  }

  /** lru-cache's fetch method for AppJWTs. */
  private async obtainAppJwt(key: string, account: Account): Promise<AppJwt> {
    try {
      return toAppJwt(await this.login.appJwt(account))
    } catch (error) {
      // That the proxy had no room says nothing of the service.
      if (error instanceof Problem && error.code !== 'overloaded') this.refusals.set(key, error)
      throw error
    }
  }

  /** lru-cache's fetch method for ConsumerJWSs. */
  private async obtainConsumerJws(consumer: Consumer): Promise<string> {
    const refusal = this.refusals.get(consumer.accountId)
    if (refusal !== undefined) throw refusal
    try {
      return await this.obtainWithAppJwt(consumer)
    } catch (error) {
      // A refusal concerns only this consumer, a failure the whole account.
      if (isProblem(error, 'login-failed')) this.refusals.set(consumer.accountId, error)
      throw error
    }
  }

  private async obtainWithAppJwt(consumer: Consumer): Promise<string> {
    const { consumerId, trace } = consumer
    const appJwt = await this.appJwt(consumer, trace)
    const first = await this.login.consumerJws(consumer, consumerId, appJwt)
    if (first !== undefined) return first
    const newer = await this.renewAppJwt(consumer, appJwt, trace)
    const second =
      newer === undefined ? undefined : await this.login.consumerJws(consumer, consumerId, newer)
    if (second === undefined) throw idpRefusal()
    return second
  }
}

/** Unambiguous whatever the parts hold. */
function consumerKey(
  accountId: string,
  { clientId }: ClientCredentials,
  consumerId: string,
): string {
  return JSON.stringify([accountId, clientId, consumerId])
}
