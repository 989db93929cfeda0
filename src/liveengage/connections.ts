/** The connections to LiveEngage: one undici pool per origin. */
import { createSecureContext } from 'node:tls'
import { LRUCache } from 'lru-cache'
import type { buildConnector as Connector, Dispatcher } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import { Destination } from './destination.ts'
import type { ConnectionPool } from './pools.ts'
import { Stats } from './stats.ts'

export type ConnectionsOptions = {
  /** Calls in flight at one origin, and connections of each of its pools; while one takes over from another there are two. */
  connections: number
  /** Calls that wait for a connection of one origin. */
  queue: number
  queueMs: number
  /** The share of both that one account may hold, up to 1. */
  accountShare: number
  connectTimeoutMs: number
  /** The longest exchange that will be asked for. */
  longestExchangeMs: number
  /** How long connections are used before new ones replace them, one minute by default. */
  lifeMs?: number
}

export type Connections = {
  to(origin: string): Destination
  /** Those in use of late. */
  destinations(): Iterable<Destination>
  readonly stats: Stats
  close(): Promise<void>
}

/** No connection came about, so that nothing can have been written on it. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
  readonly code: string | undefined
  constructor(cause: Error) {
    super(cause.message, { cause })
    this.code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  }
}

/** Less than the share of a request's time that a look-up or a log-in gets: a service that hangs there counts as failing, too. */
const patienceShare = 0.25

/** An account's services live on a few hosts; one beyond this bound costs the longest unused its connections. */
const maxOrigins = 256

export function createConnections(options: ConnectionsOptions): Connections {
  const { connections, connectTimeoutMs, longestExchangeMs } = options
  const connect = createConnector(connectTimeoutMs)
  const open = new Set<Dispatcher>()
  const stats = new Stats()
  let isClosed = false

  function openPool(origin: string): ConnectionPool {
    const pool = new Pool(origin, {
      connections,
      pipelining: 1,
      connect,
      // A trip's own timer ends it, whatever the host leaves out. Each of these would leave one more in the old space with each call.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 10_000,
      keepAliveTimeoutThreshold: 2_000,
    })
    if (isClosed) void pool.destroy()
    open.add(pool)
    return pool
  }

  function retirePool(pool: Dispatcher): void {
    const forget = () => open.delete(pool)
    pool.close().then(forget, forget)
  }

  const destinations = new LRUCache<string, Destination>({
    max: maxOrigins,
    dispose: (destination) => destination.retire(),
  })
  return {
    to(origin) {
      const known = destinations.get(origin)
      if (known !== undefined) return known
      const destination = new Destination(origin, {
        slots: connections,
        places: options.queue,
        waitMs: options.queueMs,
        accountShare: options.accountShare,
        patienceMs: longestExchangeMs * patienceShare,
        pools: { openPool: () => openPool(origin), retirePool, lifeMs: options.lifeMs ?? 60_000 },
        stats,
      })
      destinations.set(origin, destination)
      return destination
    },
    destinations: () => destinations.values(),
    stats,
    async close() {
      isClosed = true
      await Promise.all([...open].map((pool) => pool.destroy()))
    },
  }
}

/** One for all pools, so that a new pool resumes the TLS sessions of the one before. */
function createConnector(timeout: number): Connector.connector {
  const connector = buildConnector({
    timeout,
    // HTTP/2 would let undici send a POST again after REFUSED_STREAM.
    allowH2: false,
    rejectUnauthorized: true,
    // Otherwise each connection makes its own, at a sixth of the cost of its handshake.
    secureContext: createSecureContext(),
  })
  return (target, callback) =>
    connector(target, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else callback(new ConnectFailure(error), null)
    })
}
