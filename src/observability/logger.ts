/** Logs: JSON lines with chosen fields only, written in the background, and never a token. */
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from '../config/config.ts'
import { mayHoldToken, redactTokens } from '../token-text.ts'
import { LogStream } from './log-stream.ts'

/** @param destination stdout, buffered, if absent */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // An error's message may quote what a caller sent, so only its name, code and place are logged.
      serializers: { err: describeError },
      hooks: {
        streamWrite: (line) => (mayHoldToken.test(line) ? redactTokens(line) : line),
      },
    },
    destination ?? new LogStream(),
  )
}

/** What of an error is safe to log. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error }
  const code = 'code' in error ? error.code : undefined
  const frames = error.stack
    ?.replace(error.message, '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
  return { name: error.name, ...(typeof code === 'string' && { code }), frames }
}
