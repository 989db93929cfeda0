/** Keeps the requests in progress and the answers of the last ten minutes in the memory of this process. */
import { LRUCache } from 'lru-cache'
import { atMostOf } from '../at-most.ts'
import type { Claim, IdempotencyStore, Outcome } from './store.ts'

/** The most answers, and the most bytes of answers and keys together. */
const maxOutcomes = 10_000
const maxBytes = 16 * 1024 * 1024
const keptMs = 10 * 60 * 1000

export class MemoryStore implements IdempotencyStore {
  /** The fingerprints of requests under way. Never evicted: each ends with its request, which has a deadline. */
  private readonly running = new Map<string, string>()
  private readonly finished = new LRUCache<string, { fingerprint: string; outcome: Outcome }>({
    ...atMostOf(
      maxOutcomes,
      maxBytes,
      ({ outcome }, key) => Buffer.byteLength(outcome.payload) + key.length,
    ),
    ttl: keptMs,
  })

  /** Outcomes that are kept. */
  get size(): number {
    return this.finished.size
  }

  async has(key: string): Promise<boolean> {
    return this.running.has(key) || this.finished.has(key)
  }

  async claim(key: string, fingerprint: string): Promise<Claim> {
    const running = this.running.get(key)
    const known = this.finished.get(key)
    const first = running ?? known?.fingerprint
    if (first !== undefined && first !== fingerprint) return { state: 'reused' }
    if (running !== undefined) return { state: 'running' }
    if (known !== undefined) return { state: 'known', outcome: known.outcome }
    this.running.set(key, fingerprint)
    return {
      state: 'claimed',
      lease: { settle: async (outcome) => this.settle(key, fingerprint, outcome) },
    }
  }

  private settle(key: string, fingerprint: string, outcome: Outcome | undefined): void {
    this.running.delete(key)
    if (outcome === undefined) this.finished.delete(key)
    else this.finished.set(key, { fingerprint, outcome })
  }
}
