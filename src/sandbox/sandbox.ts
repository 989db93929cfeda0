import { createServer } from 'node:https'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { registerAgentApi } from './agent/api.ts'
import { createCertificate } from './certificate.ts'
import { registerPages } from './desk/pages.ts'
import { outliveBodies } from './early-answers.ts'
import type { LogLine, ReceivedCall, Sandbox, SandboxOptions, Schedule } from './interface.ts'
import { loopbackAddress } from './loopback.ts'
import { type Calls, recordCalls } from './memory/calls.ts'
import { createFeed } from './memory/feed.ts'
import { createState, type State } from './memory/state.ts'
import { createInstalls } from './notifications/installs.ts'
import { isLoopback, refusalOfOrigin } from './own-origin.ts'
import { registerConversation } from './services/conversation.ts'
import { registerDomainApi } from './services/domain-api.ts'
import { registerEvents } from './services/events.ts'
import { registerFileStorage } from './services/file-storage.ts'
import { registerIdp } from './services/idp.ts'
import { registerOrderedFaults } from './services/ordered-faults.ts'
import { Refusal, undocumented } from './services/refusals.ts'
import { serviceOf } from './services/remarks.ts'
import { registerSend } from './services/send.ts'
import { registerSentinel } from './services/sentinel.ts'
import { registerStandInApp } from './services/stand-in-app.ts'

const jsonBodyLimitBytes = 256 * 1024
/** Three days, the longest that LivePerson keeps. Source: webhooks pages, retry policy. */
const retentionSeconds = 259_200

const endpoints = [
  'GET /api/account/{account}/service/{service}/baseURI.json?version=1.0',
  'GET /api/account/{account}/service/baseURI.json?version=1.0',
  'POST /sentinel/api/account/{account}/app/token?v=1.0&grant_type=client_credentials',
  'POST /api/account/{account}/consumer?v=1.0',
  'POST /api/account/{account}/messaging/consumer/conversation?v=3',
  'POST /api/account/{account}/messaging/consumer/conversation/send?v=3',
  'PUT, GET /v1/AUTH_async-images/{account}/{file}?temp_url_sig={sig}&temp_url_expires={seconds}',
  'GET /sandbox/events?conversationId={id}',
  'POST /sandbox/app',
] as const

export type { LogLine, ReceivedCall, Sandbox, SandboxOptions, Schedule }

/** Starts a simulated LiveEngage: one port for all of its services. Fails if the port is taken. */
export async function startSandbox({
  host = loopbackAddress(),
  port = 0,
  clientId = 'sandbox-client',
  clientSecret = 'sandbox-secret',
  appJwtLifeSeconds = 3600,
  temporaryUrlLifeSeconds = 60,
  strict: isStrict = false,
  webhookUrl,
  tls = false,
  log = () => {},
  now = Date.now,
  schedule = scheduleWithTimers,
}: SandboxOptions = {}): Promise<Sandbox> {
  const accountId = 'sandbox'
  const certificate = tls === true ? createCertificate(now()) : tls === false ? undefined : tls
  const scheme = certificate === undefined ? 'http' : 'https'
  const app = createApp(certificate)
  const feed = createFeed()
  const calls = recordCalls(app, now, (id) => feed.publish({ type: 'call', id }))
  const installs = createInstalls({
    clientId,
    clientSecret,
    settings: {
      url: webhookUrl,
      signature: 'sha1-base64',
      escapeUnicode: false,
      retentionSeconds,
    },
    now,
    schedule,
    changed: () => feed.publish({ type: 'installs' }),
    notificationChanged: (id) => feed.publish({ type: 'notification', id }),
  })
  const lives = { appJwtLifeSeconds, temporaryUrlLifeSeconds }
  const proxyUrl = 'http://127.0.0.1:3000'
  const settings = { accountId, clientId, clientSecret, isStrict, now, log, proxyUrl, ...lives }
  const state = createState(settings, { feed, calls, installs })

  const listener = { isLoopback: isLoopback(host), scheme } as const
  app.addHook('onRequest', async ({ headers }) => {
    const refusal = refusalOfOrigin(headers, listener)
    if (refusal !== undefined) throw refusal
  })
  explainRefusals(app, calls, log)
  registerOrderedFaults(app, state)
  registerServices(app, state)
  const { stream, openApi } = await registerAgentApi(app, state, schedule)
  registerPages(app, { name: 'LiveEngage in the box', endpoints, openApi })

  // Only this text still has the port when it is 80; the address object may be null by its type.
  // Without a host Node listens on `::`, or only on IPv4 if the system has no IPv6.
  const listening = await app.listen({ host: host === '::' ? '' : host, port })
  const actualPort = Number(listening.split(':').at(-1))

  const origin = `${scheme}://localhost:${actualPort}`
  return {
    origin,
    port: actualPort,
    host,
    accountId,
    clientId,
    clientSecret,
    proxyEnv: {
      LP_DOMAIN_API_URL: origin,
      LP_ALLOWED_HOSTS: `localhost:${actualPort}`,
      LP_ACCOUNT_ID: accountId,
      LP_CLIENT_ID: clientId,
      LP_CLIENT_SECRET: clientSecret,
      // Everyone knows that secret, which signs notifications.
      WEBHOOK_HOST: loopbackAddress(),
    },
    certificate: certificate?.cert,
    calls: calls.all,
    revoke: state.tokens.revoke,
    setWebhookUrl: (url) => installs.change({ url }),
    setProxyUrl(url) {
      state.proxyUrl = url
    },
    async close() {
      stream.close()
      installs.stop()
      await app.close()
    },
  }
}

function createApp(certificate: { key: string; cert: string } | undefined): FastifyInstance {
  const options: FastifyServerOptions = {
    bodyLimit: jsonBodyLimitBytes,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  }
  const app = fastify(
    certificate === undefined
      ? options
      : { ...options, serverFactory: (handler) => createServer(certificate, handler) },
  )
  outliveBodies(app.server)
  // Bodies stay bytes: a malformed one has to be refused in LiveEngage's form, and after the tokens.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => body,
  )
  return app
}

/** Answers as LiveEngage does, and tells the developer why. */
function explainRefusals(app: FastifyInstance, calls: Calls, log: (line: LogLine) => void): void {
  function explain(request: FastifyRequest, rule: string): void {
    calls.refuse(request, rule)
    log({ event: 'refused', service: serviceOf(request), text: rule })
  }
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof Refusal) {
      explain(request, error.rule)
      return reply.code(error.status).send(error.body)
    }
    explain(request, error.message)
    return reply.send(error)
  })
  app.setNotFoundHandler(async () => {
    throw undocumented(404, 'no such endpoint')
  })
}

function registerServices(app: FastifyInstance, state: State): void {
  registerDomainApi(app)
  registerSentinel(app, state)
  registerIdp(app, state)
  registerConversation(app, state)
  registerSend(app, state)
  registerFileStorage(app, state)
  registerEvents(app, state)
  registerStandInApp(app, state)
}

function scheduleWithTimers(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}
