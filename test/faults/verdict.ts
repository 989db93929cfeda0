/** What is true of one message, or of many: what the caller was told, and whether it was so. */
import type { Answer } from './client.ts'
import { type Fault, healthy } from './fault.ts'

export type Said = 'acknowledged' | 'not-sent' | 'unknown' | 'nothing'

export type Message = {
  id: string
  phase: string
  fault: Fault
  answers: (Answer | undefined)[]
  arrivals: number
  processed: number
  /** Arrivals beyond the first that no retry budget covers. */
  isExcused: boolean
  /** On the clock of `performance.now()`; 0 before the first answer. */
  answeredAt: number
  /** Its caller had only been told that it was not sent when LiveEngage had it already; a retry may have learnt better. */
  isDenied: boolean
}

export type Row = {
  requests: number
  acknowledged: number
  notSent: number
  unknown: number
  unknownDelivered: number
  /** No whole answer at all. */
  unanswered: number
  duplicates: number
  falseAcknowledgements: number
  falseNotSent: number
  /** A problem whose `delivery` contradicts its status, or an answer that is no problem. */
  malformed: number
  /** Nothing was wrong, and it was not acknowledged all the same. */
  refusedHealthy: number
}

export type Violation = {
  kind: string
  phase: string
  id: string
  fault: string
  answers: string[]
  processed: number
}

/** The one rule a dumb client can live by. */
export function saidBy(answer: Answer | undefined): Said {
  if (answer === undefined) return 'nothing'
  const { status, problem } = answer
  if (status >= 200 && status < 300) return 'acknowledged'
  if (status === 502 || status === 504) return 'unknown'
  if (status === 409 && problem?.code === 'idempotency-key-in-use') return 'unknown'
  if (status === 500 && problem?.delivery !== 'not-sent') return 'unknown'
  return 'not-sent'
}

/** The outcome that a key has already. */
export function isReplayed(answer: Answer | undefined): boolean {
  return answer?.headers['idempotency-replayed'] === 'true'
}

/** Acknowledged, or unknown once more: the key has this outcome, and keeps it. */
export function isSettled(answer: Answer | undefined): boolean {
  return saidBy(answer) === 'acknowledged' || isReplayed(answer)
}

export const lied = 'upstream lied'

export const breaches = [
  'duplicates',
  'falseAcknowledgements',
  'falseNotSent',
  'unanswered',
  'malformed',
  'refusedHealthy',
] as const

export function emptyRow(): Row {
  return {
    requests: 0,
    acknowledged: 0,
    notSent: 0,
    unknown: 0,
    unknownDelivered: 0,
    unanswered: 0,
    duplicates: 0,
    falseAcknowledgements: 0,
    falseNotSent: 0,
    malformed: 0,
    refusedHealthy: 0,
  }
}

/** What a caller knows at the end: an acknowledgement outdoes a doubt, and a doubt outdoes "not sent". */
export function count(row: Row, { fault, answers, processed, isDenied }: Message): void {
  const said = answers.map(saidBy)
  row.requests += 1
  if (isDenied) row.falseNotSent += 1
  if (said.includes('nothing')) row.unanswered += 1
  if (processed > 1) row.duplicates += 1
  if (answers.some((answer) => answer !== undefined && isMalformed(answer))) row.malformed += 1
  const isHealthy = fault.class === healthy.class && answers.length > 0
  if (isHealthy && !said.includes('acknowledged')) row.refusedHealthy += 1
  if (said.includes('acknowledged')) {
    row.acknowledged += 1
    if (processed === 0) row.falseAcknowledgements += 1
  } else if (said.includes('unknown')) {
    row.unknown += 1
    if (processed > 0) row.unknownDelivered += 1
  } else if (said.includes('not-sent')) {
    row.notSent += 1
    // LiveEngage had it later than the answer.
    if (processed > 0 && !isDenied) row.falseNotSent += 1
  }
}

function isMalformed(answer: Answer): boolean {
  const said = saidBy(answer)
  if (said === 'acknowledged') return false
  return answer.problem?.delivery !== said
}

export function describe(
  { id, phase, fault, answers, processed }: Message,
  kind: string,
): Violation {
  return {
    kind,
    phase,
    id,
    fault: `${fault.class}: ${fault.name}`,
    answers: answers.map((answer) =>
      answer === undefined ? 'none' : `${answer.status} ${answer.problem?.code ?? ''}`,
    ),
    processed,
  }
}

export function total(rows: readonly Row[]): Row {
  const all = emptyRow()
  for (const row of rows) {
    all.requests += row.requests
    all.acknowledged += row.acknowledged
    all.notSent += row.notSent
    all.unknown += row.unknown
    all.unknownDelivered += row.unknownDelivered
    all.unanswered += row.unanswered
    all.duplicates += row.duplicates
    all.falseAcknowledgements += row.falseAcknowledgements
    all.falseNotSent += row.falseNotSent
    all.malformed += row.malformed
    all.refusedHealthy += row.refusedHealthy
  }
  return all
}
