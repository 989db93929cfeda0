/** What came of the requests under an Idempotency-Key: those in flight, and the answers of the last ten minutes. */
import { LRUCache } from 'lru-cache'
import { Problem } from './problems.ts'

/** An answer as it was sent. */
export type Outcome = {
  status: number
  contentType: string | undefined
  location: string | undefined
  payload: string | Uint8Array
}

/** Answers kept at most, and the bytes of them and their keys together. */
const mostOutcomes = 10_000
const mostBytes = 16 * 1024 * 1024
const keptMs = 10 * 60 * 1000

export class Outcomes {
  /** The fingerprints of requests in flight. Never evicted: each ends with its request, which has a deadline. */
  private readonly inFlight = new Map<string, string>()
  private readonly finished = new LRUCache<string, { fingerprint: string; outcome: Outcome }>({
    max: mostOutcomes,
    maxSize: mostBytes,
    ttl: keptMs,
    sizeCalculation: ({ outcome }, scope) => Buffer.byteLength(outcome.payload) + scope.length,
  })

  /** Those that are kept. */
  get size(): number {
    return this.finished.size
  }

  /** Whether a request under the key is under way, or has come to something that is kept. */
  has(scope: string): boolean {
    return this.inFlight.has(scope) || this.finished.has(scope)
  }

  /**
   * Takes the key for this request, until `settle`.
   * @returns what the same request has come to already; then nothing is taken
   * @throws Problem `idempotency-key-in-use` or `idempotency-key-reused`
   */
  claim(scope: string, fingerprint: string): Outcome | undefined {
    const running = this.inFlight.get(scope)
    const known = this.finished.get(scope)
    const first = running ?? known?.fingerprint
    if (first !== undefined && first !== fingerprint) throw new Problem('idempotency-key-reused')
    if (running !== undefined) throw new Problem('idempotency-key-in-use')
    if (known === undefined) this.inFlight.set(scope, fingerprint)
    return known?.outcome
  }

  /** Ends a claim. @param outcome what the same request gets from now on; undefined frees the key for a retry */
  settle(scope: string, fingerprint: string, outcome: Outcome | undefined): void {
    this.inFlight.delete(scope)
    if (outcome === undefined) this.finished.delete(scope)
    else this.finished.set(scope, { fingerprint, outcome })
  }
}
