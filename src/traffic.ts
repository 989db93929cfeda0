/** What was asked of the proxy since the start and what came of it: counted by route, read when somebody asks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Distribution } from './distribution.ts'
import { secondsOfCalls } from './liveengage/stats.ts'
import type { Problem, ProblemCode } from './problems.ts'

/** Of the proxy's own time, which is usually far below a millisecond. */
const secondsOfOwn = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10,
]

/** Where there is nothing to name. */
export const none = 'none'

declare module 'fastify' {
  interface FastifyContextConfig {
    traffic?: RouteTraffic
  }
}

export class RouteTraffic {
  /** The pattern. */
  readonly route: string
  readonly action: string
  /** By the problem's code, or by status where there was no problem. */
  readonly answers = new Map<ProblemCode | number, { count: number }>()
  /** From the request's head to the answer's. */
  readonly seconds = new Distribution(secondsOfCalls)
  /** Of that with LiveEngage, and not; only of requests that reached it. */
  readonly upstreamSeconds = new Distribution(secondsOfCalls)
  readonly ownSeconds = new Distribution(secondsOfOwn)

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

export class Traffic {
  readonly routes = new Map<string, RouteTraffic>()
  /** By code, or `none` for LiveEngage's own 5xx on a native route; those that there were. */
  readonly unknownDeliveries = new Map<string, number>()
  replays = 0
  private readonly unrouted = this.of(none, none)

  /** Must be called before the first route. */
  follow(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => {
      const traffic = this.of(route.url, route.schema?.operationId ?? none)
      route.config = { ...route.config, traffic }
    })
  }

  /** Counts a request when the head of its answer is about to leave. */
  answered(request: FastifyRequest, reply: FastifyReply): void {
    const { problem, terms, attempt } = request
    const route = request.routeOptions.config?.traffic ?? this.unrouted
    const ms = reply.elapsedTime
    const upstreamMs = terms?.watch?.read(performance.now()) ?? 0
    route.count(problem === null ? reply.statusCode : problem.code)
    route.seconds.add(ms / 1000)
    if (upstreamMs > 0) {
      route.upstreamSeconds.add(upstreamMs / 1000)
      route.ownSeconds.add((ms - upstreamMs) / 1000)
    }
    if (attempt?.state === 'replayed') this.replays += 1
    if (request.mayBeSent) this.countUnknown(problem, reply.statusCode)
  }

  /** Counts bytes that never became a request. */
  refused({ code }: Problem): void {
    this.unrouted.count(code)
  }

  private countUnknown(problem: Problem | null, status: number): void {
    const isUnknown = problem === null ? status >= 500 : problem.delivery === 'unknown'
    if (!isUnknown) return
    const code = problem?.code ?? none
    this.unknownDeliveries.set(code, (this.unknownDeliveries.get(code) ?? 0) + 1)
  }

  /** A path may have several methods of one action, as GET and HEAD. */
  private of(route: string, action: string): RouteTraffic {
    const key = JSON.stringify([route, action])
    const traffic = this.routes.get(key) ?? new RouteTraffic(route, action)
    this.routes.set(key, traffic)
    return traffic
  }
}
