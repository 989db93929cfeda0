/** Answers connections whose bytes never became a request: malformed, oversized or too slow. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { Problem, type ProblemCode } from './problems.ts'

const codes: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload-too-large',
}

/**
 * Answers with a problem and closes the connection.
 * @param awaitsAnswer whether an earlier, complete request of this connection is still being served: its caller would take
 * this answer for that request's, so then there is none
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  awaitsAnswer: boolean,
  logger: Logger,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || awaitsAnswer) {
    socket.destroy()
    return
  }
  const requestId = randomUUID()
  const problem = new Problem(codes[error.code ?? ''] ?? 'invalid-request', {
    ...(codes[error.code ?? ''] === undefined && {
      detail: 'The bytes received are no HTTP request.',
    }),
  })
  const { status, code } = problem
  const body = JSON.stringify(problem.toDetails(requestId, false))
  logger.info({ requestId, status, code, reason: error.code }, 'connection refused')
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
}
