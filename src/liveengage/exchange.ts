/** The one door to the network: one HTTP round trip, inside its deadline, failing only as a problem. */
import type { Dispatcher } from 'undici'
import { inBatch } from './batch.ts'
import type { Destination, Peer } from './destination.ts'
import type { Terms } from './gate.ts'
import { type Call, judge, Trip, type TripOptions, takeTurn } from './trip.ts'

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
  return takeTurn({ destination, peer, terms }, (turn, resolve, reject) => {
    new RoundTrip(resolve, { destination, terms, peer, turn, reject }).begin(call)
  })
}

class RoundTrip extends Trip {
  private status = 0
  private retryAfter: string | undefined
  private contentType: string | undefined
  private readonly chunks: Buffer[] = []
  private bytes = 0
  private readonly resolve: (answer: Answer) => void

  constructor(resolve: (answer: Answer) => void, options: TripOptions) {
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
    this.turn.end(judge(status))
    if (!this.settle()) return
    const [first] = this.chunks
    const body =
      first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks)
    this.span?.end(status)
    inBatch(() => this.resolve({ status, retryAfter, contentType, body }))
  }
}
