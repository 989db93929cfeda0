/** What a check is: one thing that must hold before messages can be sent, and what was found of it. */
import type { App } from '../app.ts'
import type { Config } from '../config.ts'

export type Outcome = {
  /** `warn` is worth a look and fails nothing; `skip` could not or need not be looked at. */
  status: 'ok' | 'warn' | 'fail' | 'skip'
  /** What was found; may have several lines. No secret. */
  detail: string
  /** What to do about a `warn` or `fail`. */
  remedy?: string
}

export type Finding = Outcome & { name: string }

/** The proxy that is examined: the parts that would serve requests, with nobody to ask them but the doctor. */
export type Patient = {
  config: Config
  app: App
  accountId: string | undefined
  /** Whether the proxy has credentials of its own for that account. */
  hasCredentials: boolean
  consumerId: string | undefined
}

export type Check = {
  name: string
  /** Another check without which this one has nothing to say. */
  after?: string
  examine(patient: Patient): Promise<Outcome>
}

export const noAccount: Outcome = {
  status: 'skip',
  detail: 'no account: neither LP_ACCOUNT_ID nor --account names one',
}

/** For work that others may share. @returns a deadline on the clock of `performance.now()`, milliseconds */
export function deadlineOf({ config }: Patient): number {
  return performance.now() + config.requestTimeoutMs
}
