/** The lag of the event loop: how late the process's own timer comes. */
import { Histogram } from '../histogram.ts'

export type EventLoopLagOptions = {
  /** The smoothed lag above which the process is late, milliseconds. */
  maxLagMs?: number
}

/** On a machine busy with other work, the lag reaches a quarter of a second without any overload. */
export const defaultMaxLagMs = 500

const intervalMs = 100

/** Weight of the latest lag. */
const weight = 0.3

/** The most that one lag counts, in multiples of the limit: a single pause, as of a suspended machine, is not enough. */
const maxLags = 3

/** Node's own monitorEventLoopDelay does not help: it misses the time in which the loop is blocked. */
export class EventLoopLag {
  /** How late the timer came each time, seconds. */
  readonly lags = new Histogram([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5])
  /** Whether the process is too late to take on more calls. */
  isLate = false
  private readonly maxLagMs: number
  private lagMs = 0
  private timer: NodeJS.Timeout | undefined

  constructor({ maxLagMs = defaultMaxLagMs }: EventLoopLagOptions = {}) {
    this.maxLagMs = maxLagMs
  }

  /** Smoothed. */
  get lagSeconds(): number {
    return this.lagMs / 1000
  }

  start(): void {
    let due = performance.now() + intervalMs
    this.timer = setInterval(() => {
      const now = performance.now()
      const lateMs = Math.max(now - due, 0)
      this.lagMs += weight * (Math.min(lateMs, maxLags * this.maxLagMs) - this.lagMs)
      this.isLate = this.lagMs > this.maxLagMs
      this.lags.add(lateMs / 1000)
      due = now + intervalMs
    }, intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
