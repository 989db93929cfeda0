/** Logs: JSON lines with chosen fields only, written in the background, and no token whatever happens. */

import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { type DestinationStream, type LogFn, type Logger, pino } from 'pino'
import type { Config } from './config.ts'
import { LogLines } from './log-lines.ts'
import type { Problem } from './problems.ts'
import { scrubTokens } from './tokens.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Machines ask for it every few seconds, so that its success is logged at `debug`. */
    isPolled?: boolean
  }
}

/** @param destination stdout, buffered, where it is absent */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp,
      formatters: { level: (label) => ({ level: label }) },
      // An error's message may quote what a caller sent, so only its name, code and place are logged.
      // @fastify/multipart traces its options, which hold every header of the request.
      serializers: { err: describeError, busboyOptions: () => undefined },
      hooks: { streamWrite: scrubTokens, logMethod: withoutMessage },
    },
    destination ?? new LogLines(),
  )
}

let latest = { ms: Number.NaN, field: '' }

/** pino's `isoTime`, made once a millisecond: under load several lines share one. */
function timestamp(): string {
  const ms = Date.now()
  if (ms !== latest.ms) latest = { ms, field: `,"time":"${new Date(ms).toISOString()}"` }
  return latest.field
}

/** pino takes the message of an error for the sentence of a line that has none. */
function withoutMessage(this: Logger, args: Parameters<LogFn>, log: LogFn): void {
  const [fields] = args
  if (args.length === 1 && typeof fields === 'object') log.call(this, fields, 'error')
  else log.apply(this, args)
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

/** Why an upstream call failed, from the socket's or undici's own words, which hold nothing of the request. */
export function describeCause({ cause }: Problem): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const code = 'code' in cause && typeof cause.code === 'string' ? `${cause.code}: ` : ''
  return `${code}${cause.message}`.slice(0, 200)
}

/** The one line of a request: what was asked, what came of it, and nothing that was said. */
export function logRequest(
  logger: FastifyBaseLogger,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { problem, caller, attempt, trace } = request
  // Fastify makes it anew each time it is asked for.
  const route = request.routeOptions
  // pino leaves out what is undefined.
  const line = {
    requestId: request.id,
    method: request.method,
    route: route?.url,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 100) / 100,
    accountId: caller?.accountId,
    traceId: trace?.id,
    replayed: attempt?.state === 'replayed' ? true : undefined,
  }
  if (problem !== null) Object.assign(line, describeProblem(problem))
  const isPolled = route?.config?.isPolled === true
  if (problem?.code === 'internal-error') logger.error(line, 'request failed')
  else if (isPolled && problem === null) logger.debug(line, 'request')
  else logger.info(line, 'request')
}

function describeProblem(problem: Problem) {
  const { code, delivery, cause } = problem
  return code === 'internal-error'
    ? { code, delivery, err: cause }
    : {
        code,
        delivery,
        liveengage: problem.options.liveengage?.status,
        cause: describeCause(problem),
      }
}
