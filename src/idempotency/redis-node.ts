/** The connection to one node of the store. It reconnects whenever it is lost. No command waits for that, or for a slow answer. */
import { createClient, ErrorReply } from '@redis/client'

const connectMs = 1_000
const firstPauseMs = 100
const longestPauseMs = 5_000
/** After this many commands in a row without an answer, the connection counts as dead. */
const mostSilences = 3
/** Commands under way. More would only wait. */
const mostCommands = 4_096

export type RedisNodeOptions = {
  /** Called for each connection, since the password may have changed. */
  url: () => string
  /** Called at each change, and if the first attempt fails. */
  report: (isUp: boolean, cause: string | undefined) => void
  /** How long the first command of a connection may take. */
  commandMs: number
}

export type Client = ReturnType<typeof open>

export class RedisNode {
  isUp = false
  /** Ends with the first attempt to connect, however that ends. */
  firstAttempt: Promise<void> = Promise.resolve()
  private readonly options: RedisNodeOptions
  private client: Client | undefined
  private retry: NodeJS.Timeout | undefined
  private attempts = 0
  private silences = 0
  private isClosed = false
  private whyDown = 'there is no connection'

  constructor(options: RedisNodeOptions) {
    this.options = options
  }

  /** @returns when the attempt has ended, well or not; if not, more attempts follow */
  connect(): Promise<void> {
    const attempt = this.attempt()
    if (this.attempts === 0) this.firstAttempt = attempt
    return attempt
  }

  private async attempt(): Promise<void> {
    const client = open(this.options.url())
    this.client = client
    client.on('error', (error) => this.lose(client, error))
    try {
      await within(connectMs, client.connect())
      await within(this.options.commandMs, client.sendCommand(['PING']))
    } catch (error) {
      this.lose(client, error)
      return
    }
    this.attempts = 0
    this.silences = 0
    this.isUp = true
    this.options.report(true, undefined)
  }

  /** @throws the error of the client or the node, or Silence */
  async ask(send: (client: Client) => Promise<unknown>, ms: number): Promise<unknown> {
    const { client } = this
    // A client that is still connecting would only say so.
    if (client?.isReady !== true) throw new Error(this.whyDown)
    try {
      const reply = await within(ms, send(client))
      this.silences = 0
      return reply
    } catch (cause) {
      this.silences = cause instanceof Silence ? this.silences + 1 : 0
      // A read-only node was the primary a moment ago: its name may now lead to another.
      if (this.silences >= mostSilences || isReply(cause, 'READONLY')) this.lose(client, cause)
      throw cause
    }
  }

  close(): void {
    this.isClosed = true
    this.isUp = false
    clearTimeout(this.retry)
    if (this.client?.isOpen === true) this.client.destroy()
    this.client = undefined
  }

  /** Comes more than once for most losses. */
  private lose(client: Client, cause: unknown): void {
    if (this.client !== client) return
    this.client = undefined
    this.whyDown = `there is no connection: ${cause}`
    if (client.isOpen) client.destroy()
    if (this.isClosed) return
    const isNews = this.isUp || this.attempts === 0
    this.isUp = false
    if (isNews) this.options.report(false, String(cause))
    const pauseMs = Math.min(firstPauseMs * 2 ** this.attempts, longestPauseMs)
    this.attempts += 1
    // Replicas that lost it together must not come back togethe
    this.retry = setTimeout(() => void this.connect(), pauseMs * (0.5 + Math.random() / 2))
  }
}

function open(url: string) {
  const pace = { connectTimeout: connectMs, reconnectStrategy: false } as const
  const { protocol, hostname } = new URL(url)
  // A listener for many stores finds the right one by this name. An address is none.
  const servername = /^\[|^[\d.]+$/.test(hostname) ? undefined : hostname
  return createClient({
    url,
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    commandsQueueMaxLength: mostCommands,
    socket: protocol === 'rediss:' ? { ...pace, tls: true, servername } : pace,
  })
}

export class Silence extends Error {}

/** @throws Silence after so many milliseconds; the work itself goes on */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Silence(`no answer in ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

export function isReply(error: unknown, code: string): boolean {
  return error instanceof ErrorReply && error.message.startsWith(code)
}
