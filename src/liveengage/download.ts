/** One download, streamed: like an exchange until its first byte, then as fast as its reader, never without an end. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems.ts'
import type { Outcome } from './breaker.ts'
import { ConnectFailure } from './connections.ts'
import { type Destination, type Peer, Turn } from './destination.ts'
import { judge } from './exchange.ts'
import type { Terms } from './gate.ts'

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
 * Opens a download, on its turn, which lasts as long as the transfer. @param terms their deadline is that of the first byte
 * @throws Problem with one of the peer's codes; its cause has the socket's error
 */
export function download(
  destination: Destination,
  path: string,
  terms: Terms,
  peer: Peer,
  longestPauseMs = usualPauseMs,
): Promise<Download> {
  return new Promise((resolve, reject) => {
    const turn = destination.enter(peer, terms)
    const begin = (granted: Turn) => {
      const transfer = new Transfer(resolve, reject, peer, granted, longestPauseMs)
      transfer.begin(destination, path, terms.deadline)
    }
    if (turn instanceof Turn) begin(turn)
    else turn.then(begin).catch(reject)
  })
}

class Transfer implements Dispatcher.DispatchHandler {
  private timer: NodeJS.Timeout | undefined
  private controller: Dispatcher.DispatchController | undefined
  private body: Readable | undefined
  private isOver = false
  private status = 0

  private readonly resolve: (download: Download) => void
  private readonly reject: (problem: Problem) => void
  private readonly peer: Peer
  private readonly turn: Turn
  private readonly longestPauseMs: number

  constructor(
    resolve: (download: Download) => void,
    reject: (problem: Problem) => void,
    peer: Peer,
    turn: Turn,
    longestPauseMs: number,
  ) {
    this.resolve = resolve
    this.reject = reject
    this.peer = peer
    this.turn = turn
    this.longestPauseMs = longestPauseMs
  }

  begin({ origin, dispatcher }: Destination, path: string, deadline: number): void {
    const remainingMs = deadline - performance.now()
    if (remainingMs <= 0) {
      this.turn.end('none')
      this.reject(new Problem(this.peer.expired))
      return
    }
    this.startTimer(remainingMs)
    dispatcher.dispatch({ origin, method: 'GET', path }, this)
  }

  private startTimer(ms: number): void {
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
    this.status = status
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
    this.turn.end(judge(this.status))
    this.end()
    this.body?.push(null)
  }

  onResponseError(_controller: unknown, cause: unknown): void {
    this.turn.end(this.judgeBreak(cause))
    const { failed, unreachable } = this.peer
    this.fail(new Problem(this.controller === undefined ? unreachable : failed, { cause }))
  }

  expire(): void {
    const { timeout, expired } = this.peer
    this.fail(new Problem(this.controller === undefined ? expired : timeout))
    this.controller?.abort(new Error('nothing moved in time'))
  }

  /** A reader who goes away, or a slow one, is no failure of the storage. */
  private judgeBreak(cause: unknown): Outcome {
    if (this.controller === undefined) return cause instanceof ConnectFailure ? 'failure' : 'none'
    return this.isOver ? 'none' : 'failure'
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
