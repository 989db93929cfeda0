/** The connections to one host, which are replaced before an address that has moved goes unnoticed for long. */
import type { Dispatcher } from 'undici'

/** undici's, as far as it is used. */
export type ConnectionPool = Dispatcher & {
  /** Connections that are idle, and requests that wait for one. */
  readonly stats: { readonly free: number; readonly pending: number }
}

export type PoolsOptions = {
  openPool: () => ConnectionPool
  /** Ends once the exchanges it still has are over. */
  retirePool: (pool: ConnectionPool) => void
  /** How long a connection is given new calls, milliseconds. */
  lifeMs: number
}

/** Of that time the last part, in which the next connections are opened, and how many at most before all calls go to them. */
const handoverShare = 1 / 3
const mostInHandover = 200

/**
 * A living socket never asks DNS again. undici's own `clientTtl` can leave a request waiting for ever, so whole pools are replaced.
 * The next one gets its connections one after another, ten a second, and calls go to the former one meanwhile: a hundred TLS handshakes
 * at once would keep everybody waiting for as many milliseconds and more.
 */
export class Pools {
  private readonly options: PoolsOptions
  private pool: ConnectionPool | undefined
  private former: ConnectionPool | undefined
  private renewal: NodeJS.Timeout | undefined
  private retirement: NodeJS.Timeout | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  private nextOpeningAt = 0

  constructor(options: PoolsOptions) {
    this.options = options
  }

  /** For the next call. A host that is no longer used has none until then. The former one serves as long as it has an idle connection. */
  get current(): ConnectionPool {
    this.pool ??= this.open()
    const { pool, former } = this
    return former === undefined || this.isReady(pool) || former.stats.free === 0 ? pool : former
  }

  /** Ends all of them. */
  retire(): void {
    clearTimeout(this.renewal)
    this.renew()
    clearTimeout(this.retirement)
    this.endFormer()
  }

  private open(): ConnectionPool {
    const pool = this.options.openPool()
    const ms = this.options.lifeMs * (1 - handoverShare)
    this.renewal = setTimeout(() => this.renew(), ms).unref()
    return pool
  }

  private renew(): void {
    this.endFormer()
    this.former = this.pool
    this.pool = undefined
    const ms = this.options.lifeMs * handoverShare
    this.retirement = setTimeout(() => this.endFormer(), ms).unref()
  }

  private endFormer(): void {
    const { former } = this
    this.former = undefined
    if (former !== undefined) this.options.retirePool(former)
  }

  /** It has a connection for the call, or may open one for it. */
  private isReady(pool: ConnectionPool): boolean {
    const { free, pending } = pool.stats
    if (free > 0) return true
    const now = performance.now()
    if (pending > 0 || now < this.nextOpeningAt) return false
    this.nextOpeningAt = now + (this.options.lifeMs * handoverShare) / mostInHandover
    return true
  }
}
