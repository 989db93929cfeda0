/** Metrics of the requests and their answers. */
import type { Drain } from '../../http/drain.ts'
import { none, type RequestCounters, type RouteCounters } from '../../http/request-record.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { problems } from '../../problems/catalogue.ts'
import type { TypingExpiries } from '../../typing/typing-expiry.ts'
import { countsOf, type Family, type Reading } from './family.ts'

export type RequestSources = {
  counters: RequestCounters
  drain: Drain
  store: Pick<IdempotencyStore, 'size'>
  typing: TypingExpiries
}

export function requestFamilies({ counters, drain, store, typing }: RequestSources): Family[] {
  const routes = () => [...counters.routes.values()]
  const byAction = (part: 'seconds' | 'upstreamSeconds' | 'ownSeconds') =>
    routes()
      .filter((route) => route.action !== none && route[part].sum > 0)
      .map((route) => [{ action: route.action }, route[part]] as const)
  return [
    {
      name: 'liveengage_proxy_requests_total',
      help: 'Requests answered on the main port, by route pattern, action, status and problem code. The code is none if there was no problem: a success, LiveEngage’s own answer on a native route, or a replayed outcome. Route and action are none if no route matched, or if the bytes were no HTTP request.',
      type: 'counter',
      labels: ['route', 'action', 'status', 'code'],
      read: () => routes().flatMap(answersOf),
    },
    {
      name: 'liveengage_proxy_request_duration_seconds',
      help: 'Time from the arrival of a request’s headers to the start of its answer, by action.',
      type: 'histogram',
      labels: ['action'],
      read: () => byAction('seconds'),
    },
    {
      name: 'liveengage_proxy_request_upstream_seconds',
      help: 'The part of a request’s time that was spent with LiveEngage: connecting, waiting for the answer, resending. Only of requests that reached LiveEngage.',
      type: 'histogram',
      labels: ['action'],
      read: () => byAction('upstreamSeconds'),
    },
    {
      name: 'liveengage_proxy_request_own_seconds',
      help: 'The rest of the time of those requests: the proxy’s own work, the arrival of the body, and waiting in the queue or for host look-ups and tokens.',
      type: 'histogram',
      labels: ['action'],
      read: () => byAction('ownSeconds'),
    },
    {
      name: 'liveengage_proxy_requests_in_flight',
      help: 'Requests that wait for their answer on the main port. A scrape on that port counts too.',
      type: 'gauge',
      read: () => [[{}, drain.unanswered]],
    },
    {
      name: 'liveengage_proxy_deliveries_unknown_total',
      help: 'Requests that LiveEngage may have processed without confirming it, by problem code. The code none is LiveEngage’s own 408 or 5xx on a native route.',
      type: 'counter',
      labels: ['code'],
      read: () => unknownCodes.map((code) => [{ code }, counters.unknownDeliveries.get(code) ?? 0]),
    },
    {
      name: 'liveengage_proxy_requests_replayed_total',
      help: 'Requests answered with the stored outcome of their Idempotency-Key. Nothing was sent for them.',
      type: 'counter',
      read: () => [[{}, counters.replays]],
    },
    {
      name: 'liveengage_proxy_idempotency_outcomes',
      help: 'Outcomes in memory for retries with the same Idempotency-Key; absent with STATE_URL.',
      type: 'gauge',
      read: () => (store.size === undefined ? [] : [[{}, store.size]]),
    },
    {
      name: 'liveengage_proxy_typing_expiries',
      help: 'Typing that will end by itself, because it was started with expiresInSeconds.',
      type: 'gauge',
      read: () => [[{}, typing.pauses.size]],
    },
    {
      name: 'liveengage_proxy_typing_pauses_total',
      help: 'Attempts to end typing with a PAUSE, by result: sent, retried (failed, and will be tried again) or failed (given up; the agent still sees typing).',
      type: 'counter',
      labels: ['result'],
      read: () => countsOf(typing.pauses.counts, (result) => ({ result })),
    },
  ]
}

/** The codes of an unknown delivery. Their series exist from the start, so that the first one counts as an increase. */
const unknownCodes = ['liveengage-failed', 'liveengage-timeout', 'internal-error', none]

function answersOf({ route, action, answers }: RouteCounters): Reading<number>[] {
  return [...answers].map(([answer, { count }]) => {
    const isStatus = typeof answer === 'number'
    const status = String(isStatus ? answer : problems[answer].status)
    return [{ route, action, status, code: isStatus ? none : answer }, count]
  })
}
