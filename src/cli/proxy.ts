/** The whole proxy: its listeners, its tracing, and the sandbox if it is on. It does not touch the process, so an app can contain it. */
import { lookup } from 'node:dns/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type App, buildApp } from '../app/app.ts'
import { type Config, loadConfig } from '../config/config.ts'
import { pointedAt, withNotifications } from '../config/for-sandbox.ts'
import { summaryOf, warningsOf } from '../config/summary.ts'
import { unknownVariables } from '../config/unknown-variables.ts'
import type { DroppedLines } from '../observability/log-stream.ts'
import { createLogger } from '../observability/logger.ts'
import { startTracing } from '../observability/tracing/start-tracing.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { portAdvice, startCommand } from './port-advice.ts'

/** How long before its end the process ends calls to LiveEngage, to answer the callers. */
const longestLastAnswersMs = 500

/** How long before that typing is ended in any case. */
const longestLastPausesMs = 2_000

/** How long the export of the last spans may take, and how much time it must leave. */
const longestLastSpansMs = 2_000
const sparedMs = 100

export type Log = DroppedLines & { write: (line: string) => void }

/** Where the listeners are, as URLs; undefined: there is none. */
export type Addresses = {
  proxyUrl: string
  adminUrl: string | undefined
  /** Where LivePerson posts its notifications. */
  webhookUrl: string | undefined
}

export type BuiltProxy = {
  config: Config
  logger: Logger
  sandbox: Sandbox | undefined
  /** @throws what keeps a listener from its port */
  listen: () => Promise<Addresses>
  /**
   * Answers what is asked and ends the rest, within `SHUTDOWN_TIMEOUT_MS`.
   * @returns requests whose answer was cut off
   */
  stop: () => Promise<number>
}

/**
 * @param isCommand whether a person has started it on a command line
 * @throws ConfigError, or what keeps the sandbox from its port
 */
export async function buildProxy(
  env: NodeJS.ProcessEnv,
  log: Log,
  isCommand: boolean,
): Promise<BuiltProxy> {
  const environment = loadConfig(env)
  const logger = createLogger(environment.logLevel, log)
  const variables = unknownVariables(env)
  if (variables.length > 0) logger.warn({ variables }, 'unknown variables, ignored')
  const tracing = await startTracing(env, environment.egress, logger)
  const isSandboxed = environment.sandboxPort !== undefined
  const command = isCommand ? startCommand(isSandboxed, env['npm_lifecycle_event']) : undefined
  const sandbox = await openSandbox(environment, command)
  const config =
    sandbox === undefined
      ? environment
      : withNotifications(pointedAt(environment, sandbox), sandbox)
  const app = await buildApp(config, logger, tracing, log).catch(async (error: unknown) => {
    await sandbox?.close()
    await tracing?.stop(longestLastSpansMs)
    throw error
  })

  async function stop(): Promise<number> {
    const endsAt = performance.now() + config.shutdownTimeoutMs
    const cutOff = await windDown(app, config, logger)
    await app.server.close()
    await sandbox?.close()
    await app.admin?.close()
    await tracing?.stop(Math.min(longestLastSpansMs, endsAt - sparedMs - performance.now()))
    return cutOff
  }
  let stopped: Promise<number> | undefined
  return {
    config,
    logger,
    sandbox,
    listen: () => listenEverywhere(app, config, logger, sandbox, command),
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

async function listenEverywhere(
  { server, admin, webhooks, secrets }: App,
  config: Config,
  logger: Logger,
  sandbox: Sandbox | undefined,
  command: string | undefined,
): Promise<Addresses> {
  const mainPorts = sandbox === undefined ? ['PORT'] : ['PORT', 'SANDBOX_PORT']
  const listening = listen(server, config.host, config.port, 'listening at')
  const proxyUrl = await naming('HOST, PORT', listening, mainPorts, command)
  let adminUrl: string | undefined
  // Only now, so that no probe finds it ready before it takes requests.
  if (admin !== undefined && config.adminPort !== undefined) {
    const listening = listen(admin, config.adminHost, config.adminPort, 'answering probes at')
    adminUrl = await naming('ADMIN_HOST, ADMIN_PORT', listening, ['ADMIN_PORT'], command)
  }
  let webhookUrl: string | undefined
  if (webhooks !== undefined && config.webhookPort !== undefined) {
    const { webhookHost, webhookPort } = config
    const path = '/webhooks/liveperson'
    const listening = listen(
      webhooks.server,
      webhookHost,
      webhookPort,
      'taking notifications at',
      path,
    )
    const origin = await naming('WEBHOOK_HOST, WEBHOOK_PORT', listening, ['WEBHOOK_PORT'], command)
    webhookUrl = `${origin}${path}`
    if (config.sandboxWebhookUrl === undefined) sandbox?.setWebhookUrl(webhookUrl)
  }
  logger.info(summaryOf(config, secrets, proxyUrl), 'serving')
  for (const warning of warningsOf(config, secrets)) logger.warn(warning)
  if (sandbox !== undefined) {
    sandbox.setProxyUrl(proxyUrl)
    logger.warn({ sandbox: sandbox.origin }, 'talking to the embedded sandbox, not to LivePerson')
  }
  return { proxyUrl, adminUrl, webhookUrl }
}

/**
 * Answers open requests and ends typing; resolves when that is done, or when the time is up.
 * @returns requests whose answer was cut off
 */
function windDown(
  { drain, webhooks, endTyping, cutOff }: App,
  { shutdownDelayMs, shutdownTimeoutMs }: Config,
  logger: Logger,
): Promise<number> {
  const lastAnswersMs = Math.min(longestLastAnswersMs, shutdownTimeoutMs / 2)
  const untilCutMs = shutdownTimeoutMs - lastAnswersMs
  const lastPausesMs = Math.min(longestLastPausesMs, untilCutMs / 2)
  return new Promise((resolve) => {
    const hurry = setTimeout(endTyping, untilCutMs - lastPausesMs)
    const cut = setTimeout(() => {
      logger.warn('time is up: ending what still waits for LiveEngage')
      void cutOff()
      setTimeout(() => {
        resolve(drain.cut() + (webhooks?.drain.cut() ?? 0))
      }, lastAnswersMs / 2)
    }, untilCutMs)
    void Promise.all([drain.run(shutdownDelayMs, endTyping), webhooks?.drain.run(shutdownDelayMs)])
      .then(endTyping)
      .then(() => {
        clearTimeout(hurry)
        clearTimeout(cut)
        resolve(0)
      })
  })
}

/** @returns undefined if it is not asked for */
async function openSandbox(
  { sandboxPort: port, isSandboxStrict, sandboxWebhookUrl }: Config,
  command: string | undefined,
): Promise<Sandbox | undefined> {
  if (port === undefined) return undefined
  const { startSandbox } = await import('../sandbox/sandbox.ts')
  const options = { port, strict: isSandboxStrict, webhookUrl: sandboxWebhookUrl }
  const ports = ['PORT', 'SANDBOX_PORT']
  return naming('SANDBOX_PORT', startSandbox(options), ports, command)
}

/** @param path what is called there, for the log @returns the address, as a URL */
async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  doing: string,
  path = '',
): Promise<string> {
  const url = await app.listen({
    // Without a host Node listens on `::`, or only on IPv4 if the system has no IPv6. And for `localhost`, Fastify would open a second
    // server for its other address, which nothing drains.
    host: host === '::' ? '' : (await lookup(host)).address,
    port,
    listenTextResolver: (address) => `${doing} ${address}${path}`,
  })
  // If IPv6 is turned off, nothing answers at `[::]`, although it listens there.
  return url.replace('//[::]:', '//localhost:')
}

/** Adds to an error of listening which variables it is about, and what to do. */
function naming<T>(
  variables: string,
  listening: Promise<T>,
  ...advice: [ports: readonly string[], command: string | undefined]
): Promise<T> {
  return listening.catch((cause: NodeJS.ErrnoException) => {
    const remedy = portAdvice(cause, ...advice)
    const error = new Error(`${cause.message} (${variables})${remedy}`, { cause })
    throw Object.assign(error, { code: cause.code })
  })
}
