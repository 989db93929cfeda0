/** Knows what was asked for, what LiveEngage did and what the proxy said, and judges whether it told the truth. */
import type { Answer } from './client.ts'
import type { Fault } from './fault.ts'
import {
  breaches,
  count,
  describe,
  emptyRow,
  lied,
  type Message,
  type Row,
  saidBy,
  type Violation,
} from './verdict.ts'

/** Where nothing of the proxy's faults could be met: it did not try. */
const untriedCodes = new Set([
  'circuit-open',
  'overloaded',
  'idempotency-store-unavailable',
  'idempotency-key-in-use',
])

/** Whether the proxy has begun to send it. */
export function isTried(answer: Answer | undefined): boolean {
  return !untriedCodes.has(answer?.problem?.code ?? '')
}

export class Oracle {
  private readonly messages = new Map<string, Message>()

  expect(id: string, phase: string, fault: Fault, isExcused = false): void {
    const nothing = { answers: [], arrivals: 0, processed: 0, answeredAt: 0, isDenied: false }
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
    const isNotSent = message.answers.every((each) => saidBy(each) === 'not-sent')
    if (isNotSent && message.processed > 0) message.isDenied = true
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
      ({ fault, answers }) => fault.class !== 'healthy' && answers.some(isTried),
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
