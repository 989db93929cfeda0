/** One server span for each request of a route that calls LiveEngage, from its head to the last byte of the answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../problems/problem.ts'
import type { Trace } from '../transport/trace.ts'

/** The port to a tracer. Usually tracing is off: then it is absent, and this file and a call check that once. */
export type Tracing = {
  /** Begins the span of a request; its parent is the one that the headers name, if any. */
  startRequest(request: TracedRequest): RequestTrace
  /** Of calls that no request waits for: each has its own trace. */
  readonly background: Trace
  /** Exports what is left, for at most this long, milliseconds. */
  stop(withinMs: number): Promise<void>
}

export type TracedRequest = {
  id: string
  method: string
  /** The route's pattern. */
  route: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  localAddress: string | undefined
  localPort: number | undefined
  httpVersion: string
}

export type RequestTrace = Trace & {
  readonly id: string
  end(outcome: { status: number; problem: Problem | null; isReplayed: boolean }): void
}

export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { config } = request.routeOptions
    if (config?.callsLiveEngage === true || config?.isTraced === true) {
      request.state.trace = start(tracing, request)
    }
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    // A caller who has hung up does not end the request: LiveEngage's answer does.
    if (reply.raw.closed) end(request, reply)
    else reply.raw.once('close', () => end(request, reply))
    done()
  })
}

function end({ state }: FastifyRequest, { statusCode }: FastifyReply): void {
  const { trace, problem, keyed } = state
  trace?.end({ status: statusCode, problem, isReplayed: keyed?.state === 'replayed' })
}

function start(tracing: Tracing, { id, method, routeOptions, raw }: FastifyRequest): RequestTrace {
  const { headers, httpVersion, socket } = raw
  return tracing.startRequest({
    id,
    method,
    route: String(routeOptions.url),
    headers,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    httpVersion,
  })
}
