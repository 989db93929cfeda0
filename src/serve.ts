/** The serving process: starts the app (and the sandbox, if asked), stops without losing an answer. */
import { lookup } from 'node:dns/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type App, buildApp } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { pointedAt } from './sandboxed.ts'
import { startTracing } from './tracing-switch.ts'
import { unknownVariables } from './unknown-variables.ts'
import { expectLoad } from './v8-flags.ts'

/** How long before its end the process gives up on LiveEngage, to tell its callers so. */
const longestLastAnswersMs = 500

/** How long before that typing is ended, whoever still waits for an answer. */
const longestLastPausesMs = 2_000

/** How long the last spans may take to get out, and what of the process's time they leave. */
const longestLastSpansMs = 2_000
const sparedMs = 100

/** @throws ConfigError, or what keeps a listener from its port */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  const environment = loadConfig(env)
  const logger = createLogger(environment.logLevel)
  const variables = unknownVariables(env)
  if (variables.length > 0) logger.warn({ variables }, 'variables that are not known here')
  const tracing = await startTracing(env, logger)
  const sandbox =
    environment.sandboxPort === undefined ? undefined : await openSandbox(environment.sandboxPort)
  const config = sandbox === undefined ? environment : pointedAt(environment, sandbox)
  const app = await buildApp(config, logger, tracing)
  const { server, admin } = app

  closeWithGrace({ delay: config.shutdownTimeoutMs, logger: false }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'the process fails')
    logger.info({ signal }, 'stopping')
    const endsAt = performance.now() + config.shutdownTimeoutMs
    await windDown(app, config, logger)
    await server.close()
    await sandbox?.close()
    await admin?.close()
    await tracing?.stop(Math.min(longestLastSpansMs, endsAt - sparedMs - performance.now()))
    logger.info('stopped')
    logger.flush()
  })

  await naming('HOST, PORT', listen(server, config.host, config.port, 'listening at'))
  // Only now, so that no probe finds a process ready that takes no requests.
  if (admin !== undefined && config.adminPort !== undefined) {
    const listening = listen(admin, config.adminHost, config.adminPort, 'answering probes at')
    await naming('ADMIN_HOST, ADMIN_PORT', listening)
  }
  expectLoad(server.server)
  if (sandbox !== undefined) {
    logger.warn({ sandbox: sandbox.origin }, 'talking to the embedded sandbox, not to LivePerson')
  }
}

/** Answers what is asked and ends what is shown; resolves when that is done, or when the time for it is up. */
function windDown(
  { drain, endTyping, cutOff }: App,
  { shutdownDelayMs, shutdownTimeoutMs }: Config,
  logger: Logger,
): Promise<void> {
  const lastAnswersMs = Math.min(longestLastAnswersMs, shutdownTimeoutMs / 2)
  const untilCutMs = shutdownTimeoutMs - lastAnswersMs
  const lastPausesMs = Math.min(longestLastPausesMs, untilCutMs / 2)
  return new Promise((resolve) => {
    const hurry = setTimeout(endTyping, untilCutMs - lastPausesMs)
    const cut = setTimeout(() => {
      logger.warn('time is up: ending what still waits for LiveEngage')
      void cutOff()
      setTimeout(() => {
        drain.cut()
        resolve()
      }, lastAnswersMs / 2)
    }, untilCutMs)
    void drain
      .run(shutdownDelayMs, endTyping)
      .then(endTyping)
      .then(() => {
        clearTimeout(hurry)
        clearTimeout(cut)
        resolve()
      })
  })
}

async function openSandbox(port: number) {
  const { startSandbox } = await import('./sandbox/sandbox.ts')
  return naming('SANDBOX_PORT', startSandbox({ port }))
}

async function listen(app: FastifyInstance, host: string, port: number, doing: string) {
  await app.listen({
    // Fastify would open a second server for the other address of `localhost`, one that nobody drains.
    host: (await lookup(host)).address,
    port,
    listenTextResolver: (address) => `${doing} ${address}`,
  })
}

/** What keeps a listener from its port says which variables of the environment it is about. */
function naming<T>(variables: string, listening: Promise<T>): Promise<T> {
  return listening.catch((cause: Error) => {
    throw new Error(`${cause.message} (${variables})`, { cause })
  })
}
