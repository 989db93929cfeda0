/** Where an account's services are: the Domain API's answers, cached. */
import { LRUCache } from 'lru-cache'
import { atMost } from '../at-most.ts'
import { Problem } from '../problems/problem.ts'
import type { Trace } from '../transport/trace.ts'
import { type AccountService, DomainApi, type DomainApiOptions } from './domain-api.ts'
import type { Service } from './protocol/values.ts'

export type DomainsOptions = DomainApiOptions & {
  /** How long a host is used before it is looked up again, less up to a tenth at random, so that accounts do not expire together. */
  ttlMs: number
  /** How long a host is still used after that while look-ups fail. */
  staleMs: number
}

/** How long a failed look-up is remembered. */
const unknownTtlMs = 30_000
const failedTtlMs = 2_000

/** With a stale host in the cache, a look-up is awaited only this long. After a failed one, the next comes this much later. */
const stalePatienceMs = 500
const staleRecheckMs = 10_000

/**
 * A host in use is looked up again in the background this long after its last look-up, up to a tenth earlier: a move is
 * noticed within the minute although the old host may still answer. After a failed one the next comes `staleRecheckMs` later.
 */
const lookAheadMs = 50_000

/** At most one extra look-up in this time for a host that refuses connections or the account. */
const recheckIntervalMs = 10_000

/**
 * A host that takes no connections is looked up again in the background this long after its last look-up. Its circuit breaker
 * refuses the calls that would notice a move.
 */
const unreachableRecheckMs = 2_000

const maxEntries = 10_000

type Entry = {
  readonly origin: string
  readonly lookedUpAt: number
  /** When the next look-up in the background is due: that of a host in use, and that of one that takes no connections. */
  lookAheadAt: number
  unreachableRecheckAt: number
}

/** Since the start. */
export type DomainCounts = {
  /** Requests for hosts: from the cache, after a look-up, or refused because an earlier look-up had failed. */
  cache: { hit: number; miss: number; refused: number }
  /** Look-ups that failed or were late while an older host was in the cache, which stays in use. */
  stale: number
  lookups: { found: number; unknown: number; failed: number }
}

export class Domains {
  readonly counts: DomainCounts
  private readonly options: DomainsOptions
  private readonly api: DomainApi
  private readonly entries: LRUCache<string, Entry, AccountService>
  private readonly refusals = new LRUCache<string, Problem>({
    ...atMost(maxEntries),
    ttl: unknownTtlMs,
  })
  private readonly rechecks = new LRUCache<string, Promise<unknown>>({
    ...atMost(maxEntries),
    ttl: recheckIntervalMs,
  })

  constructor(options: DomainsOptions) {
    this.options = options
    this.api = new DomainApi(options)
    this.counts = {
      cache: { hit: 0, miss: 0, refused: 0 },
      stale: 0,
      lookups: this.api.counts,
    }
    this.entries = new LRUCache<string, Entry, AccountService>({
      ...atMost(maxEntries),
      ttl: options.ttlMs,
      // A look-up serves all that wait for it, so an eviction must not end it.
      ignoreFetchAbort: true,
      noDeleteOnStaleGet: true,
      fetchMethod: (key, stale, { options: entry, context }) =>
        this.refresh(key, stale, context, (ttlMs) => {
          entry.ttl = ttlMs
        }),
    })
  }

  /** Hosts in the cache. */
  get size(): number {
    return this.entries.size
  }

  /** The origin of an account's service, if it is cached and fresh. One in use is kept fresh by look-ups in the background. */
  cached(accountId: string, service: Service): string | undefined {
    const key = keyOf(accountId, service)
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    this.counts.cache.hit += 1
    if (this.isLookUpDue(entry)) this.lookAhead(key, entry, { accountId, service })
    return entry.origin
  }

  /**
   * Looks up the origin of an account's service. Concurrent calls share one look-up, which is traced as part of the first.
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
   * Looks a service up again, after its host refused a connection or the account.
   * Calls that come while that look-up runs wait for it too.
   * @returns the origin to use now: the same as before if nothing better is known
   */
  async recheck(
    accountId: string,
    service: Service,
    failedOrigin: string,
    trace?: Trace,
  ): Promise<string> {
    const key = keyOf(accountId, service)
    const known = this.entries.get(key)?.origin ?? failedOrigin
    if (known !== failedOrigin) return known
    await (this.rechecks.get(key) ?? this.lookAgain(key, { accountId, service, trace }))
    return this.entries.get(key)?.origin ?? failedOrigin
  }

  private lookAgain(key: string, context: AccountService): Promise<unknown> {
    const recheck = this.entries
      .forceFetch(key, { context, forceRefresh: true })
      .catch(() => undefined)
    this.rechecks.set(key, recheck)
    return recheck
  }

  /** lru-cache's fetch method: looks up, or uses the known host. */
  private async refresh(
    key: string,
    known: Entry | undefined,
    place: AccountService,
    setTtl: (ttlMs: number) => void,
  ): Promise<Entry> {
    const { ttlMs, staleMs } = this.options
    const lookup = this.api.lookUp(place).then(toEntry)
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

  private isLookUpDue({ origin, lookAheadAt, unreachableRecheckAt }: Entry): boolean {
    const now = performance.now()
    if (now >= lookAheadAt) return true
    return now >= unreachableRecheckAt && this.options.hosts.at(origin).refusesConnections
  }

  private lookAhead(key: string, known: Entry, place: AccountService): void {
    const now = performance.now()
    known.lookAheadAt = now + staleRecheckMs
    known.unreachableRecheckAt = now + unreachableRecheckMs
    this.api
      .lookUp(place)
      .then((origin) => this.replace(key, known, toEntry(origin)))
      .catch(() => undefined)
  }

  /** Replaces the stale entry with a late answer, unless there is a newer one. */
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
}

function toEntry(origin: string): Entry {
  const lookedUpAt = performance.now()
  return {
    origin,
    lookedUpAt,
    lookAheadAt: lookedUpAt + lookAheadMs * (1 - Math.random() / 10),
    unreachableRecheckAt: lookedUpAt + unreachableRecheckMs,
  }
}

/** Unambiguous: no service has a colon in its name. */
function keyOf(accountId: string, service: Service): string {
  return `${service}:${accountId}`
}
