/** What callers ask of the proxy, and what they get. */
import type { Drain } from '../drain.ts'
import type { Outcomes } from '../outcomes.ts'
import { problems } from '../problems.ts'
import { none, type RouteTraffic, type Traffic } from '../traffic.ts'
import type { TypingExpiries } from '../typing.ts'
import { countsOf, type Family, type Reading } from './family.ts'

export type RequestSources = {
  traffic: Traffic
  drain: Drain
  outcomes: Outcomes
  typing: TypingExpiries
}

export function requestFamilies({ traffic, drain, outcomes, typing }: RequestSources): Family[] {
  const routes = () => [...traffic.routes.values()]
  const byAction = (part: 'seconds' | 'upstreamSeconds' | 'ownSeconds') =>
    routes()
      .filter((route) => route.action !== none && route[part].sum > 0)
      .map((route) => [{ action: route.action }, route[part]] as const)
  return [
    {
      name: 'liveengage_proxy_requests_total',
      help: 'Requests answered on the main port, by pattern of the route, action, status and problem code. The code is none where there was no problem: success, LiveEngage’s own answer on a native route, an outcome given again. Route and action are none where there is no such route, or nothing that could be read as a request.',
      type: 'counter',
      labels: ['route', 'action', 'status', 'code'],
      read: () => routes().flatMap(answersOf),
    },
    {
      name: 'liveengage_proxy_request_duration_seconds',
      help: 'Time from a request’s head to the head of its answer, by action.',
      type: 'histogram',
      labels: ['action'],
      read: () => byAction('seconds'),
    },
    {
      name: 'liveengage_proxy_request_upstream_seconds',
      help: 'The part of a request’s time in which LiveEngage had it: connecting, its answer, resends; of requests that reached it.',
      type: 'histogram',
      labels: ['action'],
      read: () => byAction('upstreamSeconds'),
    },
    {
      name: 'liveengage_proxy_request_own_seconds',
      help: 'The rest of the time of those requests: the proxy’s own work, the arrival of the body, waits in line and for hosts and tokens that were not at hand.',
      type: 'histogram',
      labels: ['action'],
      read: () => byAction('ownSeconds'),
    },
    {
      name: 'liveengage_proxy_requests_in_flight',
      help: 'Requests that await their answer on the main port; a scrape there is one of them.',
      type: 'gauge',
      read: () => [[{}, drain.unanswered]],
    },
    {
      name: 'liveengage_proxy_deliveries_unknown_total',
      help: 'Requests on which LiveEngage may have acted without saying so, by problem code; none is LiveEngage’s own 5xx on a native route.',
      type: 'counter',
      labels: ['code'],
      read: () => unknownCodes.map((code) => [{ code }, traffic.unknownDeliveries.get(code) ?? 0]),
    },
    {
      name: 'liveengage_proxy_requests_replayed_total',
      help: 'Requests that got the outcome of an earlier one with the same Idempotency-Key; nothing was sent for them.',
      type: 'counter',
      read: () => [[{}, traffic.replays]],
    },
    {
      name: 'liveengage_proxy_idempotency_outcomes',
      help: 'Outcomes that are kept for retries under their Idempotency-Key.',
      type: 'gauge',
      read: () => [[{}, outcomes.size]],
    },
    {
      name: 'liveengage_proxy_typing_expiries',
      help: 'Typing that is to end by itself later, because it was started with expiresInSeconds.',
      type: 'gauge',
      read: () => [[{}, typing.pauses.size]],
    },
    {
      name: 'liveengage_proxy_typing_pauses_total',
      help: 'Attempts to end such typing with a PAUSE, by result: sent, retried (failed, and made again later) or failed (given up: it goes on showing).',
      type: 'counter',
      labels: ['result'],
      read: () => countsOf(typing.pauses.counts, (result) => ({ result })),
    },
  ]
}

/** All that the delivery of a request can be unknown for: shown from the start, so that the first one is an increase. */
const unknownCodes = ['liveengage-failed', 'liveengage-timeout', 'internal-error', none]

function answersOf({ route, action, answers }: RouteTraffic): Reading<number>[] {
  return [...answers].map(([answer, { count }]) => {
    const isStatus = typeof answer === 'number'
    const status = String(isStatus ? answer : problems[answer].status)
    return [{ route, action, status, code: isStatus ? none : answer }, count]
  })
}
