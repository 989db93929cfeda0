/** Who may use a host's connections now, who waits in line, and who is told to come back later. */
import { Problem, type ProblemCode } from '../problems.ts'
import type { Trace } from '../tracing.ts'
import { Line } from './line.ts'
import { type ServiceName, type ShedReason, Stats } from './stats.ts'
import type { Stopwatch } from './stopwatch.ts'

/** What is shed first: `low` may wait only while the line is under a quarter full, `normal` under half, `high` to its end. */
export type Priority = 'low' | 'normal' | 'high'

const fillLimits: Record<Priority, number> = { low: 0.25, normal: 0.5, high: 1 }

/** On what terms a call is made. */
export type Terms = {
  accountId: string
  priority: Priority
  /** On the clock of `performance.now()`, milliseconds. */
  deadline: number
  /** The caller's connection: who has hung up does not get out of the line any more. */
  connection?: { readonly destroyed: boolean } | undefined
  /** Runs while the request is with LiveEngage. */
  watch?: Stopwatch
  /** What the call's span belongs to, where tracing is on. */
  trace?: Trace | undefined
}

export type GateOptions = {
  /** Calls in flight. */
  slots: number
  /** Calls that wait. */
  places: number
  /** How long one waits. */
  waitMs: number
  /** The share of slots and places that one account may hold, up to 1. */
  accountShare: number
}

/** What a call of a service is told that does not get in: no room, or out of time. */
export type Refusals = { service: ServiceName; overloaded: ProblemCode; expired: ProblemCode }

type Waiting = {
  terms: Terms
  since: number
  timer: NodeJS.Timeout
  enter: () => void
  refuse: (problem: Problem) => void
  refusals: Refusals
}

type Held = { slots: number; places: number }

export class Gate {
  private readonly options: GateOptions
  private readonly stats: Stats
  private inFlight = 0
  /** In the order of their coming. */
  private readonly line = new Line<Waiting>()
  /** By account; empty where one account may hold everything. */
  private readonly held = new Map<string, Held>()
  private readonly isShared: boolean
  private readonly accountSlots: number
  private readonly accountPlaces: number

  constructor(options: GateOptions, stats = new Stats()) {
    this.options = options
    this.stats = stats
    this.isShared = options.accountShare < 1
    this.accountSlots = Math.max(1, Math.floor(options.slots * options.accountShare))
    this.accountPlaces = Math.ceil(options.places * options.accountShare)
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.line.size
  }

  /** Whether a call like this would be refused now. */
  isFull({ accountId, priority }: Pick<Terms, 'accountId' | 'priority'>): boolean {
    return !this.hasSlot(accountId) && !this.hasPlace(accountId, priority)
  }

  /**
   * Takes a slot, which is given back by `leave`.
   * @returns undefined where one was free; else a promise of it, in the order of coming
   * @throws Problem with one of the codes
   */
  enter(terms: Terms, refusals: Refusals): Promise<void> | undefined {
    // A free slot is nobody's in the line: all who wait there are of accounts that hold their share.
    if (this.hasSlot(terms.accountId)) {
      this.count(terms.accountId, 'slots', 1)
      return undefined
    }
    if (!this.hasPlace(terms.accountId, terms.priority)) {
      this.shed(refusals, terms, 'full')
      throw new Problem(refusals.overloaded)
    }
    return new Promise((enter, refuse) => this.join(terms, refusals, enter, refuse))
  }

  leave(accountId: string): void {
    this.count(accountId, 'slots', -1)
    for (const waiting of this.line) {
      if (this.inFlight >= this.options.slots) return
      if (this.hasSlot(waiting.terms.accountId)) this.admit(waiting)
    }
  }

  private join(
    terms: Terms,
    refusals: Refusals,
    enter: () => void,
    refuse: (problem: Problem) => void,
  ): void {
    const since = performance.now()
    const remainingMs = terms.deadline - since
    const { waitMs } = this.options
    const isDeadline = remainingMs < waitMs
    const timer = setTimeout(
      () => {
        this.quit(waiting)
        this.shed(refusals, terms, isDeadline ? 'deadline' : 'waited')
        refuse(new Problem(isDeadline ? refusals.expired : refusals.overloaded))
      },
      Math.min(remainingMs, waitMs),
    )
    const waiting = { terms, since, timer, enter, refuse, refusals }
    this.line.join(waiting)
    this.count(terms.accountId, 'places', 1)
  }

  private admit(waiting: Waiting): void {
    const { terms, refusals, enter, refuse } = waiting
    this.quit(waiting)
    if (terms.connection?.destroyed === true) {
      const detail = 'The caller hung up while the request waited in line; nothing was sent.'
      this.shed(refusals, terms, 'hung-up')
      refuse(new Problem(refusals.overloaded, { detail }))
      return
    }
    this.count(terms.accountId, 'slots', 1)
    enter()
  }

  private quit(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    this.line.leave(waiting)
    this.stats.queueSeconds.add((performance.now() - waiting.since) / 1000)
    this.count(waiting.terms.accountId, 'places', -1)
  }

  private shed({ service }: Refusals, { priority }: Terms, reason: ShedReason): void {
    this.stats.services[service].shed[priority][reason] += 1
  }

  private hasSlot(accountId: string): boolean {
    if (this.inFlight >= this.options.slots) return false
    return !this.isShared || (this.held.get(accountId)?.slots ?? 0) < this.accountSlots
  }

  private hasPlace(accountId: string, priority: Priority): boolean {
    if (this.line.size >= this.options.places * fillLimits[priority]) return false
    return !this.isShared || (this.held.get(accountId)?.places ?? 0) < this.accountPlaces
  }

  private count(accountId: string, what: keyof Held, change: 1 | -1): void {
    if (what === 'slots') this.inFlight += change
    if (!this.isShared) return
    const held = this.held.get(accountId) ?? { slots: 0, places: 0 }
    held[what] += change
    if (held.slots === 0 && held.places === 0) this.held.delete(accountId)
    else this.held.set(accountId, held)
  }
}
