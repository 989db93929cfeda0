/** The one door to the network: one HTTP round trip, inside its deadline, failing only as a problem. */
import type { Dispatcher } from 'undici'
import { Problem, type ProblemCode } from '../problems.ts'

/** What a failed round trip is called. Whether the write began decides, never the error of the socket. */
export type FailureCodes = {
  /** Nothing was written: DNS, connect, TLS, a pooled socket found dead. */
  unreachable: ProblemCode
  /** The deadline passed before anything was written. */
  expired: ProblemCode
  /** Written, and then no whole answer. */
  failed: ProblemCode
  /** Written, and the deadline passed. */
  timeout: ProblemCode
}

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
 * Does one round trip. @param deadline on the clock of `performance.now()`, milliseconds
 * @throws Problem with one of `failures`; its cause has the socket's error
 */
export function exchange(
  dispatcher: Dispatcher,
  origin: string,
  call: Call,
  deadline: number,
  failures: FailureCodes,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const remainingMs = deadline - performance.now()
    if (remainingMs <= 0) throw new Problem(failures.expired)
    const handler = new RoundTrip(resolve, reject, failures, deadline)
    const { method, path, headers, body } = call
    handler.startTimer(remainingMs)
    dispatcher.dispatch({ origin, method, path, headers, body }, handler)
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

  private readonly resolve: (answer: Answer) => void
  private readonly reject: (problem: Problem) => void
  private readonly failures: FailureCodes
  private readonly deadline: number

  constructor(
    resolve: (answer: Answer) => void,
    reject: (problem: Problem) => void,
    failures: FailureCodes,
    deadline: number,
  ) {
    this.resolve = resolve
    this.reject = reject
    this.failures = failures
    this.deadline = deadline
  }

  startTimer(ms: number): void {
    this.timer = setTimeout(expire, ms, this)
  }

  /**
   * undici calls this when it is about to write, and only then: from here on LiveEngage may have the request.
   * What is thrown here keeps the request from being written and leaves the connection to the next one; `abort` would close it.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The timer may be late: a busy event loop serves a freed connection first.
    if (performance.now() >= this.deadline) this.expire()
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
    if (!this.settle()) return
    const [first] = this.chunks
    const body =
      first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks)
    const { status, retryAfter, contentType } = this
    this.resolve({ status, retryAfter, contentType, body })
  }

  onResponseError(_controller: unknown, cause: unknown): void {
    if (!this.settle()) return
    const { failed, unreachable } = this.failures
    this.reject(new Problem(this.controller === undefined ? unreachable : failed, { cause }))
  }

  expire(): void {
    if (!this.settle()) return
    const { timeout, expired } = this.failures
    this.reject(new Problem(this.controller === undefined ? expired : timeout))
    this.controller?.abort(new Error('the deadline passed'))
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
