/** The outcomes of notifications and events since the start: plain numbers, read at a scrape. */
import { Histogram } from '../histogram.ts'
import type { DeliveryOutcome } from './delivery.ts'
import type { EventType } from './events.ts'
import type { LeftOutReason } from './simplify/change.ts'

/**
 * `taken`: by the app, or nothing in it was for the app. `app-refused`, `app-unreachable`, `app-timeout`: LivePerson sends it again.
 * The others were refused before they were read.
 */
export const notificationOutcomes = [
  'taken',
  'app-refused',
  'app-unreachable',
  'app-timeout',
  'malformed',
  'signature-invalid',
  'busy',
] as const
export type NotificationOutcome = (typeof notificationOutcomes)[number]

/** Seconds. The app has two, unless set otherwise. */
const secondsOfApp = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4.5]

/** Seconds. LivePerson stores events for up to three days while an endpoint fails. */
const secondsOfLag = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400]

export type EventCount = {
  type: EventType | 'none'
  outcome: DeliveryOutcome | 'left-out'
  /** Why it was left out. */
  reason: LeftOutReason | 'none'
  count: number
}

export class Counters {
  readonly notifications: Record<NotificationOutcome, number> = {
    taken: 0,
    'app-refused': 0,
    'app-unreachable': 0,
    'app-timeout': 0,
    malformed: 0,
    'signature-invalid': 0,
    busy: 0,
  }
  /** How long the app takes to answer. */
  readonly appSeconds = new Histogram(secondsOfApp)
  /** How old an event is when the app has it. */
  readonly lagSeconds = new Histogram(secondsOfLag)
  private readonly countByKey = new Map<string, EventCount>()

  /** Those that occurred. */
  get events(): Iterable<Readonly<EventCount>> {
    return this.countByKey.values()
  }

  countEvent(
    type: EventCount['type'],
    outcome: EventCount['outcome'],
    reason: EventCount['reason'] = 'none',
  ): void {
    const key = `${type} ${outcome} ${reason}`
    const counted = this.countByKey.get(key)
    if (counted === undefined) this.countByKey.set(key, { type, outcome, reason, count: 1 })
    else counted.count += 1
  }
}
