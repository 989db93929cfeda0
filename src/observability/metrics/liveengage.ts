/** Metrics of the calls to LivePerson's services, and of the caches of hosts and tokens. */
import type { Domains } from '../../liveengage/domains.ts'
import type { Credentials } from '../../liveengage/tokens/credentials.ts'
import type { Hosts } from '../../transport/hosts.ts'
import {
  type ServiceName,
  type ServiceStatistics,
  serviceNames,
} from '../../transport/statistics.ts'
import { countsOf, type Family, type Reading } from './family.ts'

export type LiveEngageSources = {
  hosts: Hosts
  domains: Domains
  credentials: Credentials
}

/** The metrics of calls, by service of LivePerson. */
export function serviceFamilies({ hosts }: LiveEngageSources): Family[] {
  const { statistics } = hosts
  const byService = <T>(read: (service: ServiceStatistics, name: ServiceName) => T) =>
    serviceNames.map(
      (service) => [{ service }, read(statistics.services[service], service)] as const,
    )
  return [
    {
      name: 'liveengage_proxy_upstream_calls_total',
      help: 'Finished calls, by service and outcome: success, failure (no connection, no complete answer, or a 5xx), refusal (a 4xx) or none (cancelled before an answer).',
      type: 'counter',
      labels: ['service', 'outcome'],
      read: () =>
        serviceNames.flatMap((service) =>
          countsOf(statistics.services[service].calls, (outcome) => ({ service, outcome })),
        ),
    },
    {
      name: 'liveengage_proxy_upstream_call_duration_seconds',
      help: 'Time from when a call leaves the queue to the end of its answer, by service.',
      type: 'histogram',
      labels: ['service'],
      read: () => byService(({ seconds }) => seconds).filter(([, { sum }]) => sum > 0),
    },
    {
      name: 'liveengage_proxy_upstream_in_flight',
      help: 'Calls in flight, by service. MAX_CONNECTIONS is the limit for one host.',
      type: 'gauge',
      labels: ['service'],
      read: () => byService(({ inFlight }) => inFlight),
    },
    {
      name: 'liveengage_proxy_queue_depth',
      help: 'Calls in the queues of all hosts. MAX_QUEUE is the limit for one host.',
      type: 'gauge',
      read: () => {
        const waiting = [...hosts].map((host) => host.waiting)
        return [[{}, waiting.reduce((sum, each) => sum + each, 0)]]
      },
    },
    {
      name: 'liveengage_proxy_queue_wait_seconds',
      help: 'Time in the queue, of calls that had to wait, whether they were made or not.',
      type: 'histogram',
      read: () => [[{}, statistics.queueSeconds]],
    },
    {
      name: 'liveengage_proxy_shed_total',
      help: 'Calls rejected before they were made, by service, priority and reason: full (the queue), waited (MAX_QUEUE_MS), deadline, hung-up (the caller left), circuit-open, event-loop (the process is late) or uploads (MAX_UPLOADS).',
      type: 'counter',
      labels: ['service', 'priority', 'reason'],
      read: () => serviceNames.flatMap((service) => shedOf(service, statistics.services[service])),
    },
    {
      name: 'liveengage_proxy_resends_total',
      help: 'Requests sent again because LiveEngage cannot have acted on them, by remedy: reconnect, wait (after a 429), move (to another host), app-jwt or consumer-jws (a new token).',
      type: 'counter',
      labels: ['remedy'],
      read: () => countsOf(statistics.resends, (remedy) => ({ remedy })),
    },
    {
      name: 'liveengage_proxy_retry_budget_refusals_total',
      help: 'Resends that were not made because the retry budget of the host was used up.',
      type: 'counter',
      read: () => [[{}, statistics.retryBudgetRefusals]],
    },
    {
      name: 'liveengage_proxy_breaker_state',
      help: 'The worst circuit breaker among the hosts of a service: 0 closed, 1 probing or ready to probe, 2 open (calls are rejected).',
      type: 'gauge',
      labels: ['service'],
      read: () => byService((_statistics, service) => breakerState(hosts, service)),
    },
    {
      name: 'liveengage_proxy_breaker_openings_total',
      help: 'How often the circuit breaker of a host opened, by service.',
      type: 'counter',
      labels: ['service'],
      read: () => byService(({ openings }) => openings),
    },
  ]
}

/** The metrics of the caches. */
export function cacheFamilies({ domains, credentials }: LiveEngageSources): Family[] {
  const { appJwt, consumerJws } = credentials.counts
  return [
    {
      name: 'liveengage_proxy_domain_cache_requests_total',
      help: 'Requests to the cache of hosts, by result: hit, miss (the request waited for a look-up) or refused (an earlier look-up had failed).',
      type: 'counter',
      labels: ['result'],
      read: () => countsOf(domains.counts.cache, (result) => ({ result })),
    },
    {
      name: 'liveengage_proxy_domain_cache_stale_total',
      help: 'How often a host past its TTL stayed in use because its look-up failed or was late.',
      type: 'counter',
      read: () => [[{}, domains.counts.stale]],
    },
    {
      name: 'liveengage_proxy_domain_cache_entries',
      help: 'Hosts in the cache, one for each account and service.',
      type: 'gauge',
      read: () => [[{}, domains.size]],
    },
    {
      name: 'liveengage_proxy_domain_lookups_total',
      help: 'Calls to the Domain API, including those in the background, by result: found, unknown (no such account or service) or failed.',
      type: 'counter',
      labels: ['result'],
      read: () => countsOf(domains.counts.lookups, (result) => ({ result })),
    },
    {
      name: 'liveengage_proxy_token_cache_requests_total',
      help: 'Requests to the cache of the proxy’s own tokens, by kind and result: hit, miss (the request waited for LivePerson) or refused (an earlier login had failed).',
      type: 'counter',
      labels: ['token', 'result'],
      read: () => [
        ...countsOf(appJwt.cache, (result) => ({ token: 'app-jwt', result })),
        ...countsOf(consumerJws.cache, (result) => ({ token: 'consumer-jws', result })),
      ],
    },
    {
      name: 'liveengage_proxy_token_cache_entries',
      help: 'Tokens in the cache, by kind.',
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
      help: 'Renewals of tokens, by kind, cause (age, or refusal by LiveEngage) and result: ok or failed.',
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
      help: 'Seconds until the first AppJWT in the cache expires; absent if there is none. An AppJWT in use is renewed when a fifth of its life is left.',
      type: 'gauge',
      read: () => {
        const { firstExpiryMs } = credentials
        return firstExpiryMs === undefined ? [] : [[{}, firstExpiryMs / 1000]]
      },
    },
  ]
}

/** The series of messaging exist from the start, those of the other services from their first rejection. */
function shedOf(service: ServiceName, { shed }: ServiceStatistics): Reading<number>[] {
  const readings = (['low', 'normal', 'high'] as const).flatMap((priority) =>
    countsOf(shed[priority], (reason) => ({ service, priority, reason })),
  )
  return readings.filter(([, count]) => service === 'messaging' || count > 0)
}

const states = { closed: 0, probing: 1, open: 2 }

function breakerState(hosts: Hosts, service: ServiceName): number {
  let worst = 0
  for (const { breakers } of hosts) {
    for (const [name, { condition }] of breakers) {
      if (name === service) worst = Math.max(worst, states[condition])
    }
  }
  return worst
}
