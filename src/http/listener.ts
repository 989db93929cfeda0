/** What every listener has: bounded input, request ids, standard headers, problems, and one log line for each request. */
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { ProblemDetails } from '../problems/details.ts'
import { Problem, relativeProblemsUrl } from '../problems/problem.ts'
import { BodyMemory, freeBytes } from './body-memory.ts'
import { answerClientError } from './client-errors.ts'
import { activityOf, Connections, isLatest, maxUnanswered } from './connections.ts'
import { Drain } from './drain.ts'
import { answerWithProblem, mountErrorHandler } from './error-handler.ts'
import { withSentences } from './fastify-logger.ts'
import { checkHost, checkOrigin } from './host-check.ts'
import { inputLimits, mostConnections } from './input-limits.ts'
import { acceptJsonBodies, isBodyless } from './json-body.ts'
import { type RequestCounters, recordRequest } from './request-record.ts'
import { RequestState } from './request-state.ts'

export type ListenerOptions = {
  /** Of the listener whose stop this one follows; absent: it has its own. */
  mainDrain?: Drain
  /** Adds hooks that must run before the listener's own. */
  addFirst?: (app: FastifyInstance) => void
  /** Counts the requests of this listener. */
  counters?: RequestCounters
  /** Problems have no `delivery`, since nothing here is sent to LiveEngage. */
  hasShortProblems?: boolean
  /** The ingress forwards its public name, and each request is signed. */
  isForAnyHost?: boolean
  /** Bytes of all bodies together; the listener of the API has its own limit. */
  bodyMemoryBytes?: number
  /** The share of the open files for its connections, a half by default. */
  shareOfFiles?: number
}

declare module 'fastify' {
  interface FastifyInstance {
    hasShortProblems: boolean
    /** What the `type` of a problem begins with. */
    problemsUrl: string
  }
}

/** A Fastify without routes. */
export function createListener(
  config: Config,
  logger: Logger,
  options: ListenerOptions,
): { app: FastifyInstance; drain: Drain } {
  const { mainDrain, addFirst, counters, bodyMemoryBytes } = options
  const { hasShortProblems = false, isForAnyHost = false, shareOfFiles = 1 / 2 } = options
  const { allowedHostnames, publicUrl } = config
  const problemsUrl = publicUrl === undefined ? relativeProblemsUrl : `${publicUrl}problems/`
  const loggerInstance: FastifyBaseLogger = withSentences(logger)
  const app = fastify({
    ...inputLimits(config),
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: ({ headers }) => readRequestId(headers['x-request-id']),
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      request.state = new RequestState()
      addStandardHeaders(request, reply, isLastAnswer(request, reply))
      answerWithProblem(error, request, reply)
      recordRequest(logger, counters, request, reply)
    },
    clientErrorHandler: (error, socket) => {
      const words = { hasShortProblems, problemsUrl }
      answerClientError(error, socket, logger, words, (problem) => counters?.refused(problem))
    },
  })
  // The request's id is a field of the lines that have one; a logger per request would cost more than the request. A factory of ours would
  // have Fastify look for each method of what it gives.
  app.log.child = () => app.log
  /** Whether an answer closes its connection: while draining, and if too much of the body is left to read. */
  const isLastAnswer = ({ raw }: FastifyRequest, reply: FastifyReply) =>
    (drain.isDraining && isLatest(raw.socket, reply.raw)) ||
    (!raw.complete && isLarger(raw.headers, config.bodyLimitBytes))
  const connections = new Connections(app.server, mostConnections(shareOfFiles))
  const drain = mainDrain ?? new Drain(app.server, connections)
  // Node silently drops headers beyond the 1,000th, even a Host or an Idempotency-Key. Their size is bounded.
  app.server.maxHeadersCount = 0
  // Node's own refusal of an expectation it does not know has neither an id nor a body.
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })
  // Sent only once the body is read: a refusal by the head comes instead of it.
  app.server.on('checkContinue', (request, response) => {
    // Without a 100, Node closes the connection after the answer, and a request behind one without a body gets none.
    if (isBodyless(request.headers)) response.writeContinue()
    else {
      request.once('resume', () => {
        if (!response.headersSent) response.writeContinue()
      })
    }
    app.server.emit('request', request, response)
  })
  app.decorateRequest('state')
  app.addHook('onRequest', (request, _reply, done) => {
    request.state = new RequestState()
    done()
  })
  const unroutedProblem = mountErrorHandler(app)
  const bodyMemory = new BodyMemory(config.bodyLimitBytes, bodyMemoryBytes)
  app.decorate('hasShortProblems', hasShortProblems)
  app.decorate('problemsUrl', problemsUrl)
  app.decorate('bodyMemory', bodyMemory)
  counters?.follow(app)
  addFirst?.(app)
  // Most requests have the Host of the one before.
  let latestHost: string | undefined
  app.addHook('onRequest', (request, reply, done) => {
    if (isBeyondBound(request.raw.socket, reply)) return
    checkFraming(request.raw)
    if (!isForAnyHost) {
      const { host, origin } = request.headers
      if (host !== latestHost) {
        checkHost(host, app, allowedHostnames)
        latestHost = host
      }
      if (origin !== undefined || request.headers['sec-fetch-site'] !== undefined) {
        checkOrigin(request, publicUrl)
      }
    }
    if (request.is404) throw unroutedProblem(request)
    if (isLarger(request.headers, freeBytes)) bodyMemory.reserve(request)
    if (mainDrain === undefined && drain.isClosing) throw new Problem('shutting-down')
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    request.state.isWorkedOn = true
    drain.work += 1
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.state.bodyBytes > 0) bodyMemory.release(request)
    // It comes twice if an answer cannot be sent and a problem replaces it.
    if (request.state.isWorkedOn) drain.work -= 1
    request.state.isWorkedOn = false
    const isLast = isLastAnswer(request, reply)
    if (isLast && !request.raw.complete) refuseRest(request.raw.socket)
    addStandardHeaders(request, reply, isLast)
    // Not `onResponse`, which never comes for a caller who has hung up.
    recordRequest(logger, counters, request, reply)
    done()
  })
  // Answers are small and our own. A serializer for each status of each route saves nothing, and took a third of the start.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setReplySerializer((answer) => JSON.stringify(answer))
  app.addSchema(ProblemDetails)
  acceptJsonBodies(app)
  return { app, drain }
}

/**
 * Whether the connection was refused before this request. Then it gets no answer: the last one says so.
 * @throws Problem `overloaded` for the first request beyond the bound
 */
function isBeyondBound(socket: Socket, reply: FastifyReply): boolean {
  const activity = activityOf(socket)
  if (activity === undefined) return false
  if (activity.isRefused) {
    reply.hijack()
    return true
  }
  if (activity.unanswered <= maxUnanswered) return false
  activity.isRefused = true
  reply.header('connection', 'close')
  throw new Problem('overloaded')
}

/** Bytes after a body that is not read are not a request. */
function refuseRest(socket: Socket): void {
  const activity = activityOf(socket)
  if (activity !== undefined) activity.isRefused = true
}

function readRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : randomUUID()
}

function addStandardHeaders({ id }: FastifyRequest, reply: FastifyReply, isLast: boolean): void {
  reply.header('x-request-id', id)
  reply.header('cache-control', 'no-store')
  reply.header('x-content-type-options', 'nosniff')
  if (isLast) reply.header('connection', 'close')
}

/** Whether a body has more bytes, or may have. */
function isLarger(headers: IncomingHttpHeaders, bytes: number): boolean {
  return (
    Number(headers['content-length'] ?? 0) > bytes || headers['transfer-encoding'] !== undefined
  )
}

/**
 * Refuses requests that another hop may read differently. Node's parser also accepts HTTP/0.9, which has no headers, and HTTP/2.0, which
 * is not text. It does not decode a coding such as gzip before the chunks, and accepts chunks in HTTP/1.0, which is faulty framing
 * (RFC 9112, 6.1). If Host, Authorization or Content-Type comes twice, it keeps the first, and another hop may keep the last.
 * @throws Problem `invalid-request`
 */
function checkFraming({ headers, httpVersion, rawHeaders }: IncomingMessage): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw new Problem('invalid-request', { detail: 'The version of HTTP must be 1.1 or 1.0.' })
  }
  const coding = headers['transfer-encoding']
  if (coding !== undefined && !(httpVersion === '1.1' && /^chunked$/i.test(coding))) {
    throw invalidHeader('Transfer-Encoding', 'must be chunked, and in HTTP/1.1')
  }
  checkHeaderCounts(rawHeaders, httpVersion)
}

function checkHeaderCounts(rawHeaders: readonly string[], httpVersion: string): void {
  let hosts = 0
  let authorizations = 0
  let contentTypes = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
    if (name?.length === 13 && name.toLowerCase() === 'authorization') authorizations += 1
    if (name?.length === 12 && name.toLowerCase() === 'content-type') contentTypes += 1
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    throw invalidHeader('Host', 'must be given once')
  }
  if (authorizations > 1) throw invalidHeader('Authorization', 'must be given once')
  if (contentTypes > 1) throw invalidHeader('Content-Type', 'must be given once')
}

function invalidHeader(name: string, message: string): Problem {
  const errors = [{ path: `header:${name}`, message }]
  return new Problem('invalid-request', { detail: `${name} ${message}.`, errors })
}
