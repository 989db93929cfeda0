/** Limits the resends to a host: a tenth of its requests and one a second, so that resends do not make an outage worse. */
import type { CallStatistics } from './statistics.ts'

const perRequest = 0.1
const perSecond = 1
/** The most that can be saved up. */
const maxBalance = 10

export class RetryBudget {
  /** Requests to the host so far; the sender adds each. */
  requests = 0
  private balance = perSecond
  private countedRequests = 0
  private countedAt = performance.now()
  private readonly statistics: Pick<CallStatistics, 'retryBudgetRefusals'>

  constructor(statistics: Pick<CallStatistics, 'retryBudgetRefusals'>) {
    this.statistics = statistics
  }

  /** Takes one resend out. @returns false if none is left */
  spend(): boolean {
    const now = performance.now()
    const earned =
      (this.requests - this.countedRequests) * perRequest +
      ((now - this.countedAt) / 1000) * perSecond
    this.balance = Math.min(this.balance + earned, maxBalance)
    this.countedRequests = this.requests
    this.countedAt = now
    if (this.balance < 1) {
      this.statistics.retryBudgetRefusals += 1
      return false
    }
    this.balance -= 1
    return true
  }
}
