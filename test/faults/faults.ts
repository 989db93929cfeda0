/** The table of all faults that the upstream can do to one message; what happens to connections is in connection-faults.ts. */
import { brokenAnswers, redirects } from './broken-answers.ts'
import { brokenExchanges } from './broken-exchanges.ts'
import { brokenFraming } from './broken-framing.ts'
import type { Fault } from './fault.ts'

/** @param elsewhere an origin that must never hear of a message */
export function messageFaults(elsewhere: string): Fault[] {
  return [...brokenExchanges, ...brokenFraming, ...brokenAnswers, ...redirects(elsewhere)]
}
