/** How long a request has been with LiveEngage: its exchanges, one after another. */
export class Stopwatch {
  private totalMs = 0
  private startedAt: number | undefined

  /** @param now on the clock of `performance.now()`, milliseconds */
  start(now: number): void {
    this.startedAt = now
  }

  stop(now: number): void {
    this.totalMs = this.read(now)
    this.startedAt = undefined
  }

  /** Milliseconds; an exchange under way counts up to now, as one does that its deadline has cut short. */
  read(now: number): number {
    return this.startedAt === undefined ? this.totalMs : this.totalMs + now - this.startedAt
  }
}
