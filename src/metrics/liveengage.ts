/** What the proxy asks of LivePerson's services, how that goes, and what is kept from them. */
import type { Connections } from '../liveengage/connections.ts'
import type { Credentials } from '../liveengage/credentials.ts'
import type { Domains } from '../liveengage/domains.ts'
import { type ServiceName, type ServiceStats, serviceNames } from '../liveengage/stats.ts'
import { countsOf, type Family, type Reading } from './family.ts'

export type LiveEngageSources = {
  connections: Connections
  domains: Domains
  credentials: Credentials
}

/** Each service of LivePerson is judged by itself. */
export function serviceFamilies({ connections }: LiveEngageSources): Family[] {
  const { stats } = connections
  const byService = <T>(read: (service: ServiceStats, name: ServiceName) => T) =>
    serviceNames.map((service) => [{ service }, read(stats.services[service], service)] as const)
  return [
    {
      name: 'liveengage_proxy_upstream_calls_total',
      help: 'Calls ended, by service and outcome: success, failure (no connection, no whole answer, a 5xx), refusal (a 4xx) or none (given up before it could answer).',
      type: 'counter',
      labels: ['service', 'outcome'],
      read: () =>
        serviceNames.flatMap((service) =>
          countsOf(stats.services[service].calls, (outcome) => ({ service, outcome })),
        ),
    },
    {
      name: 'liveengage_proxy_upstream_call_duration_seconds',
      help: 'Time of a call from its turn to the end of its answer, by service.',
      type: 'histogram',
      labels: ['service'],
      read: () => byService(({ seconds }) => seconds).filter(([, { sum }]) => sum > 0),
    },
    {
      name: 'liveengage_proxy_upstream_in_flight',
      help: 'Calls under way, by service. MAX_CONNECTIONS is the most for one host.',
      type: 'gauge',
      labels: ['service'],
      read: () => byService(({ inFlight }) => inFlight),
    },
    {
      name: 'liveengage_proxy_queue_depth',
      help: 'Calls that wait for their turn, of all hosts. MAX_QUEUE is the most for one host.',
      type: 'gauge',
      read: () => {
        const waiting = [...connections.destinations()].map((destination) => destination.waiting)
        return [[{}, waiting.reduce((sum, each) => sum + each, 0)]]
      },
    },
    {
      name: 'liveengage_proxy_queue_wait_seconds',
      help: 'Time in line of the calls that had to wait, whatever came of it.',
      type: 'histogram',
      read: () => [[{}, stats.queueSeconds]],
    },
    {
      name: 'liveengage_proxy_shed_total',
      help: 'Calls that were not begun, by service, priority and reason: full, waited (MAX_QUEUE_MS), deadline, hung-up, circuit-open, event-loop (the process falls behind) or uploads (MAX_UPLOADS).',
      type: 'counter',
      labels: ['service', 'priority', 'reason'],
      read: () => serviceNames.flatMap((service) => shedOf(service, stats.services[service])),
    },
    {
      name: 'liveengage_proxy_resends_total',
      help: 'Requests sent again because LiveEngage cannot have acted on them, by remedy: reconnect, wait (after a 429), move (to another host), app-jwt or consumer-jws (a newer token).',
      type: 'counter',
      labels: ['remedy'],
      read: () => countsOf(stats.resends, (remedy) => ({ remedy })),
    },
    {
      name: 'liveengage_proxy_retry_budget_refusals_total',
      help: 'Resends that were left out because a host’s retry budget was used up.',
      type: 'counter',
      read: () => [[{}, stats.retryBudgetRefusals]],
    },
    {
      name: 'liveengage_proxy_breaker_state',
      help: 'Of the service’s hosts the worst: 0 closed, 1 probing or due for a probe, 2 open, which means that calls are refused.',
      type: 'gauge',
      labels: ['service'],
      read: () => byService((_stats, service) => breakerState(connections, service)),
    },
    {
      name: 'liveengage_proxy_breaker_openings_total',
      help: 'How often a host’s breaker opened, by service.',
      type: 'counter',
      labels: ['service'],
      read: () => byService(({ openings }) => openings),
    },
  ]
}

/** Hosts and tokens that are kept. */
export function cacheFamilies({ domains, credentials }: LiveEngageSources): Family[] {
  const { appJwt, consumerJws } = credentials.counts
  return [
    {
      name: 'liveengage_proxy_domain_cache_requests_total',
      help: 'Hosts that were asked for, by result: hit, miss (a look-up was waited for) or refused (an earlier look-up had failed).',
      type: 'counter',
      labels: ['result'],
      read: () => countsOf(domains.counts.cache, (result) => ({ result })),
    },
    {
      name: 'liveengage_proxy_domain_cache_stale_total',
      help: 'How often a host past its time stayed in use because its look-up failed or was late.',
      type: 'counter',
      read: () => [[{}, domains.counts.stale]],
    },
    {
      name: 'liveengage_proxy_domain_cache_entries',
      help: 'Hosts at hand, one for each account and service.',
      type: 'gauge',
      read: () => [[{}, domains.size]],
    },
    {
      name: 'liveengage_proxy_domain_lookups_total',
      help: 'Look-ups at the Domain API, those in the background included, by result: found, unknown (no such account or service) or failed.',
      type: 'counter',
      labels: ['result'],
      read: () => countsOf(domains.counts.lookups, (result) => ({ result })),
    },
    {
      name: 'liveengage_proxy_token_cache_requests_total',
      help: 'Tokens of the proxy’s own that were asked for, by kind and result: hit, miss (LivePerson was waited for) or refused (an earlier log-in had failed).',
      type: 'counter',
      labels: ['token', 'result'],
      read: () => [
        ...countsOf(appJwt.cache, (result) => ({ token: 'app-jwt', result })),
        ...countsOf(consumerJws.cache, (result) => ({ token: 'consumer-jws', result })),
      ],
    },
    {
      name: 'liveengage_proxy_token_cache_entries',
      help: 'Tokens at hand, by kind.',
      type: 'gauge',
      labels: ['token'],
      read: () => {
        const { sizes } = credentials
        return [
          [{ token: 'app-jwt' }, sizes.appJwt],
          [{ token: 'consumer-jws' }, sizes.consumerJws],
        ]
      },
    },
    {
      name: 'liveengage_proxy_token_renewals_total',
      help: 'Renewals of tokens, by kind, cause (age, or LiveEngage’s refusal of the old one) and result: ok or failed.',
      type: 'counter',
      labels: ['token', 'cause', 'result'],
      read: () => [
        ...countsOf(appJwt.renewals.age, (result) => ({ token: 'app-jwt', cause: 'age', result })),
        ...countsOf(appJwt.renewals.refusal, (result) => ({
          token: 'app-jwt',
          cause: 'refusal',
          result,
        })),
        ...countsOf(consumerJws.renewals.refusal, (result) => ({
          token: 'consumer-jws',
          cause: 'refusal',
          result,
        })),
      ],
    },
    {
      name: 'liveengage_proxy_app_jwt_remaining_seconds',
      help: 'How long the AppJWT that ends first can still be used; absent where there is none. One in use is renewed when a fifth of its life is left.',
      type: 'gauge',
      read: () => {
        const { firstEndMs } = credentials
        return firstEndMs === undefined ? [] : [[{}, firstEndMs / 1000]]
      },
    },
  ]
}

/** What can be shed is shed for messaging above all: of the other services only what was. */
function shedOf(service: ServiceName, { shed }: ServiceStats): Reading<number>[] {
  const readings = (['low', 'normal', 'high'] as const).flatMap((priority) =>
    countsOf(shed[priority], (reason) => ({ service, priority, reason })),
  )
  return readings.filter(([, count]) => service === 'messaging' || count > 0)
}

const states = { closed: 0, probing: 1, open: 2 }

function breakerState(connections: Connections, service: ServiceName): number {
  let worst = 0
  for (const { breakers } of connections.destinations()) {
    for (const [name, { condition }] of breakers) {
      if (name === service) worst = Math.max(worst, states[condition])
    }
  }
  return worst
}
