/**
 * LivePerson's side of one app installation, as its retry policy says: one failure stalls the whole of it, all that happens is stored, and
 * when a try succeeds everything stored comes at once. The order inside a conversation is kept.
 */
import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Answer, Call, Client } from '../client.ts'
import type { Ledger } from './ledger.ts'
import type { Notice } from './notices.ts'

/** LivePerson pauses 2, 4, 8 seconds, at most 300. Its pauses are scaled down, its deadline is not. */
const pauseScale = 1 / 100
const firstPauseMs = 2_000 * pauseScale
const longestPauseMs = 300_000 * pauseScale
/** `retry.retention_time`: what it could not deliver for so long is lost. */
const retentionMs = 3_000_000 * pauseScale
const patienceMs = 5_000
const breakOffMs = 5

/** Where the proxy takes notifications now; another process has another port. */
export type Door = { client: Client; port: number }

export type InstallOptions = {
  account: string
  clientId: string
  clientSecret: string
  door: Door
  ledger: Ledger
  /** Sees every answer; undefined where there was none. */
  onAnswer: (answer: Answer | undefined) => void
}

/** Where LivePerson's own network fails. */
export type Break = 'in the body' | 'before the answer'

type Waiting = { notice: Notice; since: number; settled: () => void }

export class Install {
  state: 'up' | 'failed' | 'in transition' = 'up'
  failures = 0
  /** How often it went from UP or IN TRANSITION to FAILED. */
  outages = 0
  private readonly options: InstallOptions
  private readonly queues = new Map<string, Waiting[]>()
  /** Conversations of which something is on its way. */
  private readonly busy = new Set<string>()
  private readonly breaks = new Map<string, Break>()
  private isOver = false

  constructor(options: InstallOptions) {
    this.options = options
  }

  get account(): string {
    return this.options.account
  }

  /** Resolves when LivePerson is done with it. */
  happens(notice: Notice): Promise<void> {
    return new Promise((settled) => {
      const queue = this.queues.get(notice.conversation) ?? []
      this.queues.set(notice.conversation, queue)
      queue.push({ notice, since: performance.now(), settled })
      if (this.state !== 'failed') void this.drain(notice.conversation)
    })
  }

  /** The next try at it ends so. */
  breakOff(notice: Notice, where: Break): void {
    this.breaks.set(notice.name, where)
  }

  /** Delivers once more what was delivered. */
  async repeat(notice: Notice): Promise<void> {
    await this.deliver(notice)
  }

  /** No more tries. */
  end(): void {
    this.isOver = true
  }

  private async drain(conversation: string): Promise<void> {
    if (this.busy.has(conversation)) return
    this.busy.add(conversation)
    while (this.state !== 'failed' && !this.isOver && this.isStored(conversation)) {
      await this.deliverFirst(conversation)
    }
    this.busy.delete(conversation)
  }

  private async deliverFirst(conversation: string): Promise<boolean> {
    const queue = this.queues.get(conversation) ?? []
    const [first] = queue
    if (first === undefined) return false
    const isTaken = await this.deliver(first.notice)
    // A chat state has `max_retries: 0`.
    if (!isTaken && !first.notice.isChatState) {
      this.fail()
      if (performance.now() - first.since < retentionMs) return false
    }
    queue.shift()
    first.settled()
    if (this.state !== 'failed' && !this.hasStored()) this.state = 'up'
    return isTaken
  }

  private fail(): void {
    this.failures += 1
    if (this.state === 'failed') return
    this.state = 'failed'
    this.outages += 1
    void this.recover()
  }

  private async recover(): Promise<void> {
    let pauseMs = firstPauseMs
    while (!this.isOver) {
      await setTimeout(pauseMs)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      const next = [...this.queues.keys()].find((key) => this.isStored(key) && !this.busy.has(key))
      if (next === undefined && this.hasStored()) continue
      if (next === undefined || (await this.probe(next))) break
    }
    this.state = this.hasStored() ? 'in transition' : 'up'
    for (const conversation of this.queues.keys()) void this.drain(conversation)
  }

  private async probe(conversation: string): Promise<boolean> {
    this.busy.add(conversation)
    const isTaken = await this.deliverFirst(conversation)
    this.busy.delete(conversation)
    return isTaken
  }

  private isStored(conversation: string): boolean {
    return (this.queues.get(conversation)?.length ?? 0) > 0
  }

  private hasStored(): boolean {
    return [...this.queues.values()].some(({ length }) => length > 0)
  }

  /** One try. @returns whether it was a success by LivePerson's rule */
  private async deliver(notice: Notice): Promise<boolean> {
    const { door, ledger, onAnswer } = this.options
    const call = this.callOf(notice)
    const where = this.breaks.get(notice.name)
    if (where !== undefined) {
      this.breaks.delete(notice.name)
      await sendInPart(door.port, call, where)
      return false
    }
    const answer = await door.client.call(call)
    const isTaken = answer?.status === 200 || answer?.status === 201
    if (isTaken) ledger.acknowledged(notice)
    onAnswer(answer)
    return isTaken
  }

  private callOf({ name, raw }: Notice): Call & { body: string } {
    const { account, clientId, clientSecret } = this.options
    const digest = createHmac('sha1', clientSecret).update(raw).digest('base64')
    return {
      path: '/webhooks/liveperson',
      headers: {
        'content-type': 'application/json',
        'x-liveperson-account-id': account,
        'x-liveperson-client-id': clientId,
        'x-liveperson-signature': `sha1=${digest}`,
        'x-request-id': name,
      },
      body: raw,
      deadlineMs: patienceMs,
      graceMs: 0,
    }
  }
}

async function sendInPart(
  port: number,
  call: Call & { body: string },
  where: Break,
): Promise<void> {
  const body = Buffer.from(call.body)
  const headers = { ...call.headers, host: 'proxy', 'content-length': String(body.length) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`POST ${call.path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const end = where === 'in the body' ? body.length / 2 : body.length
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  socket.write(Buffer.concat([head, body.subarray(0, end)]))
  await setTimeout(breakOffMs)
  socket.resetAndDestroy()
}
