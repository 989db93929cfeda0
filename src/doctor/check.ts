/** A check: one condition for sending messages, and its outcome. */
import type { App } from '../app/app.ts'
import type { Config } from '../config/config.ts'
import type { ClientCredentials } from '../liveengage/caller.ts'

export type Outcome = {
  /** `warn` does not fail the doctor. `skip`: the check could not or need not run. */
  status: 'ok' | 'warn' | 'fail' | 'skip'
  /** What was found, in one or more lines. It contains no secret. */
  detail: string
  /** What to do about a `warn` or `fail`. */
  remedy?: string
}

export type Finding = Outcome & { name: string }

/** The proxy that is checked: the parts that would serve requests, used only by the doctor. */
export type Patient = {
  config: Config
  app: App
  accountId: string | undefined
  /** The proxy's own for that account, if it has any. */
  credentials: ClientCredentials | undefined
  consumerId: string | undefined
  /** The public URL of the webhook listener, if it is to be tested. */
  webhookUrl: string | undefined
}

export type Check = {
  name: string
  /** The check that must have passed before this one makes sense. */
  after?: string
  examine(patient: Patient): Promise<Outcome>
}

export const noAccount: Outcome = {
  status: 'skip',
  detail: 'no account to check: set LP_ACCOUNT_ID or --account',
}

/** @returns the deadline of a check on the clock of `performance.now()`, milliseconds */
export function deadlineOf({ config }: Patient): number {
  return performance.now() + config.requestTimeoutMs
}
