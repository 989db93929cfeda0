/** One download, streamed: like an exchange until its first byte, then as fast as its reader, never without an end. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems.ts'
import type { Destination, Peer } from './destination.ts'
import type { Terms } from './gate.ts'
import { judge, Trip, type TripOptions, takeTurn } from './trip.ts'

export type Download = {
  status: number
  contentType: string | undefined
  contentLength: string | undefined
  /** Whoever opens it reads or destroys it. */
  body: Readable
}

/** From the first byte on. */
export type TransferBounds = {
  /** A transfer in which nothing moves for this long is over, whichever side it waits for. */
  longestPauseMs: number
  /** A transfer is over then, however much is left: a reader that trickles keeps no slot for ever. */
  longestTransferMs: number
}

/** Five minutes are 10 KB/s for 3 MB, the largest file that consumers send. */
const usualBounds: TransferBounds = { longestPauseMs: 15_000, longestTransferMs: 300_000 }

/**
 * Opens a download, on its turn, which lasts as long as the transfer. @param terms their deadline is that of the first byte
 * @throws Problem with one of the peer's codes; its cause has the socket's error
 */
export function download(
  destination: Destination,
  path: string,
  terms: Terms,
  peer: Peer,
  bounds = usualBounds,
): Promise<Download> {
  return takeTurn({ destination, peer, terms }, (turn, resolve, reject) => {
    const transfer = new Transfer(resolve, bounds, { destination, terms, peer, turn, reject })
    transfer.begin({ method: 'GET', path, headers: {}, body: null })
  })
}

class Transfer extends Trip {
  private body: Readable | undefined
  private endsAt = 0
  private readonly resolve: (download: Download) => void
  private readonly bounds: TransferBounds

  constructor(resolve: (download: Download) => void, bounds: TransferBounds, options: TripOptions) {
    super(options)
    this.resolve = resolve
    this.bounds = bounds
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    // The storage has said how it is: a reader that is slow, or leaves, says nothing about it, and holds no probe.
    this.turn.judge(judge(status))
    const text = (name: string) => {
      const value = headers[name]
      return typeof value === 'string' ? value : undefined
    }
    const body = new Readable({
      read: () => controller.resume(),
      destroy: (error, done) => {
        this.settle()
        controller.abort(error ?? new Error('the reader is gone'))
        done(error)
      },
    })
    this.body = body
    const { span } = this
    if (span !== undefined) {
      // It is over when its last byte is, or when it breaks off.
      body.once('close', () => {
        span.end(status, body.errored instanceof Problem ? body.errored : undefined)
      })
    }
    this.endsAt = performance.now() + this.bounds.longestTransferMs
    this.goOn()
    this.resolve({
      status,
      contentType: text('content-type'),
      contentLength: text('content-length'),
      body,
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.goOn()
    if (this.body?.push(chunk) === false) controller.pause()
  }

  onResponseEnd(): void {
    this.turn.end('none')
    this.settle()
    this.body?.push(null)
  }

  /** Something moved. */
  private goOn(): void {
    const leftMs = this.endsAt - performance.now()
    // Chunks that come without a break would put the timer off again and again.
    if (leftMs <= 0) this.expire()
    else this.startTimer(Math.min(leftMs, this.bounds.longestPauseMs))
  }

  /** Before the first byte the caller is told; after it the stream breaks off, which shortens the answer visibly. */
  protected override fail(problem: Problem): void {
    if (this.body === undefined) super.fail(problem)
    else if (this.settle()) this.body.destroy(problem)
  }
}
