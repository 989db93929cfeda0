/** What happened at LivePerson's services since the start: plain numbers, added where it happens and read when somebody asks. */
import { Distribution } from '../distribution.ts'
import type { Outcome } from './breaker.ts'
import type { Remedy } from './delivery.ts'
import type { Priority } from './gate.ts'

export const serviceNames = ['messaging', 'storage', 'sentinel', 'idp', 'domain-api'] as const
export type ServiceName = (typeof serviceNames)[number]

/** Why a call was not begun. */
export type ShedReason =
  /** Everything in use, and the line too long for its priority, or for its account's share. */
  | 'full'
  /** It waited as long as it may. */
  | 'waited'
  /** Its deadline passed in the line. */
  | 'deadline'
  /** Its caller hung up in the line. */
  | 'hung-up'
  | 'circuit-open'
  /** The process falls behind. */
  | 'event-loop'
  /** As many files are held as may be. */
  | 'uploads'

/** Seconds. LiveEngage's usual answer takes 0.05 to 0.3; REQUEST_TIMEOUT_MS is 10 unless set otherwise. */
export const secondsOfCalls = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10]

export class ServiceStats {
  inFlight = 0
  openings = 0
  readonly calls: Record<Outcome, number> = { success: 0, failure: 0, refusal: 0, none: 0 }
  readonly seconds = new Distribution(secondsOfCalls)
  readonly shed: Record<Priority, Record<ShedReason, number>> = {
    low: noneShed(),
    normal: noneShed(),
    high: noneShed(),
  }
}

export class Stats {
  readonly services: Record<ServiceName, ServiceStats> = {
    messaging: new ServiceStats(),
    storage: new ServiceStats(),
    sentinel: new ServiceStats(),
    idp: new ServiceStats(),
    'domain-api': new ServiceStats(),
  }
  /** Of the calls that waited, whatever came of it. */
  readonly queueSeconds = new Distribution(secondsOfCalls)
  readonly resends: Record<Remedy, number> = {
    reconnect: 0,
    wait: 0,
    move: 0,
    'app-jwt': 0,
    'consumer-jws': 0,
  }
  retryBudgetRefusals = 0
}

function noneShed(): Record<ShedReason, number> {
  return {
    full: 0,
    waited: 0,
    deadline: 0,
    'hung-up': 0,
    'circuit-open': 0,
    'event-loop': 0,
    uploads: 0,
  }
}
