/** The webhook listener: what LivePerson may call, on its own port and without a key. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import type { Drain } from '../http/drain.ts'
import { createListener } from '../http/listener.ts'
import { type Tracing, traceRequests } from '../http/request-spans.ts'
import { mountWebhooks } from '../routes/webhooks.ts'
import type { Hosts } from '../transport/hosts.ts'
import { postTo } from '../webhooks/app-endpoint.ts'
import type { Counters } from '../webhooks/counters.ts'
import { Relay } from '../webhooks/relay.ts'
import { UnknownTypes } from '../webhooks/unknown-types.ts'

export type Webhooks = { server: FastifyInstance; drain: Drain }

export type WebhookParts = {
  secrets: Secrets
  hosts: Hosts
  counters: Counters
  tracing: Tracing | undefined
}

/** Memory for the bodies of notifications: as many as may be in flight, at a generous size. */
const ampleBodyBytes = 262_144

export async function buildWebhooks(
  config: Config,
  logger: Logger,
  { secrets, hosts, counters, tracing }: WebhookParts,
): Promise<Webhooks> {
  const { webhookBodyLimitBytes: bodyLimitBytes, webhookMaxInFlight: maxInFlight } = config
  const { eventsTimeoutMs: timeoutMs } = config
  const { app, drain } = createListener({ ...config, bodyLimitBytes }, logger, {
    hasShortProblems: true,
    isForAnyHost: true,
    shareOfFiles: 1 / 8,
    bodyMemoryBytes: Math.max(maxInFlight * ampleBodyBytes, bodyLimitBytes),
    addFirst: (first) => {
      if (tracing !== undefined) traceRequests(first, tracing)
    },
  })
  const unknown = new UnknownTypes((type) => {
    logger.warn({ type }, 'LivePerson sent a type that is not known here; it is left out')
  })
  const relay = new Relay({
    post: postTo(hosts),
    selection: { include: config.eventsInclude, exclude: config.eventsExclude },
    secrets: () => secrets.eventSecrets,
    counters,
    timeoutMs,
    apiUrl: config.publicUrl ?? '/',
    onUnknown: (type) => unknown.met(type),
  })
  mountWebhooks(app, {
    relay,
    counters,
    credentialsOf: (accountId) => secrets.webhookCredentialsOf(accountId),
    eventsUrlOf: (accountId) => secrets.eventsUrlOf(accountId),
    timeoutMs,
    maxInFlight,
    random: randomUUID,
  })
  await app.ready()
  return { server: app, drain }
}
