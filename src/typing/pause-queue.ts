/** Sends the PAUSEs that end typing: each at its time, a few at once, again if that may help, and the rest when the process stops. */
import type { Logger } from 'pino'
import { chatState } from '../actions/set-chat-state.ts'
import type { Caller } from '../liveengage/caller.ts'
import type { Client } from '../liveengage/client.ts'
import { describeCause } from '../problems/cause-text.ts'
import { Problem } from '../problems/problem.ts'
import type { Trace } from '../transport/trace.ts'

export type Pause = {
  readonly dialogId: string
  /** Whose typing it ends: the tokens are those of the call that started it. */
  readonly caller: Caller
  /** On the clock of `performance.now()`, milliseconds. */
  dueAt: number
  attempts: number
  isUnderWay: boolean
  /** Called after each attempt. If it is not over, `dueAt` is the time of the next. */
  readonly onTried: (isOver: boolean) => void
}

export type PauseQueueOptions = {
  client: Pick<Client, 'send'>
  /** For one attempt. */
  timeoutMs: number
  /** PAUSEs in flight at a time, at least 1: most of the connections and the queue are for callers. */
  atOnce: number
  logger: Pick<Logger, 'debug' | 'warn'>
  /** Of calls that no request waits for. */
  trace?: Trace | undefined
}

const maxArmed = 10_000

/** A chat state may be repeated, so a retry does no harm. */
const retryDelaysMs = [1_000, 2_000]

export class PauseQueue {
  /** Attempts since the start: accepted, to be retried, or given up. */
  readonly counts = { sent: 0, retried: 0, failed: 0 }
  private readonly options: PauseQueueOptions
  /** In the order of their arming. */
  private readonly armed = new Map<Pause, NodeJS.Timeout>()
  /** Those whose time has come, in the same order. */
  private readonly due = new Set<Pause>()
  private readonly underWay = new Set<Promise<void>>()
  private state: 'open' | 'flushing' | 'closed' = 'open'

  constructor(options: PauseQueueOptions) {
    this.options = options
  }

  /** Those that are armed or due. */
  get size(): number {
    return this.armed.size
  }

  /**
   * Sends it when it is due, or at once during a flush. Beyond the limit, the one that was armed first is sent early, in addition to
   * those in flight.
   */
  arm(pause: Pause): void {
    if (this.state === 'closed' || pause.isUnderWay || this.armed.has(pause)) return
    const isFlushing = this.state === 'flushing'
    const waitMs = Math.max(pause.dueAt - performance.now(), 0)
    this.armed.set(pause, setTimeout(() => this.sendNow(pause), waitMs).unref())
    if (isFlushing) this.sendNow(pause)
    if (this.armed.size <= maxArmed) return
    const [oldest = pause] = this.armed.keys()
    this.send(oldest)
  }

  disarm(pause: Pause): void {
    clearTimeout(this.armed.get(pause))
    this.armed.delete(pause)
    this.due.delete(pause)
  }

  /** Sends one that is armed without waiting for its time, only for its turn. */
  sendNow(pause: Pause): void {
    if (!this.armed.has(pause)) return
    this.due.add(pause)
    this.sendDue()
  }

  /** Tries each armed one once, and those that are armed from now on. Resolves when none is left. */
  async flush(): Promise<void> {
    if (this.state === 'open') this.state = 'flushing'
    for (const pause of this.armed.keys()) this.sendNow(pause)
    while (this.underWay.size > 0) await Promise.all(this.underWay)
  }

  /** Gives up those that are armed. */
  close(): void {
    this.state = 'closed'
    const { size } = this.armed
    if (size > 0) this.options.logger.warn({ dialogs: size }, 'typing goes on showing')
    for (const pause of this.armed.keys()) this.disarm(pause)
  }

  private sendDue(): void {
    for (const pause of this.due) {
      if (this.underWay.size >= this.options.atOnce) return
      this.send(pause)
    }
  }

  private send(pause: Pause): void {
    this.disarm(pause)
    pause.isUnderWay = true
    pause.attempts += 1
    const attempt = this.attempt(pause).then(() => {
      this.underWay.delete(attempt)
      this.sendDue()
    })
    this.underWay.add(attempt)
  }

  private async attempt(pause: Pause): Promise<void> {
    const { client, timeoutMs, logger, trace } = this.options
    const { dialogId, caller, attempts } = pause
    const { accountId } = caller
    const line = { accountId, attempt: attempts }
    const deadline = performance.now() + timeoutMs
    const terms = { accountId, priority: 'high', deadline, trace } as const
    const problem = await client.send(chatState(dialogId, 'PAUSE'), { caller, terms }).then(
      () => undefined,
      (error: unknown) =>
        error instanceof Problem ? error : new Problem('internal-error', { cause: error }),
    )
    if (problem === undefined) logger.debug(line, 'typing ended')
    else {
      const { code } = problem
      logger.warn({ ...line, code, cause: describeCause(problem) }, 'typing was not ended')
    }
    pause.isUnderWay = false
    // A flush tries each once.
    const mayRetry = this.state === 'open' && problem?.isRetryable(true) === true
    const delayMs = mayRetry ? retryDelaysMs[attempts - 1] : undefined
    pause.dueAt = performance.now() + (delayMs ?? 0)
    this.counts[problem === undefined ? 'sent' : delayMs === undefined ? 'failed' : 'retried'] += 1
    pause.onTried(delayMs === undefined)
  }
}
