/** Where an account's services are: the Domain API, cached. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { LRUCache } from 'lru-cache'
import { isProblem, Problem } from '../problems.ts'
import type { Trace } from '../tracing.ts'
import type { Connections } from './connections.ts'
import type { Peer } from './destination.ts'
import { type Answer, exchange } from './exchange.ts'
import type { HostGuard } from './hosts.ts'
import { parseJson } from './json.ts'
import { DomainAnswer, type Service } from './protocol.ts'

export type DomainsOptions = {
  connections: Connections
  /** Origin of the Domain API. */
  domainApiUrl: string
  /** Answers the origin of a host that may get tokens. */
  guard: HostGuard
  /** How long a host is used before it is looked up again; up to a tenth is taken off at random, so that accounts do not expire together. */
  ttlMs: number
  /** How long a host is still used after that while look-ups fail. */
  staleMs: number
  /** The longest one call to the Domain API may take. */
  callTimeoutMs: number
  /** Of look-ups that no request waits for. */
  trace?: Trace | undefined
}

/** How long a look-up that gave no host is remembered. */
const unknownTtlMs = 30_000
const failedTtlMs = 2_000

/** With a stale host at hand nobody waits longer than this for a look-up; after a failed one the next comes this much later. */
const stalePatienceMs = 500
const staleRecheckMs = 10_000

/**
 * A host in use is looked up again in the background this long after its last look-up, up to a tenth earlier: a move is
 * noticed within the minute although the old host may still answer. After a failed one the next comes `staleRecheckMs` later.
 */
const lookAheadMs = 50_000

/** At most one extra look-up in this time for a host that refuses connections or disowns the account. */
const recheckIntervalMs = 10_000

const maxEntries = 10_000

const longestShownHost = 100

const peer: Peer = {
  service: 'domain-api',
  unreachable: 'domain-lookup-failed',
  expired: 'domain-lookup-failed',
  failed: 'domain-lookup-failed',
  timeout: 'domain-lookup-failed',
  overloaded: 'overloaded',
  open: 'domain-lookup-failed',
}

type Entry = { origin: string; lookedUpAt: number; lookAheadAt: number }
type Place = { accountId: string; service: Service; trace?: Trace | undefined }

const domainAnswer = TypeCompiler.Compile(DomainAnswer)

/** Since the start. */
export type DomainCounts = {
  /** A host that was asked for: from the cache, after a wait for a look-up, or not to be had as an earlier look-up said. */
  cache: { hit: number; miss: number; refused: number }
  /** Look-ups that came to nothing or were late while an older host was at hand, which stays in use. */
  stale: number
  lookups: { found: number; unknown: number; failed: number }
}

export class Domains {
  readonly counts: DomainCounts = {
    cache: { hit: 0, miss: 0, refused: 0 },
    stale: 0,
    lookups: { found: 0, unknown: 0, failed: 0 },
  }
  private readonly options: DomainsOptions
  private readonly entries: LRUCache<string, Entry, Place>
  private readonly refusals = new LRUCache<string, Problem>({ max: maxEntries, ttl: unknownTtlMs })
  private readonly rechecks = new LRUCache<string, Promise<unknown>>({
    max: maxEntries,
    ttl: recheckIntervalMs,
  })

  constructor(options: DomainsOptions) {
    this.options = options
    this.entries = new LRUCache({
      max: maxEntries,
      ttl: options.ttlMs,
      // A look-up serves all who wait for it, so no one's eviction may end it.
      ignoreFetchAbort: true,
      noDeleteOnStaleGet: true,
      fetchMethod: (key, stale, { options: entry, context }) =>
        this.refresh(key, stale, context, (ttlMs) => {
          entry.ttl = ttlMs
        }),
    })
  }

  /** Hosts that are known. */
  get size(): number {
    return this.entries.size
  }

  /** The origin of an account's service, if it is known and fresh. */
  known(accountId: string, service: Service): string | undefined {
    const origin = this.peek(accountId, service)
    if (origin !== undefined) this.counts.cache.hit += 1
    return origin
  }

  /** The same for who does not go there yet. */
  peek(accountId: string, service: Service): string | undefined {
    const key = keyOf(accountId, service)
    const entry = this.entries.get(key)
    if (entry !== undefined && performance.now() >= entry.lookAheadAt) {
      entry.lookAheadAt = performance.now() + staleRecheckMs
      this.lookAhead(key, entry, { accountId, service })
    }
    return entry?.origin
  }

  /**
   * The origin of an account's service. Concurrent calls share one look-up, which is traced as a part of the first.
   * @throws Problem `account-unknown` or `domain-lookup-failed`, both remembered for a while
   */
  async find(accountId: string, service: Service, trace?: Trace): Promise<string> {
    const key = keyOf(accountId, service)
    const refusal = this.refusals.get(key)
    this.counts.cache[refusal === undefined ? 'miss' : 'refused'] += 1
    if (refusal !== undefined) throw refusal
    const { origin } = await this.entries.forceFetch(key, {
      context: { accountId, service, trace },
    })
    return origin
  }

  /**
   * Looks again where a service is, after its host refused a connection or disowned the account.
   * Whoever comes while that look-up runs waits for it too.
   * @returns the origin to use now: the same as before if nothing better is known
   */
  async recheck(
    accountId: string,
    service: Service,
    failedOrigin: string,
    trace?: Trace,
  ): Promise<string> {
    const key = keyOf(accountId, service)
    const known = this.peek(accountId, service) ?? failedOrigin
    if (known !== failedOrigin) return known
    const recheck = this.rechecks.get(key) ?? this.lookAgain(key, { accountId, service, trace })
    await recheck
    return this.peek(accountId, service) ?? failedOrigin
  }

  private lookAgain(key: string, context: Place): Promise<unknown> {
    const recheck = this.entries
      .forceFetch(key, { context, forceRefresh: true })
      .catch(() => undefined)
    this.rechecks.set(key, recheck)
    return recheck
  }

  /** lru-cache's fetch method: looks up, or makes do with what was known. */
  private async refresh(
    key: string,
    known: Entry | undefined,
    place: Place,
    setTtl: (ttlMs: number) => void,
  ): Promise<Entry> {
    const { ttlMs, staleMs } = this.options
    const lookup = this.lookUp(place).then(toEntry)
    if (known === undefined || performance.now() - known.lookedUpAt > ttlMs + staleMs) {
      const found = await lookup.catch((problem) => this.refuse(key, problem))
      setTtl(this.freshTtlMs())
      return found
    }
    return new Promise((resolve) => {
      const makeDo = () => {
        this.counts.stale += 1
        setTtl(staleRecheckMs)
        resolve(known)
      }
      const patience = setTimeout(() => {
        makeDo()
        lookup.then((late) => this.replace(key, known, late)).catch(() => undefined)
      }, stalePatienceMs)
      const take = (found: Entry) => {
        setTtl(this.freshTtlMs())
        resolve(found)
      }
      lookup.then(take, makeDo).finally(() => clearTimeout(patience))
    })
  }

  private lookAhead(key: string, known: Entry, place: Place): void {
    this.lookUp(place)
      .then((origin) => this.replace(key, known, toEntry(origin)))
      .catch(() => undefined)
  }

  /** Puts a late answer in the place of the stale one, unless a newer one is there already. */
  private replace(key: string, stale: Entry, late: Entry): void {
    if (this.entries.peek(key, { allowStale: true }) !== stale) return
    this.entries.set(key, late, { ttl: this.freshTtlMs() })
  }

  private freshTtlMs(): number {
    return this.options.ttlMs * (1 - Math.random() / 10)
  }

  private refuse(key: string, problem: unknown): never {
    // That the proxy had no room says nothing of the Domain API.
    if (problem instanceof Problem && problem.code !== 'overloaded') {
      const ttl = problem.code === 'account-unknown' ? unknownTtlMs : failedTtlMs
      this.refusals.set(key, problem, { ttl })
    }
    throw problem
  }

  private async lookUp(place: Place): Promise<string> {
    const { lookups } = this.counts
    try {
      const origin = await this.askTwice(place)
      lookups.found += 1
      return origin
    } catch (error) {
      lookups[isProblem(error, 'account-unknown') ? 'unknown' : 'failed'] += 1
      throw error
    }
  }

  /** Asks the Domain API, once more where it did not answer or failed. */
  private async askTwice(place: Place): Promise<string> {
    const first = await this.ask(place).catch(() => undefined)
    const answered = first !== undefined && first.status < 500
    return this.read(answered ? first : await this.ask(place), place.service)
  }

  private ask({ accountId, service, trace = this.options.trace }: Place): Promise<Answer> {
    const { connections, domainApiUrl, callTimeoutMs } = this.options
    const call = {
      method: 'GET',
      path: `/api/account/${encodeURIComponent(accountId)}/service/${service}/baseURI.json?version=1.0`,
      headers: { Accept: 'application/json' },
      body: null,
    } as const
    const deadline = performance.now() + callTimeoutMs
    const terms = { accountId, priority: 'high', deadline, trace } as const
    return exchange(connections.to(domainApiUrl), call, terms, peer)
  }

  /** Source for the statuses: Domain API page; 404 and a list without the service are not documented and taken for the same. */
  private read({ status, body }: Answer, service: Service): string {
    const said = `the Domain API answered ${status}`
    if (status === 400 || status === 401 || status === 404) {
      throw new Problem('account-unknown', { cause: new Error(said) })
    }
    const answer = parseJson(body)
    if (status !== 200 || !domainAnswer.Check(answer)) {
      const cause = new Error(status === 200 ? `${said} and no list of hosts` : said)
      throw new Problem('domain-lookup-failed', { cause })
    }
    const list = 'baseURIs' in answer ? answer.baseURIs : Array.isArray(answer) ? answer : [answer]
    const entry = list.find((candidate) => candidate.service === service)
    if (entry === undefined || entry.baseURI === '') {
      throw new Problem('account-unknown', { cause: new Error(`it has no host for ${service}`) })
    }
    const origin = this.options.guard(entry.baseURI)
    if (origin === undefined) {
      throw new Problem('domain-lookup-failed', {
        detail:
          'The Domain API named a host that is not in LP_ALLOWED_HOSTS; no token was sent to it.',
        // For the log: which one, should it have to be allowed. It may be any text.
        cause: new Error(`it named ${JSON.stringify(entry.baseURI.slice(0, longestShownHost))}`),
      })
    }
    return origin
  }
}

function toEntry(origin: string): Entry {
  const lookedUpAt = performance.now()
  return { origin, lookedUpAt, lookAheadAt: lookedUpAt + lookAheadMs * (1 - Math.random() / 10) }
}

/** Unambiguous: no service has a colon in its name. */
function keyOf(accountId: string, service: Service): string {
  return `${service}:${accountId}`
}
