/** Builds the app: the only file that wires the parts together. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { buildAdmin } from './admin.ts'
import type { AdmissionOptions } from './admission.ts'
import type { Config } from './config.ts'
import type { Drain } from './drain.ts'
import { EventLoopGuard } from './event-loop-guard.ts'
import { settleAttempts } from './idempotency.ts'
import { createListener } from './listener.ts'
import { Client } from './liveengage/client.ts'
import { type Connections, createConnections } from './liveengage/connections.ts'
import { Credentials } from './liveengage/credentials.ts'
import { Domains } from './liveengage/domains.ts'
import type { Terms } from './liveengage/gate.ts'
import { createHostGuard } from './liveengage/hosts.ts'
import { Storage } from './liveengage/storage.ts'
import { createMetrics } from './metrics.ts'
import { openapiOptions, swaggerUiOptions } from './openapi.ts'
import { Outcomes } from './outcomes.ts'
import { Problem } from './problems.ts'
import { Conversation, DryRun, Event } from './responses.ts'
import { mountActions } from './routes/actions.ts'
import { FileEvent } from './routes/describe-files.ts'
import { mountDocuments } from './routes/documents.ts'
import { fileRoutes } from './routes/files.ts'
import { mountHealth } from './routes/health.ts'
import { mountMetrics } from './routes/metrics.ts'
import { nativeRoutes } from './routes/native.ts'
import { mountProblems } from './routes/problems.ts'
import { Secrets } from './secrets.ts'
import { traceRequests } from './traced-requests.ts'
import type { Trace, Tracing } from './tracing.ts'
import { Traffic } from './traffic.ts'
import { TypingExpiries } from './typing.ts'
import { readVersion } from './version.ts'

export type App = {
  server: FastifyInstance
  /** The second listener, where `ADMIN_PORT` is set; closed last, so that probes get an answer until the end. */
  admin: FastifyInstance | undefined
  drain: Drain
  /** Ends the typing that was to end by itself later, from now on at once; resolves when there is none left. */
  endTyping: () => Promise<void>
  /** Ends every call to LiveEngage that is still under way, so that its caller gets the truth before the process ends. */
  cutOff: () => Promise<void>
  /** What the requests use, for whoever wants to know whether it works. */
  domains: Domains
  credentials: Credentials
  /** Whether the proxy has credentials of its own for the account. */
  hasCredentials: (accountId: string) => boolean
}

/** The app, ready to listen; whoever builds it closes it and its admin listener, and stops what traces it. */
export async function buildApp(config: Config, logger: Logger, tracing?: Tracing): Promise<App> {
  const secrets = new Secrets(config, (isGood, file, sentence) => {
    logger[isGood ? 'info' : 'error']({ file }, sentence)
  })
  const outcomes = new Outcomes()
  const traffic = new Traffic()
  const { app, drain } = createListener(config, logger, {
    addFirst: (first) => {
      settleAttempts(first, outcomes)
      if (tracing !== undefined) traceRequests(first, tracing)
    },
    traffic,
  })
  app.addHook('onRequest', (_request, _reply, done) => {
    if (drain.isClosing) throw new Problem('shutting-down')
    done()
  })

  app.addSchema(Conversation)
  app.addSchema(Event)
  app.addSchema(FileEvent)
  app.addSchema(DryRun)
  const version = readVersion()
  await app.register(swagger, openapiOptions(version))
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
  const { domains, credentials, ...senders } = createClient(
    connections,
    config,
    secrets,
    logger,
    tracing?.background,
  )
  const refuse = (terms: Terms) => {
    if (eventLoop.isLate) {
      connections.stats.services.messaging.shed[terms.priority]['event-loop'] += 1
      throw new Problem('overloaded')
    }
    senders.client.refuse(terms)
  }
  const typing = new TypingExpiries({
    client: senders.client,
    timeoutMs: config.requestTimeoutMs,
    atOnce: pausesAtOnce(config),
    logger,
    trace: tracing?.background,
  })
  app.addHook('onClose', async () => typing.stop())
  const { stats } = connections
  const calls = { ...admission(config, secrets), ...senders, refuse, outcomes, typing, stats }
  mountActions(app, calls)
  await app.register(fileRoutes, { ...config, ...calls })
  await app.register(nativeRoutes, calls)
  const hasAdmin = config.adminPort !== undefined
  mountHealth(app, drain, { isElsewhere: hasAdmin })
  const metrics = createMetrics({
    traffic,
    drain,
    outcomes,
    typing,
    connections,
    domains,
    credentials,
    eventLoop,
    version,
  })
  mountMetrics(app, metrics, { acceptsKey: calls.acceptsKey, isElsewhere: hasAdmin })
  mountProblems(app)
  if (config.docs !== 'off') mountDocuments(app)
  if (config.docs === 'on') await app.register(swaggerUi, swaggerUiOptions)
  await app.ready()
  const admin = hasAdmin ? await buildAdmin(config, logger, drain, metrics) : undefined
  return {
    server: app,
    admin,
    drain,
    endTyping: () => typing.flush(),
    cutOff: () => {
      typing.stop()
      return connections.close()
    },
    domains,
    credentials,
    hasCredentials: calls.hasCredentials,
  }
}

/** A quarter of what one account may have in flight, so that callers find room. */
function pausesAtOnce({ maxConnections, maxAccountShare }: Config): number {
  const slots = Math.floor((maxConnections * maxAccountShare) / 4)
  return Math.min(Math.max(slots, 1), 32)
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
  trace: Trace | undefined,
): { client: Client; storage: Storage } & Pick<App, 'domains' | 'credentials'> {
  const scheme = config.domainApiUrl.startsWith('https:') ? 'https:' : 'http:'
  const callTimeoutMs = config.requestTimeoutMs * lookUpShare
  const domains = new Domains({
    connections,
    domainApiUrl: config.domainApiUrl,
    guard: createHostGuard(config.allowedHosts, scheme),
    ttlMs: config.domainTtlMs,
    staleMs: config.domainStaleMs,
    callTimeoutMs,
    trace,
  })
  const credentials = new Credentials({
    connections,
    domains,
    credentialsOf: (accountId) => secrets.credentialsOf(accountId),
    callTimeoutMs,
    trace,
    onRenewalFailure: ({ code, message }, accountId) => {
      logger.error({ accountId, code, detail: message }, 'the AppJWT was not renewed')
    },
  })
  const { clientFeatures } = config
  const client = new Client({ connections, domains, credentials, clientFeatures })
  const storage = new Storage({ client, connections, domains })
  return { client, storage, domains, credentials }
}
