/** The connections to one host, which are replaced before an address that has moved goes unnoticed for long. */
import type { Dispatcher } from 'undici'

/** undici's, as far as it is used. */
export type ConnectionPool = Dispatcher & {
  readonly stats: { readonly connected: number }
}

export type PoolsOptions = {
  openPool: () => ConnectionPool
  /** Ends once the exchanges it still has are over. */
  retirePool: (pool: ConnectionPool) => void
  /** How long a connection is given new calls, milliseconds. */
  lifeMs: number
}

/** Of that time the last part, in which the next pool takes over. */
const handoverShare = 1 / 2

/**
 * A living socket never asks DNS again. undici's own `clientTtl` can leave a request waiting for ever, so whole pools are replaced.
 * The next one gets a growing share of the calls, evenly among the others, so that an even load opens its connections one by one: a
 * hundred TLS handshakes at once would keep everybody waiting for as many milliseconds and more.
 */
export class Pools {
  private readonly options: PoolsOptions
  private readonly handoverMs: number
  private pool: ConnectionPool | undefined
  private former: ConnectionPool | undefined
  private renewal: NodeJS.Timeout | undefined
  private retirement: NodeJS.Timeout | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  private handoverSince = 0
  /** What the next pool is to get, in calls. */
  private due = 0

  constructor(options: PoolsOptions) {
    this.options = options
    this.handoverMs = options.lifeMs * handoverShare
  }

  /** For the next call. A host that is no longer used has none until then. */
  get current(): ConnectionPool {
    this.pool ??= this.open()
    if (this.former === undefined) return this.pool
    this.due += (performance.now() - this.handoverSince) / this.handoverMs
    if (this.due < 1) return this.former
    this.due -= 1
    return this.pool
  }

  /** Ends all of them. */
  retire(): void {
    clearTimeout(this.renewal)
    this.makeFormer()
    this.endFormer()
  }

  private open(): ConnectionPool {
    const pool = this.options.openPool()
    const ms = this.options.lifeMs - this.handoverMs
    this.renewal = setTimeout(() => this.renew(), ms).unref()
    // In a pause one connection after the other is closed; a former pool is not to open any after it.
    pool.on('disconnect', () => {
      if (pool === this.former && pool.stats.connected === 0) this.endFormer()
    })
    return pool
  }

  private renew(): void {
    this.makeFormer()
    if (this.former?.stats.connected === 0) {
      this.endFormer()
      return
    }
    this.handoverSince = performance.now()
    this.due = 0
    this.retirement = setTimeout(() => this.endFormer(), this.handoverMs).unref()
  }

  private makeFormer(): void {
    this.endFormer()
    this.former = this.pool
    this.pool = undefined
  }

  private endFormer(): void {
    clearTimeout(this.retirement)
    const { former } = this
    this.former = undefined
    if (former !== undefined) this.options.retirePool(former)
  }
}
