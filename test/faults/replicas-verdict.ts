/** Judges what the callers of several replicas were told while one was rolled and one was killed. */
import type { Context } from './context.ts'
import { type Fault, healthy } from './fault.ts'
import { spreadOf, sum } from './figures.ts'
import type { Replica } from './replica.ts'
import { type Message, type Row, saidBy, total } from './verdict.ts'

/** On the clock of `performance.now()`, milliseconds. */
export type Span = { from: number; to: number }

export type Course = {
  replicas: readonly Replica[]
  killed: Replica
  /** By id of the message. */
  sentAt: ReadonlyMap<string, number>
  /** From SIGTERM until its successor had a message. */
  roll: Span
  /** From SIGKILL until the process was gone. */
  kill: Span
  /** When its successor had a message. */
  killIsOver: number
}

/** The rows of the table: what the replicas went through while a message was under way. */
const row = (name: string): Fault => ({ ...healthy, class: name })
const sentTwice = row('a key, sent twice')
const rolling = row('one is rolled')
const inFlight = row('SIGKILL: in flight')
const afterwards = row('SIGKILL: one is missing')

export function judgeReplicas(context: Context, course: Course): Map<string, Row> {
  const { oracle, report } = context
  const { replicas, killed, sentAt, kill } = course
  const messages = oracle
    .of()
    .map((message) => ({ ...message, fault: whatHappened(message, course) }))
  const table = oracle.table(messages)
  const all = total([...table.values()])
  const doubtful = messages.filter(({ answers }) =>
    answers.every((answer) => saidBy(answer) !== 'acknowledged'),
  )
  const elsewhere = doubtful.filter(({ fault }) => fault !== inFlight)
  const byOthers = doubtful.filter(({ id }) =>
    replicas.some((replica) => replica !== killed && replica.taken.has(id)),
  )
  const none = (promise: string, count: number) => report.promise(promise, count === 0, count, 0)
  none('no message is doubled', all.duplicates)
  none('no message is lost: acknowledged, and never at LiveEngage', all.falseAcknowledgements)
  none('nothing that LiveEngage has is said not to be sent', all.falseNotSent)
  none('whatever was not in flight at the SIGKILL is acknowledged', elsewhere.length)
  none('what is not acknowledged had not gone to a replica that lived', byOthers.length)
  none('every request has a whole answer', all.unanswered)
  none('every failure is a problem whose delivery agrees with its status', all.malformed)
  none('no SEND that nobody asked for', sum(replicas.map(({ strangers }) => strangers)))
  report.promise(
    'the SIGKILL meets messages in flight',
    doubtful.length > 0,
    `${doubtful.length} without an outcome`,
    'more than 0',
  )
  const shares = replicas.map(({ taken }) => taken.size)
  const least = Math.floor(all.requests / (replicas.length * 2))
  report.promise(
    'each replica has its share',
    Math.min(...shares) >= least,
    shares.join(', '),
    `${least} each`,
  )
  report.figures['total'] = all
  report.figures['untilTheKilledOneWasGoneMs'] = Math.round(kill.to - kill.from)
  report.figures['answeredAfterMs'] = spreadOf(
    oracle.of('load').map(({ id, answeredAt }) => answeredAt - (sentAt.get(id) ?? 0)),
  )
  return table
}

function whatHappened({ id, phase, answeredAt }: Message, course: Course): Fault {
  const { sentAt, roll, kill, killIsOver } = course
  const from = sentAt.get(id) ?? 0
  const overlaps = (span: Span) => from <= span.to && answeredAt >= span.from
  if (phase === 'keyed') return sentTwice
  if (overlaps(kill)) return inFlight
  if (overlaps({ from: kill.to, to: killIsOver })) return afterwards
  return overlaps(roll) ? rolling : healthy
}
