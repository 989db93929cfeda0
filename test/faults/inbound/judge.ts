/** The promises that every run of notifications has to keep. */
import type { Context } from '../context.ts'
import { round } from '../figures.ts'
import { examplesOf } from './ledger.ts'
import type { Site } from './site.ts'

/** Anything else tells LivePerson that a notification which is in order is not. `none`: it was killed, or there was no time. */
const expected = new Set(['200', 'app-refused', 'app-unreachable', 'app-timeout', 'overloaded'])

const mostMb = 200

/** @param name of the phase, which begins each promise @param mayBeSilent whether the process was killed meanwhile */
export function judge(
  { report }: Context,
  { ledger, answers, notices, parties }: Site,
  name: string,
  { peakMb, mayBeSilent = false }: { peakMb: number; mayBeSilent?: boolean },
): void {
  const none = (promise: string, ids: readonly string[]) =>
    report.promise(`${name}: ${promise}`, ids.length === 0, ids.length, 0, examplesOf(ids))
  none('no event is lost', ledger.lost)
  none('none is acknowledged that the app did not take', ledger.falselyAcknowledged)
  none('none comes under another id, and none that is not for the app', ledger.strangers)
  none('each is signed, and its id in its body', ledger.unproved)
  none('the order inside a conversation holds', ledger.disordered)
  const odd = [...answers.keys()].filter(
    (code) => !expected.has(code) && !(mayBeSilent && code === 'none'),
  )
  none('LivePerson is told nothing else than 200, or why to come again', odd)
  report.promise(
    `${name}: memory is bounded`,
    peakMb < mostMb,
    `${round(peakMb)} MB`,
    `${mostMb} MB`,
  )
  report.figures[name] = {
    notifications: notices,
    events: ledger.events,
    chatStates: ledger.chatStates,
    repeatedUnderTheSameId: ledger.repeated,
    outages: parties.reduce((total, { install }) => total + install.outages, 0),
    answers: Object.fromEntries(answers),
    peakMb: round(peakMb),
  }
}
