/** The process: reads the environment, starts the app (and the sandbox, if asked), stops without losing an answer. */
import { lookup } from 'node:dns/promises'
import closeWithGrace from 'close-with-grace'
import { type App, buildApp } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'

/** How long before its end the process gives up on LiveEngage, to tell its callers so. */
const longestLastAnswersMs = 500

/** What the proxy is told where it talks to the sandbox: the same as for LivePerson, through the Domain API's address alone. */
function pointedAt(config: Config, sandbox: Sandbox): Config {
  return {
    ...config,
    accountId: sandbox.accountId,
    allowedAccounts:
      config.allowedAccounts && new Set([...config.allowedAccounts, sandbox.accountId]),
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    domainApiUrl: sandbox.origin,
    allowedHosts: [new URL(sandbox.origin).host],
  }
}

async function start(): Promise<void> {
  const environment = loadConfig(process.env)
  const logger = createLogger(environment.logLevel)
  const sandbox =
    environment.sandboxPort === undefined
      ? undefined
      : await startSandbox({ port: environment.sandboxPort })
  const config = sandbox === undefined ? environment : pointedAt(environment, sandbox)
  const { server, drain, endTyping, cutOff }: App = await buildApp(config, logger)

  closeWithGrace({ delay: config.shutdownTimeoutMs, logger: false }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'the process fails')
    logger.info({ signal }, 'stopping')
    const { shutdownDelayMs, shutdownTimeoutMs } = config
    const lastAnswersMs = Math.min(longestLastAnswersMs, shutdownTimeoutMs / 2)
    const cut = setTimeout(() => {
      logger.warn('time is up: ending what still waits for LiveEngage')
      void cutOff()
    }, shutdownTimeoutMs - lastAnswersMs)
    await drain.run(shutdownDelayMs)
    await endTyping()
    clearTimeout(cut)
    await server.close()
    await sandbox?.close()
    logger.info('stopped')
    logger.flush()
  })

  await server.listen({
    // Fastify would open a second server for the other address of `localhost`, one that nobody drains.
    host: (await lookup(config.host)).address,
    port: config.port,
    listenTextResolver: (address) => `listening at ${address}`,
  })
  if (sandbox !== undefined) {
    logger.warn({ sandbox: sandbox.origin }, 'talking to the embedded sandbox, not to LivePerson')
  }
}

await start().catch((error: NodeJS.ErrnoException) => {
  const hint = error.code === 'EADDRINUSE' ? ' (PORT, or SANDBOX_PORT for the sandbox)' : ''
  process.stderr.write(`liveengage-proxy: ${error.message}${hint}\n`)
  process.exit(1)
})
