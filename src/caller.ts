/** Who calls and for whom: the account and the two tokens, read from the headers. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Caller } from './liveengage/client.ts'
import { type InputError, Problem, type ProblemCode } from './problems.ts'
import { isToken } from './tokens.ts'

type Header = IncomingHttpHeaders[string]

export type CallerOptions = {
  /** Account of requests that name none. */
  accountId: string | undefined
  isAllowed: (accountId: string) => boolean
  /** Whether the proxy has credentials of its own for the account. */
  hasCredentials: (accountId: string) => boolean
}

/**
 * Reads the caller from a request's headers. A token that is not given is left to the proxy's own credentials, if there are any.
 * @param account from the path, where the route has it there
 * @throws Problem `credentials-missing`, `app-jwt-invalid`, `consumer-jws-invalid`, `account-not-allowed` or `invalid-request`
 */
export function identify(
  headers: IncomingHttpHeaders,
  options: CallerOptions,
  account?: string,
): Caller {
  const accountId =
    account === undefined
      ? readAccount(textOf(headers['x-lp-account-id']), 'header:X-LP-Account-Id', options)
      : readAccount(account, 'path:accountId', options)
  const caller: Caller = {
    accountId,
    appJwt: readToken(headers.authorization, 'Authorization', 'app-jwt-invalid'),
    consumerJws: readToken(headers['x-lp-on-behalf'], 'X-LP-ON-BEHALF', 'consumer-jws-invalid'),
    consumerId: readConsumer(headers),
    clientProperties: textOf(headers['client-properties']),
  }
  requireTokens(caller, options.hasCredentials(accountId))
  return caller
}

function readAccount(given: string | undefined, path: string, options: CallerOptions): string {
  const accountId = given ?? options.accountId
  if (accountId === undefined) {
    throw invalidHeader('X-LP-Account-Id', 'is required: no default account is configured')
  }
  if (!/^[A-Za-z0-9]{1,32}$/.test(accountId)) {
    throw invalid(path, 'must be 1 to 32 letters and digits')
  }
  if (!options.isAllowed(accountId)) throw new Problem('account-not-allowed')
  return accountId
}

/** The token bare, as LiveEngage wants it, whether it came bare or after "Bearer". */
function readToken(value: Header, name: string, malformed: ProblemCode): string | undefined {
  // An empty one is a mistake; taken for none, it would send the message as somebody else.
  const token = typeof value === 'string' ? value.replace(/^Bearer +/i, '') : undefined
  if (token !== undefined && !isToken(token)) {
    const message = 'must be one token of three base64url parts, 8 KiB at most'
    throw new Problem(malformed, { errors: [{ path: `header:${name}`, message }] })
  }
  return token
}

function readConsumer(headers: IncomingHttpHeaders): string | undefined {
  const consumerId = textOf(headers['x-lp-consumer-id'])
  if (consumerId !== undefined && !/^[!-~]{1,256}$/.test(consumerId)) {
    throw invalidHeader('X-LP-Consumer-Id', 'must be 1 to 256 visible characters')
  }
  return consumerId
}

/** Each token must be given or be one that the proxy can get. */
function requireTokens({ appJwt, consumerJws, consumerId }: Caller, hasCredentials: boolean): void {
  const errors: InputError[] = []
  if (appJwt === undefined && !hasCredentials) {
    errors.push({ path: 'header:Authorization', message: 'is required' })
  }
  if (consumerJws === undefined && !(hasCredentials && consumerId !== undefined)) {
    const message = hasCredentials
      ? 'is required, or X-LP-Consumer-Id in its place'
      : 'is required: without credentials of the account the proxy cannot get one'
    errors.push({ path: 'header:X-LP-ON-BEHALF', message })
  }
  if (errors.length > 0) throw new Problem('credentials-missing', { errors })
}

/** Names a caller's consumer in keys: by a digest of the ConsumerJWS as it was sent, else by the caller's own id; one never equals the other. */
export function consumerKey({ consumerJws, consumerId }: Caller): string {
  return consumerJws === undefined
    ? `id:${consumerId}`
    : `jws:${createHash('sha256').update(consumerJws).digest('base64url')}`
}

/** An empty header counts as absent. */
function textOf(value: Header): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The caller's own limit, from 100 ms to the configured one. @throws Problem `invalid-request` */
export function readTimeoutMs(headers: IncomingHttpHeaders, longestMs: number): number {
  const value = textOf(headers['x-request-timeout-ms'])
  if (value === undefined) return longestMs
  const timeoutMs = /^[0-9]{1,7}$/.test(value) ? Number(value) : 0
  if (timeoutMs < 100 || timeoutMs > longestMs) {
    throw invalidHeader('X-Request-Timeout-Ms', `must be an integer from 100 to ${longestMs}`)
  }
  return timeoutMs
}

/**
 * Refuses a second Host, Authorization or Content-Type (Node keeps the first, another hop may keep the last) and HTTP/1.1
 * without Host.
 * @throws Problem `invalid-request`
 */
export function checkHeaderCounts({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0
  let authorizations = 0
  let contentTypes = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
    if (name?.length === 13 && name.toLowerCase() === 'authorization') authorizations += 1
    if (name?.length === 12 && name.toLowerCase() === 'content-type') contentTypes += 1
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    throw invalidHeader('Host', 'must be given once')
  }
  if (authorizations > 1) throw invalidHeader('Authorization', 'must be given once')
  if (contentTypes > 1) throw invalidHeader('Content-Type', 'must be given once')
}

function invalidHeader(name: string, message: string): Problem {
  return invalid(`header:${name}`, message)
}

function invalid(path: string, message: string): Problem {
  const detail = `${path.replace(/^.*:/, '')} ${message}.`
  return new Problem('invalid-request', { detail, errors: [{ path, message }] })
}
