/** Builds the app: the only file that wires the parts together. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
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
import type { AdmissionOptions } from './admission.ts'
import { checkHeaderCounts } from './caller.ts'
import { answerClientError } from './client-errors.ts'
import type { Config } from './config.ts'
import { Drain } from './drain.ts'
import { EventLoopGuard } from './event-loop-guard.ts'
import { answerFailures, fail } from './failures.ts'
import { checkFraming } from './framing.ts'
import { settleAttempts } from './idempotency.ts'
import { acceptJsonBodies } from './json-body.ts'
import { Client } from './liveengage/client.ts'
import { type Connections, createConnections } from './liveengage/connections.ts'
import { Credentials } from './liveengage/credentials.ts'
import { Domains } from './liveengage/domains.ts'
import type { Terms } from './liveengage/gate.ts'
import { createHostGuard } from './liveengage/hosts.ts'
import { Storage } from './liveengage/storage.ts'
import { logRequest } from './logger.ts'
import { openapiOptions, swaggerUiOptions } from './openapi.ts'
import { Outcomes } from './outcomes.ts'
import { Problem, ProblemDetails } from './problems.ts'
import { Conversation, DryRun, Event } from './responses.ts'
import { mountActions } from './routes/actions.ts'
import { FileEvent } from './routes/describe-files.ts'
import { mountDocuments } from './routes/documents.ts'
import { fileRoutes } from './routes/files.ts'
import { mountHealth } from './routes/health.ts'
import { nativeRoutes } from './routes/native.ts'
import { mountProblems } from './routes/problems.ts'
import { Secrets } from './secrets.ts'
import { TypingExpiries } from './typing.ts'

export type App = {
  server: FastifyInstance
  drain: Drain
  /** After the drain: ends the typing that was to end by itself later. */
  endTyping: () => Promise<void>
  /** Ends every call to LiveEngage that is still under way, so that its caller gets the truth before the process ends. */
  cutOff: () => Promise<void>
}

/** The app, ready to listen; whoever builds it closes it. */
export async function buildApp(config: Config, logger: Logger): Promise<App> {
  const secrets = new Secrets(config, (isGood, file, sentence) => {
    logger[isGood ? 'info' : 'error']({ file }, sentence)
  })
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
    },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, drain.activityOf(socket), logger)
    },
  })
  const drain = new Drain(app.server)
  app.server.maxConnections = mostConnections
  // Node's own refusal of an expectation it does not know has neither an id nor a body.
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })
  app.decorateRequest('caller', null)
  app.decorateRequest('problem', null)
  app.decorateRequest('terms', null)
  app.decorateRequest('mayBeSent', false)

  app.addHook('onRequest', (request, _reply, done) => {
    checkFraming(request.raw)
    checkHeaderCounts(request.raw)
    if (drain.isClosing) throw new Problem('shutting-down')
    done()
  })
  const outcomes = new Outcomes()
  settleAttempts(app, outcomes)
  app.addHook('onSend', (request, reply, _payload, done) => {
    addStandardHeaders(request, reply, drain)
    // Not `onResponse`, which never comes for a caller who has hung up.
    logRequest(logger, request, reply)
    done()
  })
  acceptJsonBodies(app)
  answerFailures(app)

  app.addSchema(ProblemDetails)
  app.addSchema(Conversation)
  app.addSchema(Event)
  app.addSchema(FileEvent)
  app.addSchema(DryRun)
  await app.register(swagger, openapiOptions(readVersion()))
  app.addHook('onClose', async () => secrets.close())
  const connections = createConnections({
    connections: config.maxConnections,
    queue: config.maxQueue,
    queueMs: config.maxQueueMs,
    accountShare: config.maxAccountShare,
    connectTimeoutMs: config.connectTimeoutMs,
    longestExchangeMs: config.requestTimeoutMs,
  })
  app.addHook('onClose', () => connections.close())
  const eventLoop = new EventLoopGuard()
  app.addHook('onReady', async () => eventLoop.start())
  app.addHook('onClose', async () => eventLoop.stop())
  const senders = createClient(connections, config, secrets, logger)
  const refuse = (terms: Terms) => {
    if (eventLoop.isLate) throw new Problem('overloaded')
    senders.client.refuse(terms)
  }
  const typing = new TypingExpiries({
    client: senders.client,
    timeoutMs: config.requestTimeoutMs,
    logger,
  })
  app.addHook('onClose', async () => typing.stop())
  const calls = { ...admission(config, secrets), ...senders, refuse, outcomes, typing }
  mountActions(app, calls)
  await app.register(fileRoutes, { ...config, ...calls })
  await app.register(nativeRoutes, calls)
  mountHealth(app, drain)
  mountProblems(app)
  if (config.docs !== 'off') mountDocuments(app)
  if (config.docs === 'on') await app.register(swaggerUi, swaggerUiOptions)
  await app.ready()
  return {
    server: app,
    drain,
    endTyping: () => typing.flush(),
    cutOff: () => {
      typing.stop()
      return connections.close()
    },
  }
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

/** Who may in, and for which accounts. */
function admission(config: Config, secrets: Secrets): Omit<AdmissionOptions, 'refuse'> {
  const { accountId, allowedAccounts, requestTimeoutMs } = config
  const hasCredentials = (account: string) => secrets.credentialsOf(account) !== undefined
  const isOpen = () => accountId === undefined && !secrets.hasCredentials
  return {
    accountId,
    requestTimeoutMs,
    hasCredentials,
    isAllowed: (account) =>
      allowedAccounts?.has(account) ??
      (account === accountId || hasCredentials(account) || isOpen()),
    acceptsKey: (key) => secrets.acceptsKey(key),
  }
}

/** A look-up that fails is tried once more, and both must fit into a request's time. */
const lookUpShare = 0.4

function createClient(
  connections: Connections,
  config: Config,
  secrets: Secrets,
  logger: Logger,
): { client: Client; storage: Storage } {
  const scheme = config.domainApiUrl.startsWith('https:') ? 'https:' : 'http:'
  const callTimeoutMs = config.requestTimeoutMs * lookUpShare
  const domains = new Domains({
    connections,
    domainApiUrl: config.domainApiUrl,
    guard: createHostGuard(config.allowedHosts, scheme),
    ttlMs: config.domainTtlMs,
    staleMs: config.domainStaleMs,
    callTimeoutMs,
  })
  const credentials = new Credentials({
    connections,
    domains,
    credentialsOf: (accountId) => secrets.credentialsOf(accountId),
    callTimeoutMs,
    onRenewalFailure: ({ code, message }, accountId) => {
      logger.error({ accountId, code, detail: message }, 'the AppJWT was not renewed')
    },
  })
  const { clientFeatures } = config
  const client = new Client({ connections, domains, credentials, clientFeatures })
  return { client, storage: new Storage({ client, connections, domains }) }
}

function readVersion(): string {
  const file: { version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return file.version
}
