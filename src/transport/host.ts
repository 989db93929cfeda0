/** One upstream host: its connections, its slots and queue, and a circuit breaker for each of its services. */
import type { Dispatcher } from 'undici'
import type { ProblemCode } from '../problems/catalogue.ts'
import { Problem } from '../problems/problem.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { ConnectionPools, type ConnectionPoolsOptions } from './connection-pools.ts'
import { Queue, type QueueOptions } from './queue.ts'
import { RetryBudget } from './retry-budget.ts'
import type {
  CallOutcome,
  CallStatistics,
  ServiceName,
  ServiceStatistics,
  ShedReason,
} from './statistics.ts'
import type { Terms } from './terms.ts'

/** A service, and the problem for each failure of a call to it. What counts is whether the write began, not the socket's error. */
export type Upstream = {
  /** Each service of a host has a circuit breaker of its own. */
  readonly service: ServiceName
  /** Nothing was written: DNS, connect, TLS, or a pooled connection that was found dead. */
  readonly unreachable: ProblemCode
  /** The deadline passed before anything was written. */
  readonly expired: ProblemCode
  /** Written, and no whole answer. */
  readonly failed: ProblemCode
  /** Written, and the deadline passed. */
  readonly timeout: ProblemCode
  /** There is no room for another call. */
  readonly overloaded: ProblemCode
  /** The circuit breaker is open. Absent: the service has none, and every call is tried. */
  readonly open?: ProblemCode
}

/** Why a call cannot begin now, and the problem that says so. */
export type Refusal = { reason: ShedReason; problem: Problem }

export type HostOptions = Omit<QueueOptions, 'connected'> & {
  pools: Omit<ConnectionPoolsOptions, 'onConnect'>
  /** How long a call must have run for a timeout to count as a failure, milliseconds: callers may ask for less. */
  patienceMs: number
  statistics: CallStatistics
  /** Runs work in a batch with that of other calls; see `Hosts`. */
  inBatch: (work: () => void) => void
}

export class Host {
  readonly origin: string
  readonly retryBudget: RetryBudget
  readonly patienceMs: number
  readonly inBatch: HostOptions['inBatch']
  readonly pools: ConnectionPools
  /** Whether the latest attempt to connect failed and no call has been written since. */
  refusesConnections = false
  private readonly queue: Queue
  private readonly statistics: CallStatistics
  private readonly breakerByService = new Map<ServiceName, CircuitBreaker>()

  constructor(origin: string, options: HostOptions) {
    this.origin = origin
    this.patienceMs = options.patienceMs
    this.inBatch = options.inBatch
    this.statistics = options.statistics
    this.retryBudget = new RetryBudget(this.statistics)
    const onConnect = () => this.queue.admitWaiting()
    this.pools = new ConnectionPools({ ...options.pools, onConnect })
    const connected = () => this.pools.connected
    this.queue = new Queue({ ...options, connected }, this.statistics)
  }

  /** Calls that wait for a slot. */
  get waiting(): number {
    return this.queue.length
  }

  /** Of the services that have been called here. */
  get breakers(): Iterable<readonly [ServiceName, CircuitBreaker]> {
    return this.breakerByService
  }

  /** The connection pool for the next call. */
  get dispatcher(): Dispatcher {
    return this.pools.steady ?? this.pools.next()
  }

  /** Why a call would be refused now, if it would: `overloaded` or `open` of the upstream. Nothing is counted. */
  refusalOf(upstream: Upstream, terms: Pick<Terms, 'accountId' | 'priority'>): Refusal | undefined {
    const refusal = this.breakerRefusal(upstream)
    if (refusal !== undefined || !this.queue.isFull(terms)) return refusal
    return { reason: 'full', problem: new Problem(upstream.overloaded) }
  }

  /**
   * Begins a call: takes a slot, or waits for one.
   * @throws Problem `overloaded`, `expired` or `open` of the upstream
   */
  takeSlot(upstream: Upstream, terms: Terms): Slot | Promise<Slot> {
    const breaker = this.breakerOf(upstream)
    this.refuseIfOpen(upstream, terms)
    const service = this.statistics.services[upstream.service]
    const wait = this.queue.enter(terms, upstream)
    if (wait === undefined) return new Slot(this.queue, terms, breaker, service)
    return wait.then(() => {
      try {
        // The breaker may have opened while the call waited.
        this.refuseIfOpen(upstream, terms)
      } catch (error) {
        this.queue.leave(terms.accountId)
        throw error
      }
      return new Slot(this.queue, terms, breaker, service)
    })
  }

  /**
   * Holds a place in the queue for a call that may not go yet; see `Queue.hold`.
   * @throws Problem `overloaded` or `expired` of the upstream
   */
  holdPlace(upstream: Upstream, terms: Terms, arrival: Promise<void>): Promise<void> {
    return this.queue.hold(terms, upstream, arrival)
  }

  private refuseIfOpen(upstream: Upstream, { priority }: Terms): void {
    const refusal = this.breakerRefusal(upstream)
    if (refusal === undefined) return
    this.statistics.shed(upstream.service, priority, refusal.reason)
    throw refusal.problem
  }

  private breakerRefusal(upstream: Upstream): Refusal | undefined {
    const breaker = this.breakerOf(upstream)
    if (upstream.open === undefined || breaker?.isOpen !== true) return undefined
    const retryAfterSeconds = Math.max(Math.ceil(breaker.refusesForMs / 1000), 1)
    const problem = new Problem(upstream.open, { retryAfterSeconds })
    return { reason: 'circuit-open', problem }
  }

  private breakerOf({ service, open }: Upstream): CircuitBreaker | undefined {
    if (open === undefined) return undefined
    const known = this.breakerByService.get(service)
    if (known !== undefined) return known
    const breaker = new CircuitBreaker(this.statistics.services[service])
    this.breakerByService.set(service, breaker)
    return breaker
  }
}

/** A slot in use. Its call is judged once, as soon as its outcome is known, and ends once, when the connection is free again. */
export class Slot {
  private readonly queue: Queue
  private readonly terms: Terms
  private readonly breaker: CircuitBreaker | undefined
  private readonly service: ServiceStatistics
  private readonly era: number
  private readonly startedAt = performance.now()
  private outcome: CallOutcome | undefined
  private isFree = false

  constructor(
    queue: Queue,
    terms: Terms,
    breaker: CircuitBreaker | undefined,
    service: ServiceStatistics,
  ) {
    this.queue = queue
    this.terms = terms
    this.breaker = breaker
    this.service = service
    this.era = breaker?.begin() ?? 0
    service.inFlight += 1
    if (terms.upstreamTime !== undefined) terms.upstreamTime.startedAt = this.startedAt
  }

  /**
   * Tells the circuit breaker the outcome of the call. Only the first one counts: the connection may still fail later.
   * @returns that first outcome
   */
  judge(outcome: CallOutcome): CallOutcome {
    if (this.outcome === undefined) {
      this.outcome = outcome
      this.breaker?.end(this.era, outcome)
    }
    return this.outcome
  }

  /** Gives the slot back. @param outcome counts if the call was not judged before */
  free(outcome: CallOutcome): void {
    if (this.isFree) return
    this.isFree = true
    const judged = this.judge(outcome)
    const ms = performance.now() - this.startedAt
    const { upstreamTime, accountId } = this.terms
    this.service.inFlight -= 1
    this.service.calls[judged] += 1
    this.service.seconds.add(ms / 1000)
    if (upstreamTime !== undefined) {
      upstreamTime.endedMs += ms
      upstreamTime.startedAt = undefined
    }
    this.queue.leave(accountId)
  }
}
