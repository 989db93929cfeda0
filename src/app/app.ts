/** Builds the app: the only file that wires the parts together. */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { Secrets } from '../config/secrets.ts'
import type { Drain } from '../http/drain.ts'
import { EventLoopLag } from '../http/event-loop-lag.ts'
import { settleKeys } from '../http/idempotency-key.ts'
import { createListener } from '../http/listener.ts'
import { MessageOrder } from '../http/message-order.ts'
import { RequestCounters } from '../http/request-record.ts'
import { type Tracing, traceRequests } from '../http/request-spans.ts'
import { MemoryStore } from '../idempotency/memory-store.ts'
import type { IdempotencyStore } from '../idempotency/store.ts'
import type { Domains } from '../liveengage/domains.ts'
import type { Credentials } from '../liveengage/tokens/credentials.ts'
import type { DroppedLines } from '../observability/log-stream.ts'
import { createMetrics } from '../observability/metrics/metrics.ts'
import { openapiOptions } from '../openapi/document.ts'
import { namedSchemas } from '../openapi/schemas.ts'
import { mountActions } from '../routes/actions.ts'
import { mountDocuments } from '../routes/documents.ts'
import { fileRoutes } from '../routes/files.ts'
import { mountHealth } from '../routes/health.ts'
import { mountMetrics } from '../routes/metrics.ts'
import { nativeRoutes } from '../routes/native.ts'
import { mountProblems } from '../routes/problems.ts'
import { mountStartPage } from '../routes/start-page.ts'
import { mountSwaggerUi } from '../routes/swagger-ui.ts'
import { TypingExpiries } from '../typing/typing-expiry.ts'
import { readVersion } from '../version.ts'
import { Counters as NotificationCounters } from '../webhooks/counters.ts'
import { buildAdmin } from './admin.ts'
import { createLiveEngage } from './liveengage.ts'
import type { SharedState } from './shared-state.ts'
import { buildWebhooks, type Webhooks } from './webhooks.ts'

export type App = {
  server: FastifyInstance
  /** The second listener, if `ADMIN_PORT` is set; closed last, so that probes get an answer until the end. */
  admin: FastifyInstance | undefined
  /** The listener for LivePerson, if `WEBHOOK_PORT` is set. It has its own drain, and is closed with `server`. */
  webhooks: Webhooks | undefined
  drain: Drain
  /** Ends at once all typing that would end by itself; resolves when there is none left. */
  endTyping: () => Promise<void>
  /** Ends every call to LiveEngage in progress, so that its caller gets an answer before the process ends. */
  cutOff: () => Promise<void>
  /** What the requests use, for the doctor. */
  domains: Domains
  credentials: Credentials
  secrets: Secrets
  /** What the replicas share, if STATE_URL names a store. */
  state: SharedState | undefined
}

/** The app, ready to listen. Its builder closes it and its admin listener, and stops the tracing. */
export async function buildApp(
  config: Config,
  logger: Logger,
  tracing?: Tracing,
  log: DroppedLines = { dropped: 0 },
): Promise<App> {
  const secrets = new Secrets(config, ({ level, sentence, ...fields }) => {
    logger[level](fields, sentence)
  })
  const state =
    secrets.stateUrl === undefined ? undefined : await openState(config, secrets, logger)
  const store: IdempotencyStore = state?.store ?? new MemoryStore()
  const counters = new RequestCounters()
  const { app, drain } = createListener(config, logger, {
    addFirst: (first) => {
      settleKeys(first)
      if (tracing !== undefined) traceRequests(first, tracing)
    },
    counters,
  })
  app.addHook('onClose', async () => secrets.close())
  app.addHook('onClose', async () => state?.connection.close())
  const eventLoop = new EventLoopLag()
  app.addHook('onReady', async () => eventLoop.start())
  app.addHook('onClose', async () => eventLoop.stop())
  const liveengage = createLiveEngage(config, logger, tracing?.background)
  const { client, storage, hosts, domains, credentials } = liveengage
  app.addHook('onClose', () => hosts.close())
  const typing = new TypingExpiries({
    client,
    timeoutMs: config.requestTimeoutMs,
    atOnce: pausesAtOnce(config),
    logger,
    trace: tracing?.background,
  })
  app.addHook('onClose', async () => typing.stop())

  const version = readVersion()
  for (const schema of namedSchemas) app.addSchema(schema)
  await app.register(swagger, openapiOptions(version, config.publicUrl))
  const { accountId, allowedAccounts, requestTimeoutMs, fileLimitBytes, maxUploads } = config
  const calls = {
    accountId,
    allowedAccounts,
    requestTimeoutMs,
    secrets,
    client,
    store,
    order: config.messageOrder === 'arrival' ? new MessageOrder() : undefined,
    typing,
    eventLoop,
    statistics: hosts.statistics,
  }
  mountActions(app, { ...calls, locationBase: config.publicUrl ?? '' })
  await app.register(fileRoutes, { ...calls, storage, fileLimitBytes, maxUploads })
  await app.register(nativeRoutes, calls)
  const hasAdmin = config.adminPort !== undefined
  mountHealth(app, drain, { isElsewhere: hasAdmin })
  const notifications = new NotificationCounters()
  const metrics = createMetrics({
    counters,
    drain,
    store,
    state: state?.connection.statistics,
    typing,
    hosts,
    domains,
    credentials,
    notifications,
    eventLoop,
    log,
    version,
  })
  mountMetrics(app, metrics, { secrets, isElsewhere: hasAdmin })
  mountProblems(app)
  mountStartPage(app, {
    version,
    docs: config.docs,
    hasHealth: !hasAdmin,
    deskUrl: config.sandboxPort === undefined ? undefined : `${config.domainApiUrl}/`,
  })
  if (config.docs !== 'off') mountDocuments(app)
  if (config.docs === 'on') {
    mountSwaggerUi(app, config.sandboxPort === undefined ? undefined : accountId)
  }
  const parts = { secrets, hosts, counters: notifications, tracing }
  const webhooks =
    config.webhookPort === undefined ? undefined : await buildWebhooks(config, logger, parts)
  app.addHook('onClose', () => webhooks?.server.close())
  await app.ready()
  const admin = hasAdmin ? await buildAdmin(config, logger, drain, metrics) : undefined
  return {
    server: app,
    admin,
    webhooks,
    drain,
    endTyping: () => typing.flush(),
    cutOff: () => {
      typing.stop()
      return hosts.close()
    },
    domains,
    credentials,
    secrets,
    state,
  }
}

/** @returns when the store has answered or failed to: the proxy also starts without it */
async function openState(config: Config, secrets: Secrets, logger: Logger): Promise<SharedState> {
  // Loaded only if there is such a store.
  const { openSharedState } = await import('./shared-state.ts')
  return openSharedState(config, secrets, logger)
}

/** A quarter of what one account may have in flight, so that callers find room. */
function pausesAtOnce({ maxConnections, maxAccountShare }: Config): number {
  const slots = Math.floor((maxConnections * maxAccountShare) / 4)
  return Math.min(Math.max(slots, 1), 32)
}
