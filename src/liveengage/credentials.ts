/** The proxy's own tokens: an AppJWT per account from Sentinel, a ConsumerJWS per consumer from IDP, cached and renewed. */
import { createHash } from 'node:crypto'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { decodeJwt } from 'jose/jwt/decode'
import { LRUCache } from 'lru-cache'
import { isProblem, Problem } from '../problems.ts'
import { isToken } from '../tokens.ts'
import type { Trace } from '../tracing.ts'
import type { Connections } from './connections.ts'
import type { Peer } from './destination.ts'
import type { Domains } from './domains.ts'
import { type Answer, exchange } from './exchange.ts'
import { parseJson } from './json.ts'
import { AppJwtAnswer, ConsumerJwsAnswer, type Service } from './protocol.ts'
import { counted, noTokenCounts, type TokenCounts } from './token-counts.ts'
import type { Call } from './trip.ts'

export type ClientCredentials = { clientId: string; clientSecret: string }

export type CredentialsOptions = {
  connections: Connections
  domains: Domains
  credentialsOf: (accountId: string) => ClientCredentials | undefined
  /** The longest one call to Sentinel or IDP may take. */
  callTimeoutMs: number
  /** Told of a renewal that failed in the background, where no request can carry the news. */
  onRenewalFailure: (problem: Problem, accountId: string) => void
  /** Of calls that no request waits for. */
  trace?: Trace | undefined
}

/** On the clock of `performance.now()`, milliseconds. */
type AppJwt = { token: string; renewAt: number; deadAt: number }
type Login = { accountId: string; credentials: ClientCredentials; trace?: Trace | undefined }
type Consumer = Login & { consumerId: string }

const mostAccounts = 10_000
/** Renewals that a refusal caused in the last seconds. */
const mostForcedRenewals = 10_000
/** 64 MiB of ConsumerJWSs, about 100,000: a token may have 8 KiB. A bound on their number would take its room at once. */
const consumerBytes = 67_108_864

/** Renewal begins at 80 % of a token's life, up to a tenth of that earlier; in its last 30 s it is no longer used. */
const renewalShare = 0.8
const safetyMs = 30_000
/** Where a token says nothing. Source: Authorization page. */
const defaultLifeMs = 3_600_000
/** So that a token which claims to be over already does not cost a login for each message. */
const shortestLifeMs = 1_000

/** After a failed login the next comes this much later. Source: login service retry page. */
const loginPauseMs = 5_000
/** Between two renewals of one token that a refusal caused. */
const forcedRenewalPauseMs = 5_000

const codes = {
  unreachable: 'login-failed',
  expired: 'login-failed',
  failed: 'login-failed',
  timeout: 'login-failed',
  overloaded: 'overloaded',
  open: 'login-failed',
} as const

const sentinel: Peer = { service: 'sentinel', ...codes }
const idp: Peer = { service: 'idp', ...codes }

const appJwtAnswer = TypeCompiler.Compile(AppJwtAnswer)
const consumerJwsAnswer = TypeCompiler.Compile(ConsumerJwsAnswer)

export class Credentials {
  readonly counts: { appJwt: TokenCounts; consumerJws: TokenCounts } = {
    appJwt: noTokenCounts(),
    consumerJws: noTokenCounts(),
  }
  private readonly options: CredentialsOptions
  private readonly appJwts: LRUCache<string, AppJwt, Login>
  private readonly consumerJwss: LRUCache<string, string, Consumer>
  /** By the key of an AppJWT, or by account where IDP failed. */
  private readonly refusals = new LRUCache<string, Problem>({
    max: mostAccounts,
    ttl: loginPauseMs,
  })
  /** Of the secrets, so that no key holds one. */
  private readonly fingerprints = new WeakMap<ClientCredentials, string>()
  /** The background renewals under way. */
  private readonly renewals = new Set<string>()
  /** By the key of an AppJWT or of a ConsumerJWS; the two have different lengths. */
  private readonly forcedRenewals = new LRUCache<string, true>({
    max: mostForcedRenewals,
    ttl: forcedRenewalPauseMs,
  })

  constructor(options: CredentialsOptions) {
    this.options = options
    this.appJwts = new LRUCache({
      max: mostAccounts,
      ignoreFetchAbort: true,
      noDeleteOnFetchRejection: true,
      fetchMethod: (key, _known, { context }) => this.logIn(key, context),
    })
    this.consumerJwss = new LRUCache({
      maxSize: consumerBytes,
      sizeCalculation: (token, key) => token.length + key.length,
      ignoreFetchAbort: true,
      fetchMethod: (_key, _known, { context }) => this.identify(context),
    })
  }

  /** Tokens at hand. */
  get sizes(): { appJwt: number; consumerJws: number } {
    return { appJwt: this.appJwts.size, consumerJws: this.consumerJwss.size }
  }

  /** Milliseconds until the first of the AppJWTs that can be used must not be used any more; undefined where there is none. */
  get firstEndMs(): number | undefined {
    const now = performance.now()
    const ends = [...this.appJwts.values()].map(({ deadAt }) => deadAt - now)
    const ahead = ends.filter((end) => end > 0)
    return ahead.length === 0 ? undefined : Math.min(...ahead)
  }

  /** The AppJWT, if one is at hand that need not be renewed. */
  knownAppJwt(accountId: string): string | undefined {
    const known = this.appJwts.get(this.keyOf(this.loginOf(accountId)))
    if (known === undefined || performance.now() >= known.renewAt) return undefined
    this.counts.appJwt.cache.hit += 1
    return known.token
  }

  /**
   * The AppJWT; one that nears its end is renewed while it is still used. Concurrent calls share one login.
   * @throws Problem `login-failed` or `credentials-rejected`, remembered for 5 s
   */
  async appJwt(accountId: string, trace?: Trace): Promise<string> {
    const login = this.loginOf(accountId)
    const key = this.keyOf(login)
    const known = this.appJwts.get(key)
    const now = performance.now()
    const { cache } = this.counts.appJwt
    const isUsable = known !== undefined && now < known.deadAt
    const refusal = this.refusals.get(key)
    cache[isUsable ? 'hit' : refusal === undefined ? 'miss' : 'refused'] += 1
    if (known !== undefined && now < known.renewAt) return known.token
    if (isUsable) {
      if (refusal === undefined) void this.renewInBackground(key, login)
      return known.token
    }
    if (refusal !== undefined) throw refusal
    const context = { ...login, trace }
    const { token } = await this.appJwts.forceFetch(key, { context, forceRefresh: true })
    return token
  }

  /**
   * Drops exactly the refused AppJWT and gets another.
   * @returns an AppJWT newer than the refused one, or undefined where it must not be renewed again so soon
   * @throws Problem as `appJwt` does
   */
  async renewAppJwt(
    accountId: string,
    refused: string,
    trace?: Trace,
  ): Promise<string | undefined> {
    const login = this.loginOf(accountId)
    const key = this.keyOf(login)
    const known = this.appJwts.get(key)
    if (known !== undefined && known.token !== refused) return known.token
    if (known !== undefined) {
      if (!this.mayForce(key)) return undefined
      this.appJwts.delete(key)
      return counted(this.counts.appJwt.renewals.refusal, this.appJwt(accountId, trace))
    }
    return this.appJwt(accountId, trace)
  }

  /** The ConsumerJWS, if it is at hand. */
  knownConsumerJws(accountId: string, consumerId: string): string | undefined {
    const key = consumerKey({ ...this.loginOf(accountId), consumerId })
    const known = this.consumerJwss.get(key)
    if (known !== undefined) this.counts.consumerJws.cache.hit += 1
    return known
  }

  /**
   * The ConsumerJWS of the caller's consumer. It has no end. Source: overview page.
   * @throws Problem `login-failed` or `credentials-rejected`
   */
  consumerJws(accountId: string, consumerId: string, trace?: Trace): Promise<string> {
    const context = { ...this.loginOf(accountId), consumerId, trace }
    const { cache } = this.counts.consumerJws
    cache[this.refusals.has(accountId) ? 'refused' : 'miss'] += 1
    return this.consumerJwss.forceFetch(consumerKey(context), { context })
  }

  /**
   * Drops exactly the refused ConsumerJWS and gets another.
   * @returns another ConsumerJWS than the refused one, or undefined where it must not be renewed again so soon
   * @throws Problem as `consumerJws` does
   */
  async renewConsumerJws(
    accountId: string,
    consumerId: string,
    refused: string,
    trace?: Trace,
  ): Promise<string | undefined> {
    const key = consumerKey({ ...this.loginOf(accountId), consumerId })
    if (this.consumerJwss.get(key) === refused) {
      if (!this.mayForce(key)) return undefined
      this.consumerJwss.delete(key)
      const renewal = this.consumerJws(accountId, consumerId, trace)
      return counted(this.counts.consumerJws.renewals.refusal, renewal)
    }
    return this.consumerJws(accountId, consumerId, trace)
  }

  private mayForce(key: string): boolean {
    if (this.forcedRenewals.has(key)) return false
    this.forcedRenewals.set(key, true)
    return true
  }

  private loginOf(accountId: string): Login {
    const credentials = this.options.credentialsOf(accountId)
    if (credentials === undefined) throw new Problem('credentials-missing')
    return { accountId, credentials }
  }

  /** Unambiguous, and another one once the secret is another: what is read anew owes nothing to the old. */
  private keyOf({ accountId, credentials }: Login): string {
    const { clientId, clientSecret } = credentials
    const known = this.fingerprints.get(credentials)
    const fingerprint = known ?? createHash('sha256').update(clientSecret).digest('base64url')
    if (known === undefined) this.fingerprints.set(credentials, fingerprint)
    return JSON.stringify([accountId, clientId, fingerprint])
  }

  private async renewInBackground(key: string, login: Login): Promise<void> {
    if (this.renewals.has(key)) return
    this.renewals.add(key)
    try {
      const renewal = this.appJwts.forceFetch(key, { context: login, forceRefresh: true })
      await counted(this.counts.appJwt.renewals.age, renewal)
    } catch (error) {
      if (error instanceof Problem) this.options.onRenewalFailure(error, login.accountId)
    } finally {
      this.renewals.delete(key)
    }
  }

  /** lru-cache's fetch method for AppJWTs. V1 of the path: V2 is not said to hold for this API. Source: OAuth 2.0 page. */
  private async logIn(key: string, login: Login): Promise<AppJwt> {
    const { accountId, credentials } = login
    const { clientId, clientSecret } = credentials
    const call: Call = {
      method: 'POST',
      path: `/sentinel/api/account/${encodeURIComponent(accountId)}/app/token?v=1.0&grant_type=client_credentials`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret }).toString(),
    }
    try {
      const answer = await this.ask(login, 'sentinel', call)
      const json = parseJson(answer.body)
      if (answer.status === 200 && appJwtAnswer.Check(json) && isToken(json.access_token)) {
        return toAppJwt(json.access_token)
      }
      throw refusalOf('Sentinel', answer.status)
    } catch (error) {
      // That the proxy had no room says nothing of the service.
      if (error instanceof Problem && error.code !== 'overloaded') this.refusals.set(key, error)
      throw error
    }
  }

  /** lru-cache's fetch method for ConsumerJWSs. Source: Authorization page; success is 201. */
  private async identify(consumer: Consumer): Promise<string> {
    const { accountId } = consumer
    const refusal = this.refusals.get(accountId)
    if (refusal !== undefined) throw refusal
    try {
      return await this.askForConsumer(consumer)
    } catch (error) {
      // A refusal concerns this consumer alone, a failure all of the account's.
      if (isProblem(error, 'login-failed')) this.refusals.set(accountId, error)
      throw error
    }
  }

  private async askForConsumer(consumer: Consumer): Promise<string> {
    const { accountId, consumerId, trace } = consumer
    const ask = (appJwt: string) =>
      this.ask(consumer, 'idp', {
        method: 'POST',
        path: `/api/account/${encodeURIComponent(accountId)}/consumer?v=1.0`,
        headers: { Authorization: appJwt, 'Content-Type': 'application/json' },
        body: JSON.stringify({ ext_consumer_id: consumerId }),
      })
    const appJwt = await this.appJwt(accountId, trace)
    let answer = await ask(appJwt)
    if (answer.status === 401) {
      const newer = await this.renewAppJwt(accountId, appJwt, trace)
      if (newer !== undefined) answer = await ask(newer)
    }
    const { status } = answer
    if (status === 400 || status === 422) {
      throw new Problem('rejected-by-liveengage', {
        detail: 'IDP refuses this X-LP-Consumer-Id.',
        liveengage: { status },
      })
    }
    const json = parseJson(answer.body)
    if (answer.status < 300 && consumerJwsAnswer.Check(json) && isToken(json.token))
      return json.token
    throw refusalOf('IDP', answer.status)
  }

  /** Asks once more, at a host looked up again, where the service did not answer or failed: both calls are safe to repeat. */
  private async ask(login: Login, service: Service, call: Call): Promise<Answer> {
    const { accountId, trace = this.options.trace } = login
    const { connections, domains, callTimeoutMs } = this.options
    const at = (origin: string) => {
      const deadline = performance.now() + callTimeoutMs
      const terms = { accountId, priority: 'high', deadline, trace } as const
      return exchange(connections.to(origin), call, terms, service === 'idp' ? idp : sentinel)
    }
    const origin =
      domains.known(accountId, service) ?? (await domains.find(accountId, service, trace))
    const first = await at(origin).catch(() => undefined)
    if (first !== undefined && first.status < 500) return first
    return at(
      first === undefined ? await domains.recheck(accountId, service, origin, trace) : origin,
    )
  }
}

/** The detail is what is logged of it, too. */
function refusalOf(service: 'Sentinel' | 'IDP', status: number): Problem {
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  const advice = 'check the client id, its secret and that the app is installed in the account'
  const detail = `${service} answered ${status}${isRefusal ? `: ${advice}` : ''}.`
  return new Problem(isRefusal ? 'credentials-rejected' : 'login-failed', {
    detail,
    cause: new Error(detail),
  })
}

/** The life comes from the token's own two times, so that a wrong clock here does no harm. */
function toAppJwt(token: string): AppJwt {
  const now = performance.now()
  const lifeMs = readLifeMs(token)
  const renewAt = now + lifeMs * renewalShare * (1 - Math.random() / 10)
  const deadAt = now + Math.max(lifeMs - safetyMs, lifeMs * 0.9)
  return { token, renewAt, deadAt }
}

/** How long a token lives by its own two times. */
export function readLifeMs(token: string): number {
  try {
    const { exp, iat = Date.now() / 1000 } = decodeJwt(token)
    // jose types both as numbers without a look at them.
    const areNumbers = typeof exp === 'number' && typeof iat === 'number'
    return areNumbers ? Math.max((exp - iat) * 1000, shortestLifeMs) : defaultLifeMs
  } catch {
    return defaultLifeMs
  }
}

/** Unambiguous whatever the parts hold. */
function consumerKey({ accountId, credentials, consumerId }: Consumer): string {
  return JSON.stringify([accountId, credentials.clientId, consumerId])
}
