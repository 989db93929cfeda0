/** The frame of every listener: bounded input, request ids, standard headers, problems and one log line each. */
import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { BodyRoom } from './body-room.ts'
import { checkHeaderCounts } from './caller.ts'
import { answerClientError } from './client-errors.ts'
import type { Config } from './config.ts'
import { Drain } from './drain.ts'
import { answerFailures, fail } from './failures.ts'
import { checkFraming } from './framing.ts'
import { acceptJsonBodies } from './json-body.ts'
import { logRequest } from './logger.ts'
import { Problem, ProblemDetails } from './problems.ts'
import type { Traffic } from './traffic.ts'

export type ListenerOptions = {
  /** Of the listener whose stop this one follows; absent: it has its own. */
  mainDrain?: Drain
  /** Adds hooks that have to come before the frame's own. */
  addFirst?: (app: FastifyInstance) => void
  /** Counts what is asked here. */
  traffic?: Traffic
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Its handler may begin, or has begun, and its answer is not made. */
    isWorkedOn: boolean
  }
}

/** A Fastify without routes. */
export function createListener(
  config: Config,
  logger: Logger,
  { mainDrain, addFirst, traffic }: ListenerOptions,
): { app: FastifyInstance; drain: Drain } {
  const loggerInstance: FastifyBaseLogger = logger
  const app = fastify({
    ...inputLimits(config),
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // The request's id is a field of the lines that have one; a logger per request would cost more than the request.
    childLoggerFactory: (parent) => parent,
    genReqId: ({ headers }) => readRequestId(headers['x-request-id']),
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      addStandardHeaders(request, reply, drain)
      fail(error, request, reply)
      logRequest(logger, request, reply)
      traffic?.answered(request, reply)
    },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, drain.activityOf(socket), logger, (problem) =>
        traffic?.refused(problem),
      )
    },
  })
  const drain = mainDrain ?? new Drain(app.server)
  app.server.maxConnections = mostConnections
  // Node's own refusal of an expectation it does not know has neither an id nor a body.
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })
  app.decorateRequest('caller', null)
  app.decorateRequest('problem', null)
  app.decorateRequest('terms', null)
  app.decorateRequest('bodyRoom', 0)
  app.decorateRequest('lacksRoom', false)
  app.decorateRequest('mayBeSent', false)
  app.decorateRequest('isWorkedOn', false)
  app.decorateRequest('trace', undefined)

  const bodyRoom = new BodyRoom(config.bodyLimitBytes)
  app.decorate('bodyRoom', bodyRoom)
  traffic?.follow(app)
  addFirst?.(app)
  app.addHook('onRequest', (request, _reply, done) => {
    // Late bytes of a caller that has been told 408: nobody would hear of another answer, so nothing may be done.
    if (request.raw.socket.writableEnded) throw new Problem('request-timeout')
    checkFraming(request.raw)
    checkHeaderCounts(request.raw)
    bodyRoom.take(request)
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    request.isWorkedOn = true
    drain.begin()
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    bodyRoom.release(request)
    // It comes twice where an answer cannot be sent and a problem takes its place.
    if (request.isWorkedOn) drain.end()
    request.isWorkedOn = false
    addStandardHeaders(request, reply, drain)
    // Not `onResponse`, which never comes for a caller who has hung up.
    logRequest(logger, request, reply)
    traffic?.answered(request, reply)
    done()
  })
  // Answers are small and made here. A serializer compiled for each status of each route saves nothing, and took a third of the start.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setReplySerializer((answer) => JSON.stringify(answer))
  app.addSchema(ProblemDetails)
  acceptJsonBodies(app)
  answerFailures(app)
  return { app, drain }
}

const mostConnections = 16_384

/** Bounds on what a caller may make the process hold, and for how long. */
function inputLimits(config: Config): FastifyHttpOptions<Server> {
  return {
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: 8_000,
    // Longer than a caller's pool keeps a connection, so that it is not closed under a request on its way.
    keepAliveTimeout: 75_000,
    http: {
      maxHeaderSize: 16_384,
      headersTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      // Refused here, as a problem.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: 128 },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        // A quarter of compiling. The schemas are the program's own, and its tests run them all; V8 optimizes their code where it runs.
        meta: false,
        validateSchema: false,
        code: { optimize: false },
      },
    },
  }
}

function readRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : randomUUID()
}

function addStandardHeaders({ id, raw }: FastifyRequest, reply: FastifyReply, drain: Drain): void {
  reply.header('x-request-id', id)
  reply.header('cache-control', 'no-store')
  reply.header('x-content-type-options', 'nosniff')
  if (drain.isLast(raw.socket, reply.raw)) reply.header('connection', 'close')
}
