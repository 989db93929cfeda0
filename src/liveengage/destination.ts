/** One host as the proxy meets it: its connections, who may use them, and whether it is worth trying. */
import type { Dispatcher } from 'undici'
import { Problem, type ProblemCode } from '../problems.ts'
import { Breaker, type Outcome } from './breaker.ts'
import { Gate, type GateOptions, type Terms } from './gate.ts'
import { RetryBudget } from './retry-budget.ts'

/** A service, and what a failed call of it is called. Whether the write began decides, never the error of the socket. */
export type Peer = {
  /** Each service of a host is judged by itself. */
  service: string
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
  openPool: (origin: string) => Dispatcher
  /** Ends once the exchanges it still has are over. */
  retirePool: (pool: Dispatcher) => void
  /** How long connections are used before new ones replace them. */
  lifeMs: number
  /** What a service may take at least before a time-out counts against it: callers may have asked for less. */
  patienceMs: number
}

export class Destination {
  readonly origin: string
  readonly retryBudget = new RetryBudget()
  readonly patienceMs: number
  private readonly options: DestinationOptions
  private readonly gate: Gate
  private readonly breakers = new Map<string, Breaker>()
  private pool: Dispatcher | undefined
  private retirement: NodeJS.Timeout | undefined

  constructor(origin: string, options: DestinationOptions) {
    this.origin = origin
    this.options = options
    this.patienceMs = options.patienceMs
    this.gate = new Gate(options)
  }

  /**
   * A living socket never asks DNS again. undici's own `clientTtl` can leave a request waiting for ever, so whole pools
   * are replaced; a host that is no longer used keeps none.
   */
  get dispatcher(): Dispatcher {
    if (this.pool === undefined) {
      this.pool = this.options.openPool(this.origin)
      this.retirement = setTimeout(() => this.retire(), this.options.lifeMs).unref()
    }
    return this.pool
  }

  retire(): void {
    clearTimeout(this.retirement)
    const { pool } = this
    this.pool = undefined
    if (pool !== undefined) this.options.retirePool(pool)
  }

  /** @throws Problem `overloaded` or `open` of the peer where a call would be refused now */
  refuse(peer: Peer, terms: Pick<Terms, 'accountId' | 'priority'>): void {
    refuseIfOpen(this.breakerOf(peer), peer)
    if (this.gate.isFull(terms)) throw new Problem(peer.overloaded)
  }

  /**
   * Begins a call: takes a slot, or waits for one.
   * @throws Problem `overloaded`, `expired` or `open` of the peer
   */
  enter(peer: Peer, terms: Terms): Turn | Promise<Turn> {
    const breaker = this.breakerOf(peer)
    refuseIfOpen(breaker, peer)
    const { accountId } = terms
    const wait = this.gate.enter(terms, peer)
    if (wait === undefined) return new Turn(this.gate, accountId, breaker)
    return wait.then(() => {
      if (!breaker.isOpen) return new Turn(this.gate, accountId, breaker)
      // It opened while the call waited.
      this.gate.leave(accountId)
      throw openProblem(breaker, peer)
    })
  }

  private breakerOf({ service }: Peer): Breaker {
    const known = this.breakers.get(service)
    if (known !== undefined) return known
    const breaker = new Breaker()
    this.breakers.set(service, breaker)
    return breaker
  }
}

/** A call under way; ended once, when the connection is free again. */
export class Turn {
  private readonly gate: Gate
  private readonly accountId: string
  private readonly breaker: Breaker
  private readonly era: number
  private isOver = false

  constructor(gate: Gate, accountId: string, breaker: Breaker) {
    this.gate = gate
    this.accountId = accountId
    this.breaker = breaker
    this.era = breaker.begin()
  }

  end(outcome: Outcome): void {
    if (this.isOver) return
    this.isOver = true
    this.breaker.end(this.era, outcome)
    this.gate.leave(this.accountId)
  }
}

function refuseIfOpen(breaker: Breaker, peer: Peer): void {
  if (breaker.isOpen) throw openProblem(breaker, peer)
}

function openProblem({ refusesForMs }: Breaker, { open }: Peer): Problem {
  return new Problem(open, { retryAfterSeconds: Math.max(Math.ceil(refusesForMs / 1000), 1) })
}
