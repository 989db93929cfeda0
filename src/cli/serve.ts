/** The serving process: a proxy until a signal, stopped without losing an answer. */
import closeWithGrace from 'close-with-grace'
import { LogStream } from '../observability/log-stream.ts'
import { firstSteps } from './first-steps.ts'
import { buildProxy } from './proxy.ts'

/** How long the last lines of the log wait for a reader. */
const longestLastLinesMs = 1_000

/** @throws ConfigError, or what keeps a listener from its port */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  // Closing the terminal does not end the process.
  process.stderr.on('error', () => undefined)
  const log = new LogStream()
  // Before pino's own listener.
  process.prependOnceListener('exit', () => log.close())
  const { config, logger, sandbox, listen, stop } = await buildProxy(env, log, true)

  closeWithGrace({ delay: config.shutdownTimeoutMs, logger: false }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'the process fails')
    logger.info({ signal }, 'stopping')
    const cutOff = await stop()
    if (cutOff > 0)
      logger.error({ requests: cutOff }, 'callers were cut off before they had their answers')
    logger.info('stopped')
    await new Promise<void>((resolve) => {
      setTimeout(resolve, longestLastLinesMs)
      logger.flush(() => resolve())
    })
    // The process then ends with 1.
    if (cutOff > 0) throw new Error('callers were cut off')
  })

  const { proxyUrl } = await listen()
  if (sandbox !== undefined) {
    const text = firstSteps(config, { proxyUrl, deskUrl: `${sandbox.origin}/` })
    // Below the log so far, where people look.
    logger.flush(() => process.stderr.write(text))
  }
}
