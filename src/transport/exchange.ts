/** One outgoing HTTP call within its deadline, from its slot to its end. It fails only with a problem. */
import { AsyncResource } from 'node:async_hooks'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems/problem.ts'
import { ConnectFailure } from './connector.ts'
import { type Host, Slot, type Upstream } from './host.ts'
import type { CallOutcome } from './statistics.ts'
import type { Terms } from './terms.ts'
import type { CallSpan } from './trace.ts'

export type OutgoingRequest = {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | null
}

export type CallOptions = {
  host: Host
  terms: Terms
  upstream: Upstream
  slot: Slot
  /** Gets a Problem with one of the upstream's codes, or what was thrown before undici had the call. */
  reject: (error: unknown) => void
}

/**
 * Begins a call as soon as it has a slot.
 * @throws Problem `overloaded`, `expired` or `open` of the upstream if it gets none, or what `beforeWrite` throws
 */
export function withSlot<T>(
  { host, upstream, terms }: Pick<CallOptions, 'host' | 'upstream' | 'terms'>,
  begin: (slot: Slot, resolve: (result: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // A batch runs in the async context of one of its calls. Instrumentation must not mix it up with another request's.
    const context = new AsyncResource('UpstreamCall')
    const beginInBatch = (slot: Slot) => {
      host.inBatch(() => context.runInAsyncScope(begin, undefined, slot, resolve, reject))
    }
    const { beforeWrite } = terms
    const proceed =
      beforeWrite === undefined
        ? beginInBatch
        : (slot: Slot) => void beginAfter(beforeWrite, slot, beginInBatch, reject)
    const slot = host.takeSlot(upstream, terms)
    if (slot instanceof Slot) proceed(slot)
    else slot.then(proceed, reject)
  })
}

async function beginAfter(
  beforeWrite: () => Promise<void>,
  slot: Slot,
  begin: (slot: Slot) => void,
  reject: (error: unknown) => void,
): Promise<void> {
  try {
    await beforeWrite()
  } catch (error) {
    slot.free('none')
    return reject(error)
  }
  begin(slot)
}

export abstract class Call implements Dispatcher.DispatchHandler {
  protected readonly host: Host
  protected readonly slot: Slot
  protected span: CallSpan | undefined
  private timer: NodeJS.Timeout | undefined
  /** Set when the write begins. */
  private controller: Dispatcher.DispatchController | undefined
  private isOver = false
  private writtenAt = 0
  private readonly terms: Terms
  protected readonly upstream: Upstream
  private readonly reject: (error: unknown) => void

  constructor({ host, terms, upstream, slot, reject }: CallOptions) {
    this.host = host
    this.terms = terms
    this.upstream = upstream
    this.slot = slot
    this.reject = reject
  }

  /** If something is thrown on the way to undici, the call fails with that, and its slot and timer are freed. */
  begin(request: OutgoingRequest): void {
    try {
      this.dispatch(request)
    } catch (error) {
      this.slot.free('none')
      if (!this.settle()) return
      this.span?.end(undefined, new Problem('internal-error', { cause: error }))
      this.reject(error)
    }
  }

  private dispatch(request: OutgoingRequest): void {
    const { origin, dispatcher } = this.host
    const { deadline, trace } = this.terms
    this.span = trace?.startCall({ ...request, service: this.upstream.service, origin })
    const remainingMs = deadline - performance.now()
    if (remainingMs <= 0) {
      this.slot.free('none')
      this.fail(new Problem(this.upstream.expired))
      return
    }
    this.startTimer(remainingMs)
    const { method, path, body } = request
    const headers =
      this.span === undefined ? request.headers : { ...request.headers, ...this.span.headers }
    dispatcher.dispatch({ origin, method, path, headers, body }, this)
  }

  /**
   * undici calls this when it is about to write, and only then: from here on the upstream may have the request.
   * If it throws, the request is not written and the connection stays open for the next one; `abort` would close it.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.writtenAt = performance.now()
    // The timer may be late: a busy event loop serves a freed connection first.
    if (this.writtenAt >= this.terms.deadline) this.expire()
    if (this.isOver || this.controller !== undefined) {
      throw new Error('the call is over; nothing may be written')
    }
    this.controller = controller
    this.host.refusesConnections = false
  }

  /** Also called for a call that was over before: only then is its connection free again. */
  onResponseError(_controller: unknown, cause: unknown): void {
    const { failed, unreachable, overloaded } = this.upstream
    if (cause instanceof ConnectFailure && cause.isLackOfFiles) {
      this.slot.free('none')
      this.fail(new Problem(overloaded, { cause }))
      return
    }
    if (this.controller === undefined && cause instanceof ConnectFailure) {
      this.host.refusesConnections = true
    }
    this.slot.free(this.isUpstreamsFault(cause) ? 'failure' : 'none')
    this.fail(new Problem(this.controller === undefined ? unreachable : failed, { cause }))
  }

  /** Ends the call at once. */
  expire(): void {
    const { timeout, expired } = this.upstream
    this.fail(new Problem(this.controller === undefined ? expired : timeout))
    this.controller?.abort(new Error('the time is up'))
  }

  /** Gives the call this long from now, milliseconds. */
  protected startTimer(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(expire, ms, this)
  }

  /**
   * At the end of an answer. The slot is free with the next batch, when undici has given the connection free too: a call that had it
   * sooner would open another connection.
   */
  protected freeSlot(outcome: CallOutcome): void {
    this.host.inBatch(() => this.slot.free(outcome))
  }

  /** Rejects the call, unless it is over. */
  protected fail(problem: Problem): void {
    if (!this.settle()) return
    this.span?.end(undefined, problem)
    this.reject(problem)
  }

  /** @returns false if the call was over already */
  protected settle(): boolean {
    if (this.isOver) return false
    this.isOver = true
    clearTimeout(this.timer)
    return true
  }

  /** Not so if a pooled connection was found dead, or if the caller's deadline left too little time. */
  private isUpstreamsFault(cause: unknown): boolean {
    if (this.controller === undefined) return cause instanceof ConnectFailure
    return !this.isOver || this.terms.deadline - this.writtenAt >= this.host.patienceMs
  }
}

export type Answer = {
  status: number
  /** Both headers as they came. */
  retryAfter: string | undefined
  contentType: string | undefined
  body: Buffer
}

/** 64 KiB; LiveEngage's answers have a few hundred bytes. */
const maxAnswerBytes = 65_536

/** @throws Problem with one of the upstream's codes; its cause has the socket's error */
export function exchange(
  host: Host,
  request: OutgoingRequest,
  terms: Terms,
  upstream: Upstream,
): Promise<Answer> {
  return withSlot({ host, upstream, terms }, (slot, resolve, reject) => {
    new Exchange(resolve, { host, terms, upstream, slot, reject }).begin(request)
  })
}

class Exchange extends Call {
  private status = 0
  private retryAfter: string | undefined
  private contentType: string | undefined
  private readonly chunks: Buffer[] = []
  private bytes = 0
  private readonly resolve: (answer: Answer) => void

  constructor(resolve: (answer: Answer) => void, options: CallOptions) {
    super(options)
    this.resolve = resolve
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status
    const retryAfter = headers['retry-after']
    this.retryAfter = typeof retryAfter === 'string' ? retryAfter : undefined
    const contentType = headers['content-type']
    this.contentType = typeof contentType === 'string' ? contentType : undefined
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.byteLength
    if (this.bytes > maxAnswerBytes) {
      controller.abort(new Error(`the answer is larger than ${maxAnswerBytes} bytes`))
      return
    }
    this.chunks.push(chunk)
  }

  onResponseEnd(): void {
    const { status, retryAfter, contentType } = this
    this.freeSlot(outcomeOf(status))
    if (!this.settle()) return
    const [first] = this.chunks
    const body =
      first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks)
    this.span?.end(status)
    this.host.inBatch(() => this.resolve({ status, retryAfter, contentType, body }))
  }
}

function expire(call: Call): void {
  call.expire()
}

/** What an answer's status says of the service's health. */
export function outcomeOf(status: number): CallOutcome {
  if (status >= 500) return 'failure'
  return status >= 400 ? 'refusal' : 'success'
}

/** @returns undefined if the body is not JSON */
export function jsonOf({ body }: Pick<Answer, 'body'>): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
