/** Asks LivePerson's Domain API which host an account's service has. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { isProblem, Problem } from '../problems/problem.ts'
import { type Answer, exchange, jsonOf } from '../transport/exchange.ts'
import type { Hosts } from '../transport/hosts.ts'
import type { Trace } from '../transport/trace.ts'
import type { HostAllowlist } from './host-allowlist.ts'
import { DomainAnswer } from './protocol/answers.ts'
import type { Service } from './protocol/values.ts'
import { domainApi } from './upstreams.ts'

export type DomainApiOptions = {
  hosts: Hosts
  /** Its origin. */
  domainApiUrl: string
  /** Answers the origin of a host that may get tokens. */
  allowlist: HostAllowlist
  /** The longest one call may take. */
  callTimeoutMs: number
  /** Of look-ups that no request waits for. */
  trace?: Trace | undefined
}

export type AccountService = { accountId: string; service: Service; trace?: Trace | undefined }

const maxShownHost = 100

const domainAnswer = TypeCompiler.Compile(DomainAnswer)

export class DomainApi {
  /** Look-ups since the start, by result. */
  readonly counts = { found: 0, unknown: 0, failed: 0 }
  private readonly options: DomainApiOptions

  constructor(options: DomainApiOptions) {
    this.options = options
  }

  /**
   * Looks up the origin of an account's service; asks once more if the Domain API did not answer or failed.
   * @throws Problem `account-unknown`, `domain-lookup-failed` or `overloaded`
   */
  async lookUp(place: AccountService): Promise<string> {
    try {
      const first = await this.ask(place).catch(() => undefined)
      const isAnswer = first !== undefined && first.status < 500
      const origin = this.read(isAnswer ? first : await this.ask(place), place.service)
      this.counts.found += 1
      return origin
    } catch (error) {
      this.counts[isProblem(error, 'account-unknown') ? 'unknown' : 'failed'] += 1
      throw error
    }
  }

  private ask({ accountId, service, trace = this.options.trace }: AccountService): Promise<Answer> {
    const { hosts, domainApiUrl, callTimeoutMs } = this.options
    const request = {
      method: 'GET',
      path: `/api/account/${encodeURIComponent(accountId)}/service/${service}/baseURI.json?version=1.0`,
      headers: { Accept: 'application/json' },
      body: null,
    } as const
    const deadline = performance.now() + callTimeoutMs
    const terms = { accountId, priority: 'high', deadline, trace } as const
    return exchange(hosts.at(domainApiUrl), request, terms, domainApi)
  }

  /** Source for the statuses: Domain API page. 404, and a list without the service, are not documented and mean the same here. */
  private read({ status, body }: Answer, service: Service): string {
    const said = `the Domain API answered ${status}`
    if (status === 400 || status === 401 || status === 404) {
      throw new Problem('account-unknown', { cause: new Error(said) })
    }
    const answer = jsonOf({ body })
    if (status !== 200 || !domainAnswer.Check(answer)) {
      const cause = new Error(status === 200 ? `${said} and no list of hosts` : said)
      throw new Problem('domain-lookup-failed', { cause })
    }
    const list = 'baseURIs' in answer ? answer.baseURIs : Array.isArray(answer) ? answer : [answer]
    const entry = list.find((candidate) => candidate.service === service)
    if (entry === undefined || entry.baseURI === '') {
      throw new Problem('account-unknown', { cause: new Error(`it has no host for ${service}`) })
    }
    const origin = this.options.allowlist(entry.baseURI)
    if (origin === undefined) {
      throw new Problem('domain-lookup-failed', {
        detail:
          'The Domain API named a host that is not in LP_ALLOWED_HOSTS; no token was sent to it.',
        // Logged, in case it has to be allowed. It may be any text.
        cause: new Error(`it named ${JSON.stringify(entry.baseURI.slice(0, maxShownHost))}`),
      })
    }
    return origin
  }
}
