/** The one door to the network: one HTTP round trip, inside its deadline, failing only as a problem. */
import type { Dispatcher } from 'undici'
import { Problem } from '../problems.ts'
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

export type Answer = {
  status: number
  /** Both headers as they came. */
  retryAfter: string | undefined
  contentType: string | undefined
  body: Buffer
}

/** 64 KiB; LiveEngage's answers have a few hundred bytes. */
const maxAnswerBytes = 65_536

/**
 * Does one round trip, on its turn.
 * @throws Problem with one of the peer's codes; its cause has the socket's error
 */
export function exchange(
  destination: Destination,
  call: Call,
  terms: Terms,
  peer: Peer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const turn = destination.enter(peer, terms)
    const begin = (granted: Turn) => {
      new RoundTrip(resolve, reject, peer, terms.deadline, destination, granted).begin(call)
    }
    if (turn instanceof Turn) begin(turn)
    else turn.then(begin).catch(reject)
  })
}

class RoundTrip implements Dispatcher.DispatchHandler {
  private timer: NodeJS.Timeout | undefined
  private controller: Dispatcher.DispatchController | undefined
  private settled = false
  private status = 0
  private retryAfter: string | undefined
  private contentType: string | undefined
  private readonly chunks: Buffer[] = []
  private bytes = 0
  /** When the write began. */
  private startedAt = 0

  private readonly resolve: (answer: Answer) => void
  private readonly reject: (problem: Problem) => void
  private readonly peer: Peer
  private readonly deadline: number
  private readonly destination: Destination
  private readonly turn: Turn

  constructor(
    resolve: (answer: Answer) => void,
    reject: (problem: Problem) => void,
    peer: Peer,
    deadline: number,
    destination: Destination,
    turn: Turn,
  ) {
    this.resolve = resolve
    this.reject = reject
    this.peer = peer
    this.deadline = deadline
    this.destination = destination
    this.turn = turn
  }

  begin({ method, path, headers, body }: Call): void {
    const { origin, dispatcher } = this.destination
    const remainingMs = this.deadline - performance.now()
    if (remainingMs <= 0) {
      this.turn.end('none')
      this.reject(new Problem(this.peer.expired))
      return
    }
    this.timer = setTimeout(expire, remainingMs, this)
    dispatcher.dispatch({ origin, method, path, headers, body }, this)
  }

  /**
   * undici calls this when it is about to write, and only then: from here on LiveEngage may have the request.
   * What is thrown here keeps the request from being written and leaves the connection to the next one; `abort` would close it.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.startedAt = performance.now()
    // The timer may be late: a busy event loop serves a freed connection first.
    if (this.startedAt >= this.deadline) this.expire()
    if (this.settled || this.controller !== undefined) {
      throw new Error('the exchange is over; nothing may be written')
    }
    this.controller = controller
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
    this.turn.end(judge(this.status))
    if (!this.settle()) return
    const [first] = this.chunks
    const body =
      first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks)
    const { status, retryAfter, contentType } = this
    this.resolve({ status, retryAfter, contentType, body })
  }

  /** Comes also for what was settled before: only then is the connection free again. */
  onResponseError(_controller: unknown, cause: unknown): void {
    this.turn.end(this.isPeersFault(cause) ? 'failure' : 'none')
    if (!this.settle()) return
    const { failed, unreachable } = this.peer
    this.reject(new Problem(this.controller === undefined ? unreachable : failed, { cause }))
  }

  expire(): void {
    if (!this.settle()) return
    const { timeout, expired } = this.peer
    this.reject(new Problem(this.controller === undefined ? expired : timeout))
    this.controller?.abort(new Error('the deadline passed'))
  }

  /** Not so where a pooled socket was found dead, or where the caller's deadline left too little time. */
  private isPeersFault(cause: unknown): boolean {
    if (this.controller === undefined) return cause instanceof ConnectFailure
    return !this.settled || this.deadline - this.startedAt >= this.destination.patienceMs
  }

  private settle(): boolean {
    if (this.settled) return false
    this.settled = true
    clearTimeout(this.timer)
    return true
  }
}

function expire(roundTrip: RoundTrip): void {
  roundTrip.expire()
}

/** What an answer says of the service's health. */
export function judge(status: number): Outcome {
  if (status >= 500) return 'failure'
  return status >= 400 ? 'refusal' : 'success'
}
