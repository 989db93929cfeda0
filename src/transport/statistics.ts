/** Counts of upstream calls since the start: plain numbers, added at each call and read at a scrape. */
import { Histogram } from '../histogram.ts'
import type { Priority } from './terms.ts'

export const serviceNames = [
  'messaging',
  'storage',
  'sentinel',
  'idp',
  'domain-api',
  'app',
] as const
export type ServiceName = (typeof serviceNames)[number]

export type CallOutcome =
  | 'success'
  /** No connection, no whole answer, or a server error. */
  | 'failure'
  /** A client error: the service works, but refuses this call. */
  | 'refusal'
  /** The call was never written, or had no time for an answer. */
  | 'none'

/** Why a call was not begun. */
export type ShedReason =
  /** Every slot is taken, and the queue is too long for the call's priority or its account's share. */
  | 'full'
  /** It waited as long as it may. */
  | 'waited'
  /** Its deadline passed in the queue. */
  | 'deadline'
  /** Its caller hung up while it was in the queue. */
  | 'hung-up'
  | 'circuit-open'
  /** The event loop lags. */
  | 'event-loop'
  /** Too many uploads are in progress. */
  | 'uploads'

/** A token of the proxy's own that a newer one may replace. */
export type TokenKind = 'app-jwt' | 'consumer-jws'

/** Why a request is sent again. */
export type Remedy = 'reconnect' | 'wait' | 'move' | TokenKind

/** Histogram bounds in seconds. LiveEngage usually answers in 0.05 to 0.3; REQUEST_TIMEOUT_MS is 10 unless set otherwise. */
export const callSecondsBounds = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10]

export class ServiceStatistics {
  inFlight = 0
  /** How often a circuit breaker opened. */
  openings = 0
  readonly calls: Record<CallOutcome, number> = { success: 0, failure: 0, refusal: 0, none: 0 }
  readonly seconds = new Histogram(callSecondsBounds)
  readonly shed: Record<Priority, Record<ShedReason, number>> = {
    low: nothingShed(),
    normal: nothingShed(),
    high: nothingShed(),
  }
}

export class CallStatistics {
  readonly services: Record<ServiceName, ServiceStatistics> = {
    messaging: new ServiceStatistics(),
    storage: new ServiceStatistics(),
    sentinel: new ServiceStatistics(),
    idp: new ServiceStatistics(),
    'domain-api': new ServiceStatistics(),
    app: new ServiceStatistics(),
  }
  /** Of all calls that waited in a queue. */
  readonly queueSeconds = new Histogram(callSecondsBounds)
  readonly resends: Record<Remedy, number> = {
    reconnect: 0,
    wait: 0,
    move: 0,
    'app-jwt': 0,
    'consumer-jws': 0,
  }
  retryBudgetRefusals = 0

  /** Counts a call that was not begun. */
  shed(service: ServiceName, priority: Priority, reason: ShedReason): void {
    this.services[service].shed[priority][reason] += 1
  }
}

function nothingShed(): Record<ShedReason, number> {
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
