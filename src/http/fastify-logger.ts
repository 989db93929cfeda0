/** The logger that Fastify and its plugins get. */
import type { LogFn, Logger } from 'pino'

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const

/**
 * If a line has no message, pino uses that of its error, which may quote what a caller sent. Our own lines all have a message; the
 * lines of Fastify and its plugins get one here.
 */
export function withSentences(logger: Logger): Logger {
  const guarded: Logger = Object.create(logger)
  for (const level of levels) {
    const log: LogFn = (...args: Parameters<LogFn>) => {
      const [fields] = args
      if (args.length === 1 && typeof fields === 'object') logger[level](fields, 'error')
      else logger[level](...args)
    }
    guarded[level] = log
  }
  return guarded
}
