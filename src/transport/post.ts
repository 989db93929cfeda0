/** One POST of which only the status counts: it ends with the head of the answer. */
import type { Dispatcher } from 'undici'
import { Call, type CallOptions, outcomeOf, withSlot } from './exchange.ts'
import type { Host, Upstream } from './host.ts'
import type { Terms } from './terms.ts'

export type PostRequest = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How much of an answer is read, so that its connection can be reused. If it is longer or slower, the connection is closed. */
const maxDrainedBytes = 16_384
const longestDrainMs = 1_000

/**
 * Never follows a redirect.
 * @returns the status
 * @throws Problem with one of the upstream's codes; its cause has the socket's error
 */
export function post(
  host: Host,
  request: PostRequest,
  terms: Terms,
  upstream: Upstream,
): Promise<number> {
  return withSlot({ host, upstream, terms }, (slot, resolve, reject) => {
    const call = new Post(resolve, { host, terms, upstream, slot, reject })
    call.begin({ method: 'POST', ...request })
  })
}

class Post extends Call {
  private bytes = 0
  private drainTimer: NodeJS.Timeout | undefined
  private readonly resolve: (status: number) => void

  constructor(resolve: (status: number) => void, options: CallOptions) {
    super(options)
    this.resolve = resolve
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200 || !this.settle()) return
    this.slot.judge(outcomeOf(status))
    this.span?.end(status)
    this.drainTimer = setTimeout(abandon, longestDrainMs, controller)
    this.host.inBatch(() => this.resolve(status))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.byteLength
    if (this.bytes > maxDrainedBytes) abandon(controller)
  }

  onResponseEnd(): void {
    clearTimeout(this.drainTimer)
    this.freeSlot('none')
  }

  override onResponseError(controller: unknown, cause: unknown): void {
    clearTimeout(this.drainTimer)
    super.onResponseError(controller, cause)
  }
}

function abandon(controller: Dispatcher.DispatchController): void {
  controller.abort(new Error('the rest of the answer is of no interest'))
}
