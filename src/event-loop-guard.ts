/** Whether the process falls behind: how late its own timer comes. */

export type EventLoopGuardOptions = {
  /** The smoothed delay, milliseconds, from which on the process counts as late; 500 by default. */
  longestDelayMs?: number
}

const intervalMs = 100

/** How much the latest delay counts: one long pause alone is none. */
const weight = 0.3

/** Node's own monitorEventLoopDelay is blind here: while the loop is blocked it takes one sample a reset, and drops it. */
export class EventLoopGuard {
  private readonly longestDelayMs: number
  private delayMs = 0
  private timer: NodeJS.Timeout | undefined

  constructor({ longestDelayMs = 500 }: EventLoopGuardOptions = {}) {
    this.longestDelayMs = longestDelayMs
  }

  get isLate(): boolean {
    return this.delayMs > this.longestDelayMs
  }

  start(): void {
    let due = performance.now() + intervalMs
    this.timer = setInterval(() => {
      const now = performance.now()
      this.delayMs += weight * (Math.max(now - due, 0) - this.delayMs)
      due = now + intervalMs
    }, intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
