/** The upstream hosts, each with a pool of connections of its own. */
import { LRUCache } from 'lru-cache'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { ConnectionPool } from './connection-pools.ts'
import { createConnector } from './connector.ts'
import { createEgress, type EgressOptions } from './egress.ts'
import { Host } from './host.ts'
import { CallStatistics } from './statistics.ts'

export type HostsOptions = {
  /** Calls in flight at one host, and connections of each of its pools; during a handover there are two pools. */
  connections: number
  /** Calls that wait for a slot of one host. */
  queue: number
  queueMs: number
  /** The share of both that one account may hold, up to 1. */
  accountShare: number
  connectTimeoutMs: number
  /** None by default: every host is reached directly. */
  egress?: EgressOptions
  /** Whether most calls are over TLS, so that it is prepared before the first one; yes by default. */
  usesTls?: boolean
  /** The longest time that any call may take. */
  callTimeoutMs: number
  /** How long connections are used before new ones replace them, one minute by default. */
  lifeMs?: number
}

/** Less than the share of a request's time for a look-up or a login, so that a service that hangs there counts as failing. */
const patienceShare = 0.25

/** An account's services live on a few hosts. Past this bound the host that has been idle longest loses its connections. */
const maxHosts = 256

export class Hosts {
  readonly statistics = new CallStatistics()
  private readonly options: HostsOptions
  private readonly connect
  private batch: (() => void)[] = []
  private readonly openPools = new Set<Dispatcher>()
  private readonly byOrigin = new LRUCache<string, Host>({
    max: maxHosts,
    dispose: (host) => host.pools.retire(),
  })
  private isClosed = false

  constructor(options: HostsOptions) {
    this.options = options
    const { connectTimeoutMs, egress = {}, usesTls = true } = options
    this.connect = createConnector(connectTimeoutMs, createEgress(egress), usesTls)
  }

  at(origin: string): Host {
    return this.byOrigin.get(origin) ?? this.add(origin)
  }

  /** Those called recently. */
  [Symbol.iterator](): Iterator<Host> {
    return this.byOrigin.values()
  }

  async close(): Promise<void> {
    this.isClosed = true
    await Promise.all([...this.openPools].map((pool) => pool.destroy()))
  }

  private add(origin: string): Host {
    const {
      connections,
      queue,
      queueMs,
      accountShare,
      callTimeoutMs,
      lifeMs = 60_000,
    } = this.options
    const { statistics } = this
    const host = new Host(origin, {
      slots: connections,
      places: queue,
      waitMs: queueMs,
      accountShare,
      patienceMs: callTimeoutMs * patienceShare,
      pools: {
        openPool: () => this.openPool(origin),
        retirePool: (pool) => this.retirePool(pool),
        lifeMs,
      },
      statistics,
      inBatch: (work) => this.inBatch(work),
    })
    this.byOrigin.set(origin, host)
    return host
  }

  /**
   * Begins calls and passes on their answers in batches: all that are ready once the event loop has read its sockets. A write that wakes
   * the other side's sleeping core is slow, and the writes right after it are not. Measured: 96 us of CPU for a SEND with it, 125
   * without. One `setImmediate` for each would make no batch: Node finishes all that follows from one before the next.
   * @param work must not throw; it runs outside its caller's async context
   */
  private inBatch(work: () => void): void {
    if (this.batch.push(work) > 1) return
    setImmediate(() => {
      const { batch } = this
      this.batch = []
      for (const each of batch) each()
    })
  }

  private openPool(origin: string): ConnectionPool {
    const pool = new Pool(origin, {
      connections: this.options.connections,
      pipelining: 1,
      connect: this.connect,
      // A call has its own timer, which always ends it. Each of these timeouts would leave another timer behind.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 10_000,
      keepAliveTimeoutThreshold: 2_000,
    })
    if (this.isClosed) void pool.destroy()
    this.openPools.add(pool)
    return pool
  }

  private retirePool(pool: Dispatcher): void {
    const forget = () => this.openPools.delete(pool)
    pool.close().then(forget, forget)
  }
}
