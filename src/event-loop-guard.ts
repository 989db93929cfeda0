/** Whether the process falls behind: how late its own timer comes. */
import { Distribution } from './distribution.ts'

export type EventLoopGuardOptions = {
  /** The smoothed delay, milliseconds, from which on the process counts as late; 500 by default. */
  longestDelayMs?: number
}

const intervalMs = 100

/** How much the latest delay counts: one long pause alone is none. */
const weight = 0.3

/** Node's own monitorEventLoopDelay is blind here: while the loop is blocked it takes one sample a reset, and drops it. */
export class EventLoopGuard {
  /** How late the timer came each time, seconds. */
  readonly delays = new Distribution([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5])
  private readonly longestDelayMs: number
  private delayMs = 0
  private timer: NodeJS.Timeout | undefined

  constructor({ longestDelayMs = 500 }: EventLoopGuardOptions = {}) {
    this.longestDelayMs = longestDelayMs
  }

  get isLate(): boolean {
    return this.delayMs > this.longestDelayMs
  }

  /** Smoothed. */
  get delaySeconds(): number {
    return this.delayMs / 1000
  }

  start(): void {
    let due = performance.now() + intervalMs
    this.timer = setInterval(() => {
      const now = performance.now()
      const lateMs = Math.max(now - due, 0)
      this.delayMs += weight * (lateMs - this.delayMs)
      this.delays.add(lateMs / 1000)
      due = now + intervalMs
    }, intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
