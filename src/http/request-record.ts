/** The record of an answered request: one log line, and counts by route, which are read at a scrape. */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Histogram } from '../histogram.ts'
import { leavesOutcomeUnknown } from '../liveengage/answers.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import { describeCause } from '../problems/cause-text.ts'
import type { Problem } from '../problems/problem.ts'
import { callSecondsBounds } from '../transport/statistics.ts'
import type { Terms } from '../transport/terms.ts'
import type { RequestState } from './request-state.ts'

/** For the proxy's own time, usually far below a millisecond. */
const ownSecondsBounds = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10,
]

/** If there is nothing to name. */
export const none = 'none'

/** Of a request: its route, and the time from its head to its answer's, milliseconds. */
type Measured = { routeOptions: FastifyRequest['routeOptions']; ms: number }

export class RouteCounters {
  /** The pattern. */
  readonly route: string
  readonly action: string
  /** By the problem's code, or by status if there was no problem. */
  readonly answers = new Map<ProblemCode | number, { count: number }>()
  /** From the request's head to the answer's. */
  readonly seconds = new Histogram(callSecondsBounds)
  /** The time with and without LiveEngage, of requests that reached it. */
  readonly upstreamSeconds = new Histogram(callSecondsBounds)
  readonly ownSeconds = new Histogram(ownSecondsBounds)

  constructor(route: string, action: string) {
    this.route = route
    this.action = action
  }

  count(answer: ProblemCode | number): void {
    const counter = this.answers.get(answer)
    if (counter === undefined) this.answers.set(answer, { count: 1 })
    else counter.count += 1
  }
}

export class RequestCounters {
  readonly routes = new Map<string, RouteCounters>()
  /** By code, or `none` for LiveEngage's own 408 or 5xx on a native route. */
  readonly unknownDeliveries = new Map<string, number>()
  replays = 0
  private readonly unrouted = this.of(none, none)

  /** Must be called before the first route. */
  follow(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => {
      const counters = this.of(route.url, route.schema?.operationId ?? none)
      route.config = { ...route.config, counters }
    })
  }

  answered(
    { problem, call, keyed, mayBeSent }: RequestState,
    { statusCode }: FastifyReply,
    { routeOptions, ms }: Measured,
  ): void {
    const route = routeOptions.config?.counters ?? this.unrouted
    const upstreamMs = readUpstreamMs(call?.terms)
    route.count(problem === null ? statusCode : problem.code)
    route.seconds.add(ms / 1000)
    if (upstreamMs > 0) {
      route.upstreamSeconds.add(upstreamMs / 1000)
      route.ownSeconds.add((ms - upstreamMs) / 1000)
    }
    if (keyed?.state === 'replayed') this.replays += 1
    if (mayBeSent) this.countUnknown(problem, statusCode)
  }

  /** Counts bytes that never became a request. */
  refused({ code }: Problem): void {
    this.unrouted.count(code)
  }

  private countUnknown(problem: Problem | null, status: number): void {
    const isUnknown =
      problem === null ? leavesOutcomeUnknown(status) : problem.delivery === 'unknown'
    if (!isUnknown) return
    const code = problem?.code ?? none
    this.unknownDeliveries.set(code, (this.unknownDeliveries.get(code) ?? 0) + 1)
  }

  /** A path may have several methods of one action, as GET and HEAD. */
  private of(route: string, action: string): RouteCounters {
    const key = JSON.stringify([route, action])
    const counters = this.routes.get(key) ?? new RouteCounters(route, action)
    this.routes.set(key, counters)
    return counters
  }
}

/** A call in progress counts up to now, like one that its deadline has cut short. */
function readUpstreamMs(terms: Terms | undefined): number {
  if (terms?.upstreamTime === undefined) return 0
  const { endedMs, startedAt } = terms.upstreamTime
  return startedAt === undefined ? endedMs : endedMs + performance.now() - startedAt
}

/** Logs and counts a request when the head of its answer is about to leave. */
export function recordRequest(
  logger: FastifyBaseLogger,
  counters: RequestCounters | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // Fastify makes both again at each access.
  const { routeOptions } = request
  const ms = reply.elapsedTime
  logRequest(logger, request, reply, { routeOptions, ms })
  counters?.answered(request.state, reply, { routeOptions, ms })
}

/** The one line of a request: what was requested and its outcome, never its content. */
function logRequest(
  logger: FastifyBaseLogger,
  { id, method, state }: FastifyRequest,
  { statusCode }: FastifyReply,
  { routeOptions, ms }: Measured,
): void {
  const { problem, call, keyed, trace, notification } = state
  // pino leaves out what is undefined.
  const line = {
    requestId: id,
    method,
    route: routeOptions?.url,
    status: statusCode,
    ms: Math.round(ms * 100) / 100,
    accountId: call?.caller.accountId,
    traceId: trace?.id,
    replayed: keyed?.state === 'replayed' ? true : undefined,
  }
  if (notification !== null) Object.assign(line, notification)
  if (problem !== null) Object.assign(line, describeProblem(problem))
  const isPolled = routeOptions?.config?.isPolled === true
  if (problem?.code === 'internal-error') logger.error(line, 'request failed')
  else if (isPolled && problem === null) logger.debug(line, 'request')
  else logger.info(line, 'request')
}

function describeProblem(problem: Problem) {
  const { code, delivery, cause } = problem
  return code === 'internal-error'
    ? { code, delivery, err: cause }
    : {
        code,
        delivery,
        liveengage: problem.options.liveengage?.status,
        cause: describeCause(problem),
      }
}
