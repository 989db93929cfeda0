/** One host as the proxy meets it: its connections, who may use them, and whether it is worth trying. */
import type { Dispatcher } from 'undici'
import { Problem, type ProblemCode } from '../problems.ts'
import { Breaker, type Outcome } from './breaker.ts'
import { Gate, type GateOptions, type Terms } from './gate.ts'
import { Pools, type PoolsOptions } from './pools.ts'
import { RetryBudget } from './retry-budget.ts'
import { type ServiceName, type ServiceStats, Stats } from './stats.ts'

/** A service, and what a failed call of it is called. Whether the write began decides, never the error of the socket. */
export type Peer = {
  /** Each service of a host is judged by itself. */
  service: ServiceName
  /** Nothing was written: DNS, connect, TLS, a pooled socket found dead. */
  unreachable: ProblemCode
  /** The deadline passed before anything was written. */
  expired: ProblemCode
  /** Written, and then no whole answer. */
  failed: ProblemCode
  /** Written, and the deadline passed. */
  timeout: ProblemCode
  /** No room for another call. */
  overloaded: ProblemCode
  /** Too many calls have failed of late. */
  open: ProblemCode
}

export type DestinationOptions = GateOptions & {
  pools: PoolsOptions
  /** What a service may take at least before a time-out counts against it: callers may have asked for less. */
  patienceMs: number
  stats?: Stats
}

export class Destination {
  readonly origin: string
  readonly retryBudget: RetryBudget
  readonly patienceMs: number
  private readonly gate: Gate
  private readonly stats: Stats
  private readonly breakerByService = new Map<ServiceName, Breaker>()
  private readonly pools: Pools

  constructor(origin: string, options: DestinationOptions) {
    this.origin = origin
    this.patienceMs = options.patienceMs
    this.stats = options.stats ?? new Stats()
    this.retryBudget = new RetryBudget(this.stats)
    this.gate = new Gate(options, this.stats)
    this.pools = new Pools(options.pools)
  }

  /** Calls that wait in line. */
  get waiting(): number {
    return this.gate.waiting
  }

  /** Of the services that have been called here. */
  get breakers(): Iterable<readonly [ServiceName, Breaker]> {
    return this.breakerByService
  }

  /** For the next call. */
  get dispatcher(): Dispatcher {
    return this.pools.current
  }

  /** Ends its connections. */
  retire(): void {
    this.pools.retire()
  }

  /** @throws Problem `overloaded` or `open` of the peer where a call would be refused now */
  refuse(peer: Peer, terms: Pick<Terms, 'accountId' | 'priority'>): void {
    this.refuseIfOpen(this.breakerOf(peer), peer, terms)
    if (this.gate.isFull(terms)) {
      this.stats.services[peer.service].shed[terms.priority].full += 1
      throw new Problem(peer.overloaded)
    }
  }

  /**
   * Begins a call: takes a slot, or waits for one.
   * @throws Problem `overloaded`, `expired` or `open` of the peer
   */
  enter(peer: Peer, terms: Terms): Turn | Promise<Turn> {
    const breaker = this.breakerOf(peer)
    this.refuseIfOpen(breaker, peer, terms)
    const service = this.stats.services[peer.service]
    const wait = this.gate.enter(terms, peer)
    if (wait === undefined) return new Turn(this.gate, terms, breaker, service)
    return wait.then(() => {
      try {
        // It may have opened while the call waited.
        this.refuseIfOpen(breaker, peer, terms)
      } catch (problem) {
        this.gate.leave(terms.accountId)
        throw problem
      }
      return new Turn(this.gate, terms, breaker, service)
    })
  }

  private refuseIfOpen(breaker: Breaker, peer: Peer, { priority }: Pick<Terms, 'priority'>): void {
    if (!breaker.isOpen) return
    this.stats.services[peer.service].shed[priority]['circuit-open'] += 1
    const retryAfterSeconds = Math.max(Math.ceil(breaker.refusesForMs / 1000), 1)
    throw new Problem(peer.open, { retryAfterSeconds })
  }

  private breakerOf({ service }: Peer): Breaker {
    const known = this.breakerByService.get(service)
    if (known !== undefined) return known
    const breaker = new Breaker(this.stats.services[service])
    this.breakerByService.set(service, breaker)
    return breaker
  }
}

/** A call under way: judged once, as soon as it says something of the service, and ended once, when the connection is free again. */
export class Turn {
  private readonly gate: Gate
  private readonly terms: Terms
  private readonly breaker: Breaker
  private readonly service: ServiceStats
  private readonly era: number
  private readonly startedAt = performance.now()
  private outcome: Outcome | undefined
  private isOver = false

  constructor(gate: Gate, terms: Terms, breaker: Breaker, service: ServiceStats) {
    this.gate = gate
    this.terms = terms
    this.breaker = breaker
    this.service = service
    this.era = breaker.begin()
    service.inFlight += 1
    terms.watch?.start(this.startedAt)
  }

  /**
   * Says how the service is. The first word counts: what comes of the connection later is another matter.
   * @returns that first word
   */
  judge(outcome: Outcome): Outcome {
    if (this.outcome === undefined) {
      this.outcome = outcome
      this.breaker.end(this.era, outcome)
    }
    return this.outcome
  }

  /** @param outcome counts where nothing was judged before */
  end(outcome: Outcome): void {
    if (this.isOver) return
    this.isOver = true
    const judged = this.judge(outcome)
    const now = performance.now()
    this.service.inFlight -= 1
    this.service.calls[judged] += 1
    this.service.seconds.add((now - this.startedAt) / 1000)
    this.terms.watch?.stop(now)
    this.gate.leave(this.terms.accountId)
  }
}
