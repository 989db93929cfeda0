/** One call on its way, from the turn that it was granted to its end: what an exchange and a download have in common. */
import { AsyncResource } from 'node:async_hooks'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems.ts'
import type { CallSpan } from '../tracing.ts'
import { inBatch } from './batch.ts'
import type { Outcome } from './breaker.ts'
import { ConnectFailure } from './connections.ts'
import { type Destination, type Peer, Turn } from './destination.ts'
import type { Terms } from './gate.ts'

export type Call = {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  headers: Readonly<Record<string, string>>
  body: string | Buffer | null
}

/** Of a call that has its turn. */
export type TripOptions = {
  destination: Destination
  terms: Terms
  peer: Peer
  turn: Turn
  /** Gets a Problem with one of the peer's codes, or what was thrown before undici had the call. */
  reject: (error: unknown) => void
}

/**
 * Has `begin` called on the call's turn.
 * @throws Problem `overloaded`, `expired` or `open` of the peer where it gets none
 */
export function takeTurn<T>(
  { destination, peer, terms }: Pick<TripOptions, 'destination' | 'peer' | 'terms'>,
  begin: (turn: Turn, resolve: (result: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // What instrumentation knows of this request must not become another's.
    const place = new AsyncResource('LiveEngageCall')
    const beginInBatch = (turn: Turn) => {
      inBatch(() => place.runInAsyncScope(begin, undefined, turn, resolve, reject))
    }
    const turn = destination.enter(peer, terms)
    if (turn instanceof Turn) beginInBatch(turn)
    else turn.then(beginInBatch, reject)
  })
}

export abstract class Trip implements Dispatcher.DispatchHandler {
  protected readonly turn: Turn
  protected span: CallSpan | undefined
  private timer: NodeJS.Timeout | undefined
  private controller: Dispatcher.DispatchController | undefined
  private isOver = false
  /** When the write began. */
  private startedAt = 0
  private readonly destination: Destination
  private readonly terms: Terms
  private readonly peer: Peer
  private readonly reject: (error: unknown) => void

  constructor({ destination, terms, peer, turn, reject }: TripOptions) {
    this.destination = destination
    this.terms = terms
    this.peer = peer
    this.turn = turn
    this.reject = reject
  }

  /** Whatever is thrown on the way to undici is what the call fails with, and costs neither its slot nor a timer. */
  begin(call: Call): void {
    try {
      this.dispatch(call)
    } catch (error) {
      this.turn.end('none')
      if (!this.settle()) return
      this.span?.end(undefined, new Problem('internal-error', { cause: error }))
      this.reject(error)
    }
  }

  private dispatch(call: Call): void {
    const { origin } = this.destination
    const { deadline, trace } = this.terms
    this.span = trace?.startCall({ ...call, service: this.peer.service, origin })
    const remainingMs = deadline - performance.now()
    if (remainingMs <= 0) {
      this.turn.end('none')
      this.fail(new Problem(this.peer.expired))
      return
    }
    this.startTimer(remainingMs)
    const { method, path, body } = call
    const headers =
      this.span === undefined ? call.headers : { ...call.headers, ...this.span.headers }
    this.destination.dispatcher.dispatch({ origin, method, path, headers, body }, this)
  }

  /**
   * undici calls this when it is about to write, and only then: from here on LiveEngage may have the request.
   * What is thrown here keeps the request from being written and leaves the connection to the next one; `abort` would close it.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.startedAt = performance.now()
    // The timer may be late: a busy event loop serves a freed connection first.
    if (this.startedAt >= this.terms.deadline) this.expire()
    if (this.isOver || this.controller !== undefined) {
      throw new Error('the call is over; nothing may be written')
    }
    this.controller = controller
  }

  /** Comes also for what was over before: only then is the connection free again. */
  onResponseError(_controller: unknown, cause: unknown): void {
    this.turn.end(this.isPeersFault(cause) ? 'failure' : 'none')
    const { failed, unreachable } = this.peer
    this.fail(new Problem(this.controller === undefined ? unreachable : failed, { cause }))
  }

  /** Ends it where it stands. */
  expire(): void {
    const { timeout, expired } = this.peer
    this.fail(new Problem(this.controller === undefined ? expired : timeout))
    this.controller?.abort(new Error('the time is up'))
  }

  /** Gives it so long from now. */
  protected startTimer(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(expire, ms, this)
  }

  /** Tells whoever waits, unless the call is over. */
  protected fail(problem: Problem): void {
    if (!this.settle()) return
    this.span?.end(undefined, problem)
    this.reject(problem)
  }

  /** @returns false where the call was over already */
  protected settle(): boolean {
    if (this.isOver) return false
    this.isOver = true
    clearTimeout(this.timer)
    return true
  }

  /** Not so where a pooled socket was found dead, or where the caller's deadline left too little time. */
  private isPeersFault(cause: unknown): boolean {
    if (this.controller === undefined) return cause instanceof ConnectFailure
    const { patienceMs } = this.destination
    return !this.isOver || this.terms.deadline - this.startedAt >= patienceMs
  }
}

function expire(trip: Trip): void {
  trip.expire()
}

/** What an answer says of the service's health. */
export function judge(status: number): Outcome {
  if (status >= 500) return 'failure'
  return status >= 400 ? 'refusal' : 'success'
}
