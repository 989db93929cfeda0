/** One streamed download: like an exchange until its first byte, then as fast as its reader, and always ended in time. */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems/problem.ts'
import { Call, type CallOptions, outcomeOf, withSlot } from './exchange.ts'
import type { Host, Upstream } from './host.ts'
import type { Terms } from './terms.ts'

export type Download = {
  status: number
  contentType: string | undefined
  contentLength: string | undefined
  /** Its opener must read or destroy it. */
  body: Readable
}

/** From the first byte on. */
export type TransferBounds = {
  /** A transfer ends if nothing moves for this long, on either side. */
  longestPauseMs: number
  /** A transfer ends after this long in any case: a slow reader must not keep a slot forever. */
  longestTransferMs: number
}

/** Five minutes are 10 KB/s for 3 MB, the largest file that consumers send. */
const usualBounds: TransferBounds = { longestPauseMs: 15_000, longestTransferMs: 300_000 }

/**
 * Opens a download, which keeps its slot until its end. @param terms their deadline is that of the first byte
 * @throws Problem with one of the upstream's codes; its cause has the socket's error
 */
export function download(
  host: Host,
  path: string,
  terms: Terms,
  upstream: Upstream,
  bounds = usualBounds,
): Promise<Download> {
  return withSlot({ host, upstream, terms }, (slot, resolve, reject) => {
    const transfer = new Transfer(resolve, bounds, { host, terms, upstream, slot, reject })
    transfer.begin({ method: 'GET', path, headers: {}, body: null })
  })
}

class Transfer extends Call {
  private body: Readable | undefined
  private endsAt = 0
  private readonly resolve: (download: Download) => void
  private readonly bounds: TransferBounds

  constructor(resolve: (download: Download) => void, bounds: TransferBounds, options: CallOptions) {
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
    if (status < 300 && !hasOwnEnd(headers)) {
      const cause = new Error('its end could not be told from a broken connection')
      this.slot.judge('failure')
      this.fail(new Problem(this.upstream.failed, { cause }))
      controller.abort(cause)
      return
    }
    // The storage has answered. A reader that is slow, or leaves, is not its failure and must not delay a probe of the breaker.
    this.slot.judge(outcomeOf(status))
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
      // The span ends with the last byte, or when the transfer breaks off.
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
    this.freeSlot('none')
    this.settle()
    this.body?.push(null)
  }

  /** Something moved. */
  private goOn(): void {
    const leftMs = this.endsAt - performance.now()
    // Chunks without a pause would restart the timer again and again.
    if (leftMs <= 0) this.expire()
    else this.startTimer(Math.min(leftMs, this.bounds.longestPauseMs))
  }

  /** Before the first byte the caller gets a problem. After it the stream breaks off, which the caller sees. */
  protected override fail(problem: Problem): void {
    if (this.body === undefined) super.fail(problem)
    else if (this.settle()) this.body.destroy(problem)
  }
}

/** RFC 9112, section 6.3: without either, the answer ends where the connection does, whole or not. */
function hasOwnEnd(headers: Readonly<Record<string, unknown>>): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}
