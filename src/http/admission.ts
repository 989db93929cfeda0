/** Lets a call in before its body is read: the proxy's own key, who calls for whom, and whether there is room. */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Secrets } from '../config/secrets.ts'
import type { IdempotencyStore } from '../idempotency/store.ts'
import type { CallContext, Caller } from '../liveengage/caller.ts'
import type { Client } from '../liveengage/client.ts'
import { isAccountId } from '../liveengage/protocol/values.ts'
import { messaging } from '../liveengage/upstreams.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import { type InputError, Problem } from '../problems/problem.ts'
import { unsupportedMediaType } from '../problems/refused-body.ts'
import { isToken } from '../token-text.ts'
import type { Refusal } from '../transport/host.ts'
import type { CallStatistics } from '../transport/statistics.ts'
import type { Priority, Terms } from '../transport/terms.ts'
import type { EventLoopLag } from './event-loop-lag.ts'
import { isBodyless } from './json-body.ts'
import { misspeltHeaders } from './misspelt-headers.ts'

export type AdmissionOptions = {
  /** Account of requests that name none. */
  accountId: string | undefined
  /** Undefined: the default account and those with credentials; any, if there is neither. */
  allowedAccounts: ReadonlySet<string> | undefined
  secrets: Pick<Secrets, 'credentials' | 'hasCredentials' | 'needsKey' | 'acceptsKey'>
  /** The longest deadline, milliseconds from the request's arrival. */
  requestTimeoutMs: number
  client: Pick<Client, 'knownHost'>
}

export type CapacityOptions = {
  eventLoop: Pick<EventLoopLag, 'isLate'>
  statistics: CallStatistics
  store: IdempotencyStore
}

export type CallKind = {
  /** Under pressure calls of a lower priority are refused first. */
  priority: Priority
  /** Native routes send what they get, so `dryRun` means nothing there. */
  hasDryRun: boolean
  /** It waits for earlier requests of its conversation. */
  isOrdered?: boolean | undefined
  /** Reads the account from the path, if the route has it. */
  accountOf?: (request: FastifyRequest) => string
}

/** @returns a hook that throws a Problem which says what the caller has to change */
export function admit(
  options: AdmissionOptions,
  { priority, hasDryRun, accountOf }: CallKind,
): onRequestHookHandler {
  const callers = { ...options, readAppJwt: rememberLatest(readAppJwt) }
  return (request, _reply, done) => {
    const { headers, raw, state } = request
    if (headers['content-encoding'] !== undefined) refuseEncoding(headers)
    if (options.secrets.needsKey) checkKey(headers, options.secrets)
    const deadline = performance.now() + readTimeoutMs(headers, options.requestTimeoutMs)
    const caller = readCaller(headers, callers, accountOf?.(request))
    const { accountId } = caller
    const upstreamTime = { endedMs: 0, startedAt: undefined }
    const { socket: connection } = raw
    const { trace } = state
    const terms: Terms = { accountId, priority, deadline, connection, upstreamTime, trace }
    state.call = { caller, terms, host: options.client.knownHost(accountId) }
    state.isDryRun = hasDryRun && asksForDryRun(request.query)
    done()
  }
}

/** The query is validated only once the body is there; any other value is refused then. */
function asksForDryRun(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'dryRun' in query && query.dryRun === 'true'
}

/** @throws Problem `unsupported-media-type` for an encoded body */
function refuseEncoding(headers: IncomingHttpHeaders): void {
  if (/^(identity)?$/i.test(String(headers['content-encoding']))) return
  if (isBodyless(headers)) return
  throw unsupportedMediaType('uncompressed')
}

/** @throws Problem `api-key-required` */
export function checkKey(headers: IncomingHttpHeaders, secrets: Pick<Secrets, 'acceptsKey'>): void {
  const key = headers['x-api-key']
  const given = typeof key === 'string' ? key : undefined
  if (secrets.acceptsKey(given)) return
  const errors = misspeltHeaders(headers)
  throw new Problem('api-key-required', errors.length === 0 ? {} : { errors })
}

/**
 * If a token is not given, the proxy's own credentials supply it, if there are any.
 * @param account from the path, if the route has it there
 * @throws Problem `credentials-missing`, `app-jwt-invalid`, `consumer-jws-invalid`, `account-not-allowed` or `invalid-request`
 */
function readCaller(
  headers: IncomingHttpHeaders,
  options: AdmissionOptions & { readAppJwt: typeof readAppJwt },
  account: string | undefined,
): Caller {
  const accountId =
    account === undefined
      ? readAccountHeader(headers, options)
      : readAccount(account, 'path:accountId', options)
  const caller: Caller = {
    accountId,
    credentials: options.secrets.credentials.get(accountId),
    appJwt: options.readAppJwt(headers.authorization),
    consumerJws: readToken(headers['x-lp-on-behalf'], 'X-LP-ON-BEHALF', 'consumer-jws-invalid'),
    consumerId: readConsumer(headers),
    clientProperties: textOf(headers['client-properties']),
  }
  requireTokens(caller, headers)
  return caller
}

function readAccountHeader(headers: IncomingHttpHeaders, options: AdmissionOptions): string {
  const path = 'header:X-LP-Account-Id'
  const given = textOf(headers['x-lp-account-id'])
  if (given !== undefined) return readAccount(given, path, options)
  if (options.accountId !== undefined) return options.accountId
  const missing = { path, message: 'is required, since the proxy has no default account' }
  throw new Problem('invalid-request', {
    detail: `X-LP-Account-Id ${missing.message}.`,
    errors: [missing, ...misspeltHeaders(headers)],
  })
}

function readAccount(accountId: string, path: string, options: AdmissionOptions): string {
  if (!isAccountId(accountId)) throw invalid(path, 'must be 1 to 32 letters and digits')
  if (!isAllowed(accountId, options)) throw new Problem('account-not-allowed')
  return accountId
}

function isAllowed(
  account: string,
  { allowedAccounts, accountId, secrets }: AdmissionOptions,
): boolean {
  if (allowedAccounts !== undefined) return allowedAccounts.has(account)
  if (account === accountId || secrets.credentials.has(account)) return true
  return accountId === undefined && !secrets.hasCredentials
}

function readAppJwt(value: string | undefined): string | undefined {
  return readToken(value, 'Authorization', 'app-jwt-invalid')
}

/** A service uses the same AppJWT for an hour. Checking each of its characters again would take a hundredth of a SEND's CPU. */
function rememberLatest<In, Out>(read: (value: In) => Out): (value: In) => Out {
  let latest: { value: In; result: Out } | undefined
  return (value) => {
    if (latest === undefined || latest.value !== value) latest = { value, result: read(value) }
    return latest.result
  }
}

/** Returns the bare token, as LiveEngage wants it, with or without "Bearer" before it. */
function readToken(
  value: string | string[] | undefined,
  name: string,
  malformed: ProblemCode,
): string | undefined {
  // An empty token is a mistake. If it counted as none, the message could go out as someone else's.
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
function requireTokens(
  { credentials, appJwt, consumerJws, consumerId }: Caller,
  headers: IncomingHttpHeaders,
): void {
  const hasCredentials = credentials !== undefined
  const errors: InputError[] = []
  if (appJwt === undefined && !hasCredentials) {
    errors.push({ path: 'header:Authorization', message: 'is required' })
  }
  if (consumerJws === undefined && !(hasCredentials && consumerId !== undefined)) {
    const message = hasCredentials
      ? 'is required, or X-LP-Consumer-Id instead'
      : 'is required, since the proxy has no credentials for the account'
    errors.push({ path: 'header:X-LP-ON-BEHALF', message })
  }
  if (errors.length === 0) return
  throw new Problem('credentials-missing', { errors: [...errors, ...misspeltHeaders(headers)] })
}

/** An empty header counts as absent. */
function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The caller's own limit, from 100 ms to the configured one. @throws Problem `invalid-request` */
function readTimeoutMs(headers: IncomingHttpHeaders, longestMs: number): number {
  const value = textOf(headers['x-request-timeout-ms'])
  if (value === undefined) return longestMs
  const timeoutMs = /^[0-9]{1,7}$/.test(value) ? Number(value) : 0
  if (timeoutMs < 100 || timeoutMs > longestMs) {
    throw invalidHeader('X-Request-Timeout-Ms', `must be an integer from 100 to ${longestMs}`)
  }
  return timeoutMs
}

function invalidHeader(name: string, message: string): Problem {
  return invalid(`header:${name}`, message)
}

function invalid(path: string, message: string): Problem {
  const detail = `${path.replace(/^.*:/, '')} ${message}.`
  return new Problem('invalid-request', { detail, errors: [{ path, message }] })
}

/**
 * Refuses an admitted request with `overloaded` or `circuit-open` if there is no memory for its body, or no room to send it now. A dry
 * run is not sent, so it is refused only if memory is short. A retry whose first request is in progress or has an outcome is let
 * through, and gets that instead.
 */
export function refuseBeyondCapacity({
  store,
  statistics,
  eventLoop,
}: CapacityOptions): onRequestHookHandler {
  return (request, _reply, done) => {
    const refusal = refusalOf(request, eventLoop)
    if (refusal === undefined) return done()
    const refuse = () => {
      const { reason, problem } = refusal
      if (reason !== undefined) {
        statistics.shed('messaging', admitted(request).terms.priority, reason)
      }
      done(problem)
    }
    const { keyed } = request.state
    if (keyed === null) return refuse()
    store.has(keyed.key).then((isKnown) => (isKnown ? done() : refuse()), done)
  }
}

/** A lack of body memory has no reason to count: LiveEngage has no part in it. */
function refusalOf(
  request: FastifyRequest,
  eventLoop: CapacityOptions['eventLoop'],
): (Partial<Refusal> & Pick<Refusal, 'problem'>) | undefined {
  if (request.state.lacksBodyMemory) return { problem: new Problem('overloaded') }
  if (request.state.isDryRun) return undefined
  const { terms, host } = admitted(request)
  if (eventLoop.isLate) return { reason: 'event-loop', problem: new Problem('overloaded') }
  return host?.refusalOf(messaging, terms)
}

/** The context of an admitted request's call to LiveEngage. */
export function admitted({ state }: FastifyRequest): CallContext {
  const { call } = state
  if (call === null) throw new Error('a request is admitted before it is handled')
  return call
}
