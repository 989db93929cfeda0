/** How many resends a host is worth: a tenth of its requests and one a second, so that trouble is not multiplied. */

const perRequest = 0.1
const perSecond = 1
/** Of a quiet time no more than this is saved up. */
const most = 10

export class RetryBudget {
  private balance = perSecond
  private filledAt = performance.now()

  /** A request earns its share. */
  earn(): void {
    this.balance = Math.min(this.balance + perRequest, most)
  }

  /** Takes one resend out. @returns false where there is none left */
  spend(): boolean {
    const now = performance.now()
    const earned = ((now - this.filledAt) / 1000) * perSecond
    this.filledAt = now
    this.balance = Math.min(this.balance + earned, most)
    if (this.balance < 1) return false
    this.balance -= 1
    return true
  }
}
