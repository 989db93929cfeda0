/** Obtains the proxy's own tokens: an AppJWT from Sentinel, a ConsumerJWS from IDP. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { Problem } from '../../problems/problem.ts'
import { isToken } from '../../token-text.ts'
import { type Answer, exchange, jsonOf, type OutgoingRequest } from '../../transport/exchange.ts'
import type { Hosts } from '../../transport/hosts.ts'
import type { Trace } from '../../transport/trace.ts'
import type { ClientCredentials } from '../caller.ts'
import type { Domains } from '../domains.ts'
import { AppJwtAnswer, ConsumerJwsAnswer } from '../protocol/answers.ts'
import type { Service } from '../protocol/values.ts'
import { idp, sentinel } from '../upstreams.ts'

export type LoginOptions = {
  hosts: Hosts
  domains: Domains
  /** The longest one call to Sentinel or IDP may take. */
  callTimeoutMs: number
  /** Of calls that no request waits for. */
  trace?: Trace | undefined
}

/** The account, and the proxy's credentials for it. */
export type Account = {
  readonly accountId: string
  readonly credentials: ClientCredentials
  readonly trace?: Trace | undefined
}

const appJwtAnswer = TypeCompiler.Compile(AppJwtAnswer)
const consumerJwsAnswer = TypeCompiler.Compile(ConsumerJwsAnswer)

export class Login {
  private readonly options: LoginOptions

  constructor(options: LoginOptions) {
    this.options = options
  }

  /**
   * Obtains an AppJWT. V1 of the path: V2 is not documented for this API. Source: OAuth 2.0 page.
   * @throws Problem `login-failed`, `credentials-rejected` or `overloaded`
   */
  async appJwt(account: Account): Promise<string> {
    const { accountId, credentials } = account
    const { clientId, clientSecret } = credentials
    const answer = await this.ask(account, 'sentinel', {
      method: 'POST',
      path: `/sentinel/api/account/${encodeURIComponent(accountId)}/app/token?v=1.0&grant_type=client_credentials`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret }).toString(),
    })
    const json = jsonOf(answer)
    if (answer.status === 200 && appJwtAnswer.Check(json) && isToken(json.access_token)) {
      return json.access_token
    }
    throw refusalOf('Sentinel', answer.status)
  }

  /**
   * Obtains a ConsumerJWS. Source: Authorization page; success is 201.
   * @returns undefined if IDP refuses the AppJWT
   * @throws Problem `login-failed`, `credentials-rejected`, `overloaded`, or `rejected-by-liveengage` for this consumer's id
   */
  async consumerJws(
    account: Account,
    consumerId: string,
    appJwt: string,
  ): Promise<string | undefined> {
    const { status, body } = await this.ask(account, 'idp', {
      method: 'POST',
      path: `/api/account/${encodeURIComponent(account.accountId)}/consumer?v=1.0`,
      headers: { Authorization: appJwt, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ext_consumer_id: consumerId }),
    })
    if (status === 401) return undefined
    if (status === 400 || status === 422) {
      throw new Problem('rejected-by-liveengage', {
        detail: 'IDP refuses this X-LP-Consumer-Id.',
        liveengage: { status },
      })
    }
    const json = jsonOf({ body })
    if (status < 300 && consumerJwsAnswer.Check(json) && isToken(json.token)) return json.token
    throw refusalOf('IDP', status)
  }

  /** Tries once more, at a host looked up again, if the service did not answer or failed: both calls are safe to repeat. */
  private async ask(
    { accountId, trace = this.options.trace }: Account,
    service: Extract<Service, 'sentinel' | 'idp'>,
    request: OutgoingRequest,
  ): Promise<Answer> {
    const { hosts, domains, callTimeoutMs } = this.options
    const at = (origin: string) => {
      const deadline = performance.now() + callTimeoutMs
      const terms = { accountId, priority: 'high', deadline, trace } as const
      return exchange(hosts.at(origin), request, terms, service === 'idp' ? idp : sentinel)
    }
    const origin =
      domains.cached(accountId, service) ?? (await domains.find(accountId, service, trace))
    const first = await at(origin).catch(() => undefined)
    if (first !== undefined && first.status < 500) return first
    return at(
      first === undefined ? await domains.recheck(accountId, service, origin, trace) : origin,
    )
  }
}

/** IDP's refusal of an AppJWT that cannot be renewed. */
export function idpRefusal(): Problem {
  return refusalOf('IDP', 401)
}

/** The detail is also logged. */
function refusalOf(service: 'Sentinel' | 'IDP', status: number): Problem {
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  const advice = 'check the client id, its secret and that the app is installed in the account'
  const detail = `${service} answered ${status}${isRefusal ? `: ${advice}` : ''}.`
  return new Problem(isRefusal ? 'credentials-rejected' : 'login-failed', {
    detail,
    cause: new Error(detail),
  })
}
