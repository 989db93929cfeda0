/** Knows what was asked for, what LiveEngage did and what the proxy said, and judges whether it told the truth. */
import type { Answer } from './client.ts'
import { type Fault, healthy } from './fault.ts'

export type Said = 'acknowledged' | 'not-sent' | 'unknown' | 'nothing'

type Message = {
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

/** Where nothing of the proxy's faults could be met: it did not try. */
const untriedCodes = new Set(['circuit-open', 'overloaded'])

export class Oracle {
  private readonly messages = new Map<string, Message>()

  expect(id: string, phase: string, fault: Fault, isExcused = false): void {
    const nothing = { answers: [], arrivals: 0, processed: 0, answeredAt: 0 }
    this.messages.set(id, { id, phase, fault, isExcused, ...nothing })
  }

  arrived(id: string, count = 1): void {
    const message = this.messages.get(id)
    if (message !== undefined) message.arrivals += count
  }

  processed(id: string): void {
    const message = this.messages.get(id)
    if (message !== undefined) message.processed += 1
  }

  answered(id: string, answer: Answer | undefined): void {
    const message = this.messages.get(id)
    if (message === undefined) return
    message.answers.push(answer)
    message.answeredAt = performance.now()
  }

  processedCount(id: string): number {
    return this.messages.get(id)?.processed ?? 0
  }

  /** @param phases all, if none is named */
  of(...phases: string[]): Message[] {
    const all = [...this.messages.values()]
    return phases.length === 0 ? all : all.filter(({ phase }) => phases.includes(phase))
  }

  /** Those that were answered before then; they are known no more. */
  takeSettled(before: number): Message[] {
    const settled = this.of().filter(({ answeredAt }) => answeredAt > 0 && answeredAt < before)
    for (const { id } of settled) this.messages.delete(id)
    return settled
  }

  /** Faults that came to be: of those that the proxy did not even try to send there is nothing to be learnt. */
  faultsMet(messages: readonly Message[]): number {
    return messages.filter(
      ({ fault, answers }) =>
        fault.class !== 'healthy' &&
        answers.some((answer) => !untriedCodes.has(answer?.problem?.code ?? '')),
    ).length
  }

  /** By class of fault, healthy ones first; LiveEngage's lies are in a row of their own. */
  table(messages: readonly Message[] = this.of()): Map<string, Row> {
    const rows = new Map<string, Row>()
    for (const message of messages) {
      const { fault } = message
      const key = fault.isLie ? lied : fault.class
      const row = rows.get(key) ?? emptyRow()
      rows.set(key, row)
      count(row, message)
    }
    return rows
  }

  violations(messages: readonly Message[] = this.of()): Violation[] {
    return messages.flatMap((message) => {
      if (message.fault.isLie) return []
      const row = emptyRow()
      count(row, message)
      return breaches.flatMap((kind) => (row[kind] === 0 ? [] : [describe(message, kind)]))
    })
  }

  /** SENDs and broken connections beyond one a request. */
  attempts(messages: readonly Message[]): { requests: number; extra: number; excused: number } {
    const beyond = (list: readonly Message[]) =>
      list.reduce((total, { arrivals }) => total + Math.max(0, arrivals - 1), 0)
    return {
      requests: messages.length,
      extra: beyond(messages.filter(({ isExcused }) => !isExcused)),
      excused: beyond(messages.filter(({ isExcused }) => isExcused)),
    }
  }
}

export const lied = 'upstream lied'

const breaches = [
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
function count(row: Row, { fault, answers, processed }: Message): void {
  const said = answers.map(saidBy)
  row.requests += 1
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
    if (processed > 0) row.falseNotSent += 1
  }
}

function isMalformed(answer: Answer): boolean {
  const said = saidBy(answer)
  if (said === 'acknowledged') return false
  return answer.problem?.delivery !== said
}

function describe({ id, phase, fault, answers, processed }: Message, kind: string): Violation {
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
