/** Answers bytes that never became a whole request: malformed, oversized or too slow. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Activity } from './drain.ts'
import { Problem, type ProblemCode } from './problems.ts'

const codes = new Map<string | undefined, ProblemCode>([
  ['HPE_HEADER_OVERFLOW', 'headers-too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'payload-too-large'],
])

/** How long a caller may take to read the answer before its connection is cut. */
const lingerMs = 1_000

/** Answers with a problem and closes the connection. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  activity: Activity | undefined,
  logger: Logger,
  onRefusal: (problem: Problem) => void,
): void {
  // The connection has its last answer already; what else comes on it is not read.
  if (socket.writableEnded) return
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = codes.get(error.code)
  const detail = 'The bytes received are no HTTP request.'
  const problem = new Problem(code ?? 'invalid-request', code === undefined ? { detail } : {})
  const latest = activity?.latest
  if (latest === undefined) {
    refuse(socket, problem, error.code, logger)
    onRefusal(problem)
  } else if (awaitsBody(latest)) {
    // Whoever reads the body answers for the request, under its id and on its turn.
    latest.response.shouldKeepAlive = false
    latest.request.emit('error', problem)
  } else if (latest.response.writableFinished) {
    // The body of a request that has its answer: another one would be taken for the next request's.
    socket.destroySoon()
  } else {
    // An answer sent now would be taken for the earlier request's. That one still goes out, as the last.
    latest.response.shouldKeepAlive = false
  }
}

function awaitsBody({ request, response }: NonNullable<Activity['latest']>): boolean {
  return !request.complete && !response.writableEnded && request.listenerCount('error') > 0
}

function refuse(
  socket: Socket,
  problem: Problem,
  reason: string | undefined,
  logger: Logger,
): void {
  const requestId = randomUUID()
  const { status, code } = problem
  const body = JSON.stringify(problem.toDetails(requestId, false))
  logger.info({ requestId, status, code, reason }, 'connection refused')
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  const cut = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(cut))
}
