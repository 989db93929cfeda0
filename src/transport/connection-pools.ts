/** The connections to one host. They are replaced often enough to notice a new address. */
import type { Dispatcher } from 'undici'

/** An undici pool, as far as it is used. */
export type ConnectionPool = Dispatcher & {
  readonly stats: { readonly connected: number }
}

export type ConnectionPoolsOptions = {
  openPool: () => ConnectionPool
  /** Closes a pool once the calls it still has are over. */
  retirePool: (pool: ConnectionPool) => void
  /** Called when a connection was opened. */
  onConnect: () => void
  /** How long a connection gets new calls, milliseconds. */
  lifeMs: number
}

/** The last part of that time, in which the next pool takes over. */
const handoverShare = 1 / 2

/**
 * An open socket never asks DNS again. With undici's own `clientTtl` a request can wait forever, so whole pools are replaced. During the
 * handover the new pool gets a growing share of the calls, so that its connections open one by one: a hundred TLS handshakes at once
 * would delay every caller by at least as many milliseconds.
 */
export class ConnectionPools {
  /** The only pool; undefined during a handover, and before the first call. */
  steady: ConnectionPool | undefined
  /** Open connections, those of retired pools included. */
  connected = 0
  private readonly options: ConnectionPoolsOptions
  private readonly handoverMs: number
  private newest: ConnectionPool | undefined
  private former: ConnectionPool | undefined
  private renewal: NodeJS.Timeout | undefined
  private retirement: NodeJS.Timeout | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  private handoverSince = 0
  /** Calls that the newest pool is owed. */
  private owed = 0

  constructor(options: ConnectionPoolsOptions) {
    this.options = options
    this.handoverMs = options.lifeMs * handoverShare
  }

  /** The pool for the next call, if there is no steady one. */
  next(): ConnectionPool {
    this.newest ??= this.open()
    if (this.former === undefined) {
      this.steady = this.newest
      return this.newest
    }
    this.owed += (performance.now() - this.handoverSince) / this.handoverMs
    if (this.owed < 1) return this.former
    this.owed -= 1
    return this.newest
  }

  /** Closes all of them, once their calls are over. */
  retire(): void {
    clearTimeout(this.renewal)
    this.makeFormer()
    this.endFormer()
  }

  private open(): ConnectionPool {
    const pool = this.options.openPool()
    const ms = this.options.lifeMs - this.handoverMs
    this.renewal = setTimeout(() => this.renew(), ms).unref()
    pool.on('connect', () => {
      this.connected += 1
      this.options.onConnect()
    })
    // Without calls, the connections are closed one by one. A former pool must not open any after that.
    pool.on('disconnect', () => {
      this.connected -= 1
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
    this.owed = 0
    this.retirement = setTimeout(() => this.endFormer(), this.handoverMs).unref()
  }

  private makeFormer(): void {
    this.endFormer()
    this.former = this.newest
    this.newest = undefined
    this.steady = undefined
  }

  private endFormer(): void {
    clearTimeout(this.retirement)
    const { former } = this
    this.former = undefined
    if (former !== undefined) this.options.retirePool(former)
  }
}
