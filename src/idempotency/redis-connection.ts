/** The connection to the shared store. It is made again whenever it is lost, and no command waits for that, or for a slow answer. */
import { createClient, ErrorReply } from '@redis/client'
import { Problem } from '../problems/problem.ts'
import type { Script } from './redis-scripts.ts'
import { type StoreFailure, StoreStatistics } from './store-statistics.ts'

const usualCommandMs = 250
const connectMs = 1_000
const probeIntervalMs = 5_000
const firstPauseMs = 100
const longestPauseMs = 5_000
/** So many commands in a row without an answer, and the connection is taken for dead. */
const mostSilences = 3
/** Commands under way. More would only wait. */
const mostCommands = 4_096

export type RedisConnectionOptions = {
  /** Asked for each connection, since a password may have been replaced. */
  url: () => string
  /** Told of each change, and of a first attempt that fails. */
  report: (isUp: boolean, cause: string | undefined) => void
  /** How long one command may take, 250 milliseconds by default. */
  commandMs?: number
}

type Client = ReturnType<typeof open>

export class RedisConnection {
  readonly statistics = new StoreStatistics()
  private readonly options: RedisConnectionOptions
  private readonly commandMs: number
  private client: Client | undefined
  private readonly probe: NodeJS.Timeout
  private retry: NodeJS.Timeout | undefined
  private attempts = 0
  private silences = 0
  private isClosed = false

  constructor(options: RedisConnectionOptions) {
    this.options = options
    this.commandMs = options.commandMs ?? usualCommandMs
    this.probe = setInterval(() => void this.ping().catch(() => undefined), probeIntervalMs).unref()
  }

  /** Connects. @returns when the first attempt has ended, well or not; if not, more attempts follow */
  async connect(): Promise<void> {
    const client = open(this.options.url())
    this.client = client
    client.on('error', (error) => this.lose(client, error))
    try {
      await within(connectMs, client.connect())
      await within(this.commandMs, client.sendCommand(['PING']))
    } catch (error) {
      this.lose(client, error)
      return
    }
    this.attempts = 0
    this.silences = 0
    this.statistics.isUp = true
    this.options.report(true, undefined)
  }

  /** @throws Problem `idempotency-store-unavailable` */
  run(script: Script, key: string, args: readonly string[]): Promise<unknown> {
    const rest = ['1', key, ...args]
    return this.command((client) =>
      client.sendCommand(['EVALSHA', script.digest, ...rest]).catch((error) => {
        if (!isReply(error, 'NOSCRIPT')) throw error
        return client.sendCommand(['EVAL', script.text, ...rest])
      }),
    )
  }

  /** @throws Problem `idempotency-store-unavailable` */
  ping(): Promise<unknown> {
    return this.command((client) => client.sendCommand(['PING']))
  }

  /** @returns the section of INFO about the memory @throws Problem `idempotency-store-unavailable` */
  memory(): Promise<unknown> {
    return this.command((client) => client.sendCommand(['INFO', 'memory']))
  }

  close(): void {
    this.isClosed = true
    clearInterval(this.probe)
    clearTimeout(this.retry)
    if (this.client?.isOpen === true) this.client.destroy()
    this.client = undefined
  }

  private async command(send: (client: Client) => Promise<unknown>): Promise<unknown> {
    const { client, statistics } = this
    const startedAt = performance.now()
    try {
      if (client === undefined) throw new Error('there is no connection')
      const reply = await within(this.commandMs, send(client))
      this.silences = 0
      statistics.seconds.add((performance.now() - startedAt) / 1000)
      return reply
    } catch (cause) {
      const failure = failureOf(cause)
      statistics.failures[failure] += 1
      this.silences = failure === 'slow' ? this.silences + 1 : 0
      // A read-only one was the primary until a moment ago: its name may lead to another by now.
      const isOver = this.silences >= mostSilences || isReply(cause, 'READONLY')
      if (client !== undefined && isOver) this.lose(client, cause)
      throw new Problem('idempotency-store-unavailable', { cause })
    }
  }

  /** Comes more than once for most losses. */
  private lose(client: Client, cause: unknown): void {
    if (this.client !== client) return
    this.client = undefined
    if (client.isOpen) client.destroy()
    if (this.isClosed) return
    if (this.statistics.isUp || this.attempts === 0) this.options.report(false, String(cause))
    this.statistics.isUp = false
    const pauseMs = Math.min(firstPauseMs * 2 ** this.attempts, longestPauseMs)
    this.attempts += 1
    // Replicas that lost it together do not come back together.
    this.retry = setTimeout(() => void this.connect(), pauseMs * (0.5 + Math.random() / 2))
  }
}

function open(url: string) {
  return createClient({
    url,
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    commandsQueueMaxLength: mostCommands,
    socket: { connectTimeout: connectMs, reconnectStrategy: false },
  })
}

class Silence extends Error {}

/** @throws Silence after so many milliseconds; the work itself goes on */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Silence(`no answer in ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function failureOf(cause: unknown): StoreFailure {
  if (cause instanceof Silence) return 'slow'
  return cause instanceof ErrorReply ? 'refused' : 'down'
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof ErrorReply && error.message.startsWith(code)
}
