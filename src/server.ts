/** The process: reads the environment, starts the app (and the sandbox, if asked), stops without losing an answer. */
import closeWithGrace from 'close-with-grace'
import { type App, buildApp } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { createLogger, describeError } from './logger.ts'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'

/** What the proxy is told where it talks to the sandbox: the same as for LivePerson, through the Domain API's address alone. */
function pointedAt(config: Config, sandbox: Sandbox): Config {
  return {
    ...config,
    accountId: sandbox.accountId,
    domainApiUrl: sandbox.origin,
    allowedHosts: [new URL(sandbox.origin).host],
  }
}

async function start(environment: Config): Promise<void> {
  const logger = createLogger(environment.logLevel)
  const sandbox =
    environment.sandboxPort === undefined
      ? undefined
      : await startSandbox({ port: environment.sandboxPort })
  const config = sandbox === undefined ? environment : pointedAt(environment, sandbox)
  const { server, drain }: App = await buildApp(config, logger)

  closeWithGrace({ delay: config.shutdownTimeoutMs, logger: false }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err: describeError(err) }, 'the process fails')
    logger.info({ signal }, 'stopping')
    await drain.run(config.shutdownDelayMs)
    await server.close()
    await sandbox?.close()
    logger.info('stopped')
    logger.flush()
  })

  await server.listen({
    host: config.host,
    port: config.port,
    listenTextResolver: (address) => `listening at ${address}`,
  })
  if (sandbox !== undefined) {
    logger.warn({ sandbox: sandbox.origin }, 'talking to the embedded sandbox, not to LivePerson')
  }
}

try {
  await start(loadConfig(process.env))
} catch (error) {
  const message = error instanceof Error ? error.message : 'unknown error'
  process.stderr.write(`liveengage-proxy: ${message}\n`)
  process.exit(1)
}
