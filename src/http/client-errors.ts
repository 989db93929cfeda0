/** Answers bytes that never became a whole request: malformed, oversized or too slow. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { lingerThenClose } from '../lingering-close.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import { Problem } from '../problems/problem.ts'
import { activityOf, failBody } from './connections.ts'
import { idleTimeoutMs } from './input-limits.ts'

const codes = new Map<string | undefined, ProblemCode>([
  ['HPE_HEADER_OVERFLOW', 'headers-too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'payload-too-large'],
])

/** How problems of this listener are written. */
type ProblemWords = { hasShortProblems: boolean; problemsUrl: string }

/** Answers with a problem and closes the connection. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  logger: Logger,
  words: ProblemWords,
  onRefusal: (problem: Problem) => void,
): void {
  // The connection already has its last answer. What follows is not read.
  if (socket.writableEnded) return
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  // Node counts from the connection; a client may open one ahead.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
    socket.setTimeout(idleTimeoutMs)
    return
  }
  const code = codes.get(error.code)
  const detail = 'The bytes received are no HTTP request.'
  const problem = new Problem(code ?? 'invalid-request', code === undefined ? { detail } : {})
  const latest = activityOf(socket)?.latest
  if (latest === undefined) {
    refuse(socket, problem, error.code, logger, words)
    onRefusal(problem)
  } else if (failBody(latest, problem)) {
    return
  } else if (latest.response.writableFinished) {
    // This request already has its answer. A second one would look like the next request's.
    socket.destroySoon()
  } else {
    // An answer sent now would look like the earlier request's. That one still goes out, as the last.
    latest.response.shouldKeepAlive = false
  }
}

function refuse(
  socket: Socket,
  problem: Problem,
  reason: string | undefined,
  logger: Logger,
  words: ProblemWords,
): void {
  const { hasShortProblems, problemsUrl } = words
  const requestId = randomUUID()
  const { status, code } = problem
  const body = JSON.stringify(
    hasShortProblems
      ? problem.toShortDetails(requestId, problemsUrl)
      : problem.toDetails(requestId, false, problemsUrl),
  )
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
  lingerThenClose(socket)
}
