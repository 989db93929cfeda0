/** One server span for each request of a route that calls LiveEngage, from its headers to the last byte of the answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { security } from './responses.ts'
import type { RequestTrace, Tracing } from './tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    trace: RequestTrace | undefined
  }
}

export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (callsLiveEngage(request)) request.trace = start(tracing, request)
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    // A caller who has hung up does not end the request: LiveEngage's answer does.
    if (reply.raw.closed) end(request, reply)
    else reply.raw.once('close', () => end(request, reply))
    done()
  })
}

/** All of them ask who is calling, and no other route does. */
function callsLiveEngage({ routeOptions }: FastifyRequest): boolean {
  return Object(routeOptions.schema).security === security
}

function end({ trace, problem, attempt }: FastifyRequest, { statusCode }: FastifyReply): void {
  trace?.end({ status: statusCode, problem, isReplayed: attempt?.state === 'replayed' })
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
