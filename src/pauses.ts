/** Sends the PAUSEs that end typing: each at its time, again where that may help, and all that are left when the process stops. */
import type { Logger } from 'pino'
import { chatState } from './actions/set-chat-state.ts'
import type { Caller, Client } from './liveengage/client.ts'
import { describeCause } from './logger.ts'
import { Problem } from './problems.ts'

export type Pause = {
  readonly dialogId: string
  /** Whose typing it ends: the tokens are those of the call that started it. */
  readonly caller: Caller
  /** On the clock of `performance.now()`, milliseconds. */
  dueAt: number
  attempts: number
  isUnderWay: boolean
  /** Told after each attempt; where it is not over, `dueAt` is the time of the next. */
  readonly onTried: (isOver: boolean) => void
}

export type PausesOptions = {
  client: Pick<Client, 'send'>
  /** For one attempt. */
  timeoutMs: number
  logger: Pick<Logger, 'debug' | 'warn'>
}

const mostArmed = 10_000

/** When the process stops. */
const mostAtOnce = 32

/** A chat state may be repeated, so whatever may help is tried. */
const retryDelaysMs = [1_000, 2_000]

export class Pauses {
  private readonly options: PausesOptions
  /** In the order of their arming. */
  private readonly armed = new Map<Pause, NodeJS.Timeout>()
  private readonly underWay = new Set<Promise<void>>()
  private isClosed = false

  constructor(options: PausesOptions) {
    this.options = options
  }

  /** Sends it when it is due. Beyond the bound the one that was armed first is sent early; once the process stops none is armed. */
  arm(pause: Pause): void {
    if (this.isClosed || pause.isUnderWay || this.armed.has(pause)) return
    const waitMs = Math.max(pause.dueAt - performance.now(), 0)
    this.armed.set(pause, setTimeout(() => void this.sendNow(pause), waitMs).unref())
    if (this.armed.size <= mostArmed) return
    const [oldest = pause] = this.armed.keys()
    void this.sendNow(oldest)
  }

  disarm(pause: Pause): void {
    clearTimeout(this.armed.get(pause))
    this.armed.delete(pause)
  }

  /** Resolves when the attempt is over, whatever came of it; one that is under way already is left alone. */
  async sendNow(pause: Pause): Promise<void> {
    if (pause.isUnderWay) return
    this.disarm(pause)
    pause.isUnderWay = true
    pause.attempts += 1
    const attempt = this.attempt(pause)
    this.underWay.add(attempt)
    await attempt
    this.underWay.delete(attempt)
  }

  /** Tries each that is armed once, and waits for those that are under way. */
  async flush(): Promise<void> {
    this.isClosed = true
    for (const timer of this.armed.values()) clearTimeout(timer)
    const sendSome = async () => {
      // All go through the same map, which loses each as it is sent.
      for (const pause of this.armed.keys()) await this.sendNow(pause)
    }
    await Promise.all(Array.from({ length: mostAtOnce }, sendSome))
    await Promise.all(this.underWay)
  }

  /** Gives up those that are armed. */
  close(): void {
    this.isClosed = true
    const { size } = this.armed
    if (size > 0) this.options.logger.warn({ dialogs: size }, 'typing goes on showing')
    for (const pause of this.armed.keys()) this.disarm(pause)
  }

  private async attempt(pause: Pause): Promise<void> {
    const { client, timeoutMs, logger } = this.options
    const { dialogId, caller, attempts } = pause
    const { accountId } = caller
    const line = { accountId, attempt: attempts }
    const terms = { accountId, priority: 'high', deadline: performance.now() + timeoutMs } as const
    const problem = await client.send(chatState(dialogId, 'PAUSE'), caller, terms).then(
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
    const delayMs = problem?.isRetryable(true) ? retryDelaysMs[attempts - 1] : undefined
    pause.dueAt = performance.now() + (delayMs ?? 0)
    pause.onTried(delayMs === undefined)
  }
}
