/** The connections to LiveEngage: one undici pool per origin. */
import { LRUCache } from 'lru-cache'
import { type Dispatcher, Pool } from 'undici'

export type ConnectionsOptions = {
  /** Connections to one origin. */
  connections: number
  connectTimeoutMs: number
  /** The longest exchange that will be asked for; undici's own time-outs stay above it, since the exchange's deadline is the real one. */
  longestExchangeMs: number
  /** How long connections are used before new ones replace them, one minute by default. */
  lifeMs?: number
}

export type Connections = {
  to(origin: string): Dispatcher
  close(): Promise<void>
}

/** An account's services live on a few hosts; one beyond this bound costs the longest unused its connections. */
const maxOrigins = 256

export function createConnections(options: ConnectionsOptions): Connections {
  const idleLimitMs = options.longestExchangeMs + 5_000
  const open = new Set<Pool>()
  let isClosed = false
  /** A living socket never asks DNS again. undici's own `clientTtl` can leave a request waiting for ever, so whole pools are replaced. */
  const pools = new LRUCache<string, Pool>({
    max: maxOrigins,
    ttl: options.lifeMs ?? 60_000,
    // Ends once the exchanges it still has are over.
    dispose: (pool) => {
      const forget = () => open.delete(pool)
      pool.close().then(forget, forget)
    },
  })
  return {
    to(origin) {
      const known = pools.get(origin)
      if (known !== undefined) return known
      const pool = new Pool(origin, {
        connections: options.connections,
        pipelining: 1,
        // HTTP/2 would let undici send a POST again after REFUSED_STREAM.
        allowH2: false,
        connect: { timeout: options.connectTimeoutMs, rejectUnauthorized: true },
        headersTimeout: idleLimitMs,
        bodyTimeout: idleLimitMs,
        keepAliveTimeout: 4_000,
        keepAliveMaxTimeout: 10_000,
        keepAliveTimeoutThreshold: 2_000,
      })
      if (isClosed) void pool.destroy()
      open.add(pool)
      pools.set(origin, pool)
      return pool
    },
    async close() {
      isClosed = true
      await Promise.all([...open].map((pool) => pool.destroy()))
    },
  }
}
