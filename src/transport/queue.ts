/** The slots of a host and the queue for them: which call goes now, which waits, and which is refused. */
import type { ProblemCode } from '../problems/catalogue.ts'
import { Problem } from '../problems/problem.ts'
import { beforeDeadline } from './deadline.ts'
import type { CallStatistics, ServiceName, ShedReason } from './statistics.ts'
import type { Priority, Terms } from './terms.ts'

const fillLimits: Record<Priority, number> = { low: 0.25, normal: 0.5, high: 1 }

/** How many connections to a host may be opened at the same time, at first. */
const openingsAtFirst = 4

/** How long calls wait for a connection before more of them may be opened, milliseconds. */
const watchMs = 10

/** From this share of that time the process counts as busy, and no more are opened. */
const busyShare = 0.8

export type QueueOptions = {
  /** Calls in flight. */
  slots: number
  /** Calls that wait. */
  places: number
  /** The longest wait, milliseconds. */
  waitMs: number
  /** The share of slots and places that one account may hold, up to 1. */
  accountShare: number
  /** Connections that are open now. */
  connected: () => number
}

/** Why a call is refused: there is no room, or its deadline passed while it waited. */
export type QueueRefusals = { service: ServiceName; overloaded: ProblemCode; expired: ProblemCode }

type Waiting = {
  readonly terms: Terms
  readonly since: number
  readonly timer: NodeJS.Timeout
  readonly enter: () => void
  readonly refuse: (problem: Problem) => void
  readonly refusals: QueueRefusals
}

type Held = { slots: number; places: number }

/**
 * A call waits for a slot, and also while several connections are being opened; then it gets the connection that is free first. A TLS
 * handshake takes a millisecond of CPU time or two. In that time more calls arrive. If each of them opened a connection, all would wait
 * for all the handshakes. No call is refused because of this.
 */
export class Queue {
  private readonly options: QueueOptions
  private readonly statistics: CallStatistics
  private inFlight = 0
  /** Connections that may be opened at the same time. */
  private openings = openingsAtFirst
  private watch: NodeJS.Timeout | undefined
  /** In the order of arrival. An array: what passes through an old Set stays in memory until V8's next full collection. */
  private readonly waiting: Waiting[] = []
  /** Calls that wait for something else than a slot. */
  private holding = 0
  /** By account; empty if one account may hold everything. */
  private readonly held = new Map<string, Held>()
  private readonly hasShares: boolean
  private readonly accountSlots: number
  private readonly accountPlaces: number

  constructor(options: QueueOptions, statistics: CallStatistics) {
    this.options = options
    this.statistics = statistics
    this.hasShares = options.accountShare < 1
    this.accountSlots = Math.max(1, Math.floor(options.slots * options.accountShare))
    this.accountPlaces = Math.ceil(options.places * options.accountShare)
  }

  /** Calls that wait. */
  get length(): number {
    return this.waiting.length + this.holding
  }

  /** Whether a call on these terms would be refused now. */
  isFull({ accountId, priority }: Pick<Terms, 'accountId' | 'priority'>): boolean {
    return !this.hasSlot(accountId) && !this.hasPlace(accountId, priority)
  }

  /**
   * Takes a slot, which `leave` gives back.
   * @returns undefined if a slot was free, else a promise of one, in the order of arrival
   * @throws Problem with one of the refusals' codes
   */
  enter(terms: Terms, refusals: QueueRefusals): Promise<void> | undefined {
    const { accountId, priority } = terms
    if (!this.hasSlot(accountId)) this.requirePlace(terms, refusals)
    // A free slot with a connection is for no call in the queue: all that wait belong to accounts that hold their share.
    else if (this.hasConnection || !this.hasPlace(accountId, priority)) {
      this.count(accountId, 'slots', 1)
      return undefined
    }
    return new Promise((enter, refuse) => this.wait(terms, refusals, enter, refuse))
  }

  /**
   * Holds a place for a call that must wait for something before it may take a slot, until its deadline at most.
   * @param arrival must not reject
   * @throws Problem with one of the refusals' codes
   */
  async hold(terms: Terms, refusals: QueueRefusals, arrival: Promise<void>): Promise<void> {
    this.requirePlace(terms, refusals)
    const since = performance.now()
    this.holding += 1
    this.count(terms.accountId, 'places', 1)
    try {
      await beforeDeadline(arrival, terms.deadline, refusals.expired)
    } catch (error) {
      this.shed(refusals, terms, 'deadline')
      throw error
    } finally {
      this.holding -= 1
      this.count(terms.accountId, 'places', -1)
      this.statistics.queueSeconds.add((performance.now() - since) / 1000)
    }
    if (terms.connection?.destroyed === true) throw this.hungUp(terms, refusals)
  }

  leave(accountId: string): void {
    this.count(accountId, 'slots', -1)
    if (this.openings > openingsAtFirst && this.opening < openingsAtFirst) {
      this.openings = openingsAtFirst
    }
    if (this.waiting.length > 0) this.admitWaiting()
  }

  /** Lets in those calls that have a slot and a connection now. To be called when a connection was opened. */
  admitWaiting(): void {
    let index = 0
    while (
      index < this.waiting.length &&
      this.inFlight < this.options.slots &&
      this.hasConnection
    ) {
      const next = this.waiting[index]
      if (next !== undefined && this.hasSlot(next.terms.accountId)) this.admit(next)
      else index += 1
    }
    this.watchOpenings()
  }

  /** If the process is idle meanwhile, the handshakes wait for a host that is far away. Then more of them do no harm. */
  private watchOpenings(): void {
    if (this.watch !== undefined || this.waiting.length === 0) return
    if (this.inFlight >= this.options.slots || this.hasConnection) return
    const before = performance.eventLoopUtilization()
    this.watch = setTimeout(() => {
      this.watch = undefined
      if (this.waiting.length === 0) return
      if (performance.eventLoopUtilization(before).utilization < busyShare) this.openings *= 2
      this.admitWaiting()
    }, watchMs)
  }

  private wait(
    terms: Terms,
    refusals: QueueRefusals,
    enter: () => void,
    refuse: (problem: Problem) => void,
  ): void {
    const since = performance.now()
    const remainingMs = terms.deadline - since
    const { waitMs } = this.options
    const isDeadline = remainingMs < waitMs
    const timer = setTimeout(
      () => {
        if (!isDeadline && this.hasSlot(terms.accountId)) {
          // It waited for a connection only.
          this.admit(waiting)
          return
        }
        this.remove(waiting)
        this.shed(refusals, terms, isDeadline ? 'deadline' : 'waited')
        refuse(new Problem(isDeadline ? refusals.expired : refusals.overloaded))
      },
      Math.min(remainingMs, waitMs),
    )
    const waiting = { terms, since, timer, enter, refuse, refusals }
    this.waiting.push(waiting)
    this.count(terms.accountId, 'places', 1)
    this.watchOpenings()
  }

  private admit(waiting: Waiting): void {
    const { terms, refusals, enter, refuse } = waiting
    this.remove(waiting)
    if (terms.connection?.destroyed === true) {
      refuse(this.hungUp(terms, refusals))
      return
    }
    this.count(terms.accountId, 'slots', 1)
    enter()
  }

  private remove(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    this.waiting.splice(this.waiting.indexOf(waiting), 1)
    this.statistics.queueSeconds.add((performance.now() - waiting.since) / 1000)
    this.count(waiting.terms.accountId, 'places', -1)
  }

  private requirePlace(terms: Terms, refusals: QueueRefusals): void {
    if (this.hasPlace(terms.accountId, terms.priority)) return
    this.shed(refusals, terms, 'full')
    throw new Problem(refusals.overloaded)
  }

  private hungUp(terms: Terms, refusals: QueueRefusals): Problem {
    this.shed(refusals, terms, 'hung-up')
    const detail = 'The caller hung up while the request waited in the queue; nothing was sent.'
    return new Problem(refusals.overloaded, { detail })
  }

  private shed({ service }: QueueRefusals, { priority }: Terms, reason: ShedReason): void {
    this.statistics.shed(service, priority, reason)
  }

  private get hasConnection(): boolean {
    return this.opening < this.openings
  }

  /** Calls in flight that have no open connection yet; negative if connections are idle. */
  private get opening(): number {
    return this.inFlight - this.options.connected()
  }

  private hasSlot(accountId: string): boolean {
    if (this.inFlight >= this.options.slots) return false
    return !this.hasShares || (this.held.get(accountId)?.slots ?? 0) < this.accountSlots
  }

  private hasPlace(accountId: string, priority: Priority): boolean {
    if (this.length >= this.options.places * fillLimits[priority]) return false
    return !this.hasShares || (this.held.get(accountId)?.places ?? 0) < this.accountPlaces
  }

  private count(accountId: string, what: keyof Held, change: 1 | -1): void {
    if (what === 'slots') this.inFlight += change
    if (!this.hasShares) return
    const held = this.held.get(accountId) ?? { slots: 0, places: 0 }
    held[what] += change
    if (held.slots === 0 && held.places === 0) this.held.delete(accountId)
    else this.held.set(accountId, held)
  }
}
