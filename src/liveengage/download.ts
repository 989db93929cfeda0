/** One download, streamed: like an exchange until its first byte, then as fast as its reader, never without an end. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems.ts'
import type { FailureCodes } from './exchange.ts'

export type Download = {
  status: number
  contentType: string | undefined
  contentLength: string | undefined
  /** Whoever opens it reads or destroys it. */
  body: Readable
}

/** A transfer in which nothing moves for this long is over, whichever side it waits for. */
const usualPauseMs = 15_000

/**
 * Opens a download. @param deadline of its first byte, on the clock of `performance.now()`, milliseconds
 * @throws Problem with one of `failures`; its cause has the socket's error
 */
export function download(
  dispatcher: Dispatcher,
  origin: string,
  path: string,
  deadline: number,
  failures: FailureCodes,
  longestPauseMs = usualPauseMs,
): Promise<Download> {
  return new Promise((resolve, reject) => {
    const remainingMs = deadline - performance.now()
    if (remainingMs <= 0) throw new Problem(failures.expired)
    const handler = new Transfer(resolve, reject, failures, longestPauseMs)
    handler.startTimer(remainingMs)
    dispatcher.dispatch({ origin, method: 'GET', path }, handler)
  })
}

class Transfer implements Dispatcher.DispatchHandler {
  private timer: NodeJS.Timeout | undefined
  private controller: Dispatcher.DispatchController | undefined
  private body: Readable | undefined
  private isOver = false

  private readonly resolve: (download: Download) => void
  private readonly reject: (problem: Problem) => void
  private readonly failures: FailureCodes
  private readonly longestPauseMs: number

  constructor(
    resolve: (download: Download) => void,
    reject: (problem: Problem) => void,
    failures: FailureCodes,
    longestPauseMs: number,
  ) {
    this.resolve = resolve
    this.reject = reject
    this.failures = failures
    this.longestPauseMs = longestPauseMs
  }

  startTimer(ms: number): void {
    this.timer = setTimeout(expire, ms, this)
  }

  /** See the exchange: from here on the request is written; what is thrown keeps it from that. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.isOver) throw new Error('the download is over; nothing may be written')
    this.controller = controller
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    const text = (name: string) => {
      const value = headers[name]
      return typeof value === 'string' ? value : undefined
    }
    this.body = new Readable({
      read: () => controller.resume(),
      destroy: (error, done) => {
        this.end()
        controller.abort(error ?? new Error('the reader is gone'))
        done(error)
      },
    })
    this.pause()
    this.resolve({
      status,
      contentType: text('content-type'),
      contentLength: text('content-length'),
      body: this.body,
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.pause()
    if (this.body?.push(chunk) === false) controller.pause()
  }

  onResponseEnd(): void {
    this.end()
    this.body?.push(null)
  }

  onResponseError(_controller: unknown, cause: unknown): void {
    const { failed, unreachable } = this.failures
    this.fail(new Problem(this.controller === undefined ? unreachable : failed, { cause }))
  }

  expire(): void {
    const { timeout, expired } = this.failures
    this.fail(new Problem(this.controller === undefined ? expired : timeout))
    this.controller?.abort(new Error('nothing moved in time'))
  }

  private pause(): void {
    clearTimeout(this.timer)
    this.startTimer(this.longestPauseMs)
  }

  /** Before the first byte the caller is told; after it the stream breaks off, which shortens the answer visibly. */
  private fail(problem: Problem): void {
    if (this.isOver) return
    this.end()
    if (this.body === undefined) this.reject(problem)
    else this.body.destroy(problem)
  }

  private end(): void {
    this.isOver = true
    clearTimeout(this.timer)
  }
}

function expire(transfer: Transfer): void {
  transfer.expire()
}
