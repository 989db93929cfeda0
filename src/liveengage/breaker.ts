/** Whether a service is worth trying: after too many failures calls are refused at once, until a few probes say it is back. */

export type Outcome =
  | 'success'
  /** No connection, no whole answer, or a server error. */
  | 'failure'
  /** It answered that the call is wrong or comes too often: it lives, which says nothing more. */
  | 'refusal'
  /** It was never asked, or not given the time to answer. */
  | 'none'

const windowSeconds = 10
const leastSamples = 20
const failureShare = 0.5
const firstPauseMs = 5_000
const longestPauseMs = 30_000
/** A pause is up to a fifth shorter or longer, so that several proxies do not come back together. */
const pauseJitter = 0.2
const probes = 3

type Second = { at: number; samples: number; failures: number }

export class Breaker {
  private state: 'closed' | 'open' | 'probing' = 'closed'
  /** One for each second of the window. */
  private readonly seconds: Second[] = []
  private pauseMs = firstPauseMs
  private opensUntil = 0
  private probesUnderWay = 0
  private probesDone = 0
  /** Counts the changes of state: what began before the latest says nothing of the present. */
  private era = 0

  /** How long calls will be refused, milliseconds; 0 where they are not, or where nobody knows. */
  get refusesForMs(): number {
    return this.state === 'open' ? Math.max(this.opensUntil - performance.now(), 0) : 0
  }

  /** Whether a call would be refused now. */
  get isOpen(): boolean {
    return this.state === 'open'
      ? performance.now() < this.opensUntil
      : this.state === 'probing' && this.probesUnderWay + this.probesDone >= probes
  }

  /** Begins a call that is not refused. @returns what `end` wants to know */
  begin(): number {
    if (this.state === 'open') this.change('probing')
    if (this.state === 'probing') this.probesUnderWay += 1
    return this.era
  }

  /** @param era as `begin` gave it */
  end(era: number, outcome: Outcome): void {
    if (era !== this.era) return
    if (this.state === 'probing') this.endProbe(outcome)
    else if (outcome === 'success' || outcome === 'failure') this.count(outcome === 'failure')
  }

  private endProbe(outcome: Outcome): void {
    this.probesUnderWay -= 1
    if (outcome === 'none') return
    if (outcome === 'failure') {
      this.open(Math.min(this.pauseMs * 2, longestPauseMs))
      return
    }
    this.probesDone += 1
    if (this.probesDone < probes) return
    this.change('closed')
    this.pauseMs = firstPauseMs
  }

  private count(isFailure: boolean): void {
    const at = Math.floor(performance.now() / 1000)
    const latest = this.seconds.at(-1)
    const second = latest?.at === at ? latest : { at, samples: 0, failures: 0 }
    second.samples += 1
    if (isFailure) second.failures += 1
    if (second !== latest) {
      this.seconds.push(second)
      while (Number(this.seconds[0]?.at) <= at - windowSeconds) this.seconds.shift()
    }
    if (isFailure && this.isFailing()) this.open(firstPauseMs)
  }

  private isFailing(): boolean {
    let samples = 0
    let failures = 0
    for (const second of this.seconds) {
      samples += second.samples
      failures += second.failures
    }
    return samples >= leastSamples && failures >= samples * failureShare
  }

  private open(pauseMs: number): void {
    this.change('open')
    this.pauseMs = pauseMs
    this.opensUntil = performance.now() + pauseMs * (1 + pauseJitter * (2 * Math.random() - 1))
  }

  private change(state: 'closed' | 'open' | 'probing'): void {
    this.state = state
    this.era += 1
    this.seconds.length = 0
    this.probesUnderWay = 0
    this.probesDone = 0
  }
}
