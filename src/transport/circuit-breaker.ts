/** A circuit breaker: after too many failures of a service its calls are refused at once, until a few probes succeed. */
import type { CallOutcome, ServiceStatistics } from './statistics.ts'

const windowSeconds = 10
const minSamples = 20
const failureShare = 0.5
const firstPauseMs = 5_000
const maxPauseMs = 30_000
/** A pause is up to a fifth shorter or longer, so that several proxies do not come back together. */
const pauseJitter = 0.2
const probes = 3

type Second = { readonly at: number; samples: number; failures: number }

export class CircuitBreaker {
  private state: 'closed' | 'open' | 'probing' = 'closed'
  /** One entry for each second of the window that had a call. */
  private readonly seconds: Second[] = []
  private pauseMs = firstPauseMs
  private openUntil = 0
  private probesUnderWay = 0
  private probesDone = 0
  /** Counts the changes of state: a call that began before the latest one no longer counts. */
  private era = 0
  private readonly statistics: Pick<ServiceStatistics, 'openings'>

  constructor(statistics: Pick<ServiceStatistics, 'openings'> = { openings: 0 }) {
    this.statistics = statistics
  }

  /** `probing` also if the pause is over and nothing has been tried since. */
  get condition(): 'closed' | 'probing' | 'open' {
    return this.state === 'open' && performance.now() >= this.openUntil ? 'probing' : this.state
  }

  /** How long calls will be refused, milliseconds; 0 if they are not, or if that is unknown. */
  get refusesForMs(): number {
    return this.state === 'open' ? Math.max(this.openUntil - performance.now(), 0) : 0
  }

  /** Whether a call would be refused now. */
  get isOpen(): boolean {
    return this.state === 'open'
      ? performance.now() < this.openUntil
      : this.state === 'probing' && this.probesUnderWay + this.probesDone >= probes
  }

  /** Begins a call that is not refused. @returns the era, which `end` takes */
  begin(): number {
    if (this.state === 'open') this.change('probing')
    if (this.state === 'probing') this.probesUnderWay += 1
    return this.era
  }

  /** @param era that `begin` returned */
  end(era: number, outcome: CallOutcome): void {
    if (era !== this.era) return
    if (this.state === 'probing') this.endProbe(outcome)
    else if (outcome === 'success' || outcome === 'failure') this.count(outcome === 'failure')
  }

  private endProbe(outcome: CallOutcome): void {
    this.probesUnderWay -= 1
    if (outcome === 'none') return
    if (outcome === 'failure') {
      this.open(Math.min(this.pauseMs * 2, maxPauseMs))
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
    if (second !== latest) this.startSecond(second)
    if (isFailure && this.isFailing()) this.open(firstPauseMs)
  }

  private startSecond(second: Second): void {
    const kept = this.seconds.filter(({ at }) => at > second.at - windowSeconds)
    this.seconds.splice(0, this.seconds.length, ...kept, second)
  }

  private isFailing(): boolean {
    let samples = 0
    let failures = 0
    for (const second of this.seconds) {
      samples += second.samples
      failures += second.failures
    }
    return samples >= minSamples && failures >= samples * failureShare
  }

  private open(pauseMs: number): void {
    this.change('open')
    this.statistics.openings += 1
    this.pauseMs = pauseMs
    this.openUntil = performance.now() + pauseMs * (1 + pauseJitter * (2 * Math.random() - 1))
  }

  private change(state: 'closed' | 'open' | 'probing'): void {
    this.state = state
    this.era += 1
    this.seconds.length = 0
    this.probesUnderWay = 0
    this.probesDone = 0
  }
}
