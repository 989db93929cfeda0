/** `Idempotency-Key`: the same POST again gets the first one's outcome again, and nothing goes out for it. */
import { createHash } from 'node:crypto'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  preHandlerHookHandler,
} from 'fastify'
import { admitted } from './admission.ts'
import { consumerKey } from './caller.ts'
import type { Outcome, Outcomes } from './outcomes.ts'
import { Problem } from './problems.ts'

/** A request that came with a key. */
export type Attempt = {
  /** For whom and for what the key counts. */
  readonly scope: string
  /** Tells the request from any other under the key; that of no body until the body is there. */
  fingerprint: string
  /** `claimed`: what comes of it will be the key's outcome. `settled`: it is. */
  state: 'new' | 'claimed' | 'settled' | 'replayed'
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request has a key that counts. */
    attempt: Attempt | null
  }
}

/** Must come before every other `onSend` hook: whatever one of them throws, the claim has ended. */
export function settleAttempts(app: FastifyInstance, outcomes: Outcomes): void {
  app.decorateRequest('attempt', null)
  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    const { attempt } = request
    // A settled one comes again with the problem that takes the place of an answer which could not be sent.
    if (attempt?.state === 'claimed' || attempt?.state === 'settled') {
      settle(outcomes, attempt, isLasting(request, reply) ? readOutcome(reply, payload) : undefined)
    }
    done()
  })
}

/** For admitted requests, before the body is read. To repeat a PUT or DELETE of this API changes nothing: no key counts there. */
export const readIdempotencyKey: onRequestHookHandler = (request, _reply, done) => {
  const key = request.headers['idempotency-key']
  if (key !== undefined && request.method === 'POST') {
    // Node joins two of them with a comma and a space.
    if (!/^[!-~]{1,255}$/.test(String(key))) {
      const message = 'must be given once and have 1 to 255 visible characters'
      const errors = [{ path: 'header:Idempotency-Key', message }]
      throw new Problem('invalid-request', { detail: `Idempotency-Key ${message}.`, errors })
    }
    // A dry run sends nothing that could be doubled.
    if (Object(request.query).dryRun !== 'true') {
      const scope = scopeOf(request, String(key))
      request.attempt = { scope, fingerprint: fingerprintOf(request), state: 'new' }
    }
  }
  done()
}

/** Keeps what tells the request from another, and not its body. @param fields of a form, whose file is the body */
export function keepFingerprint(request: FastifyRequest, body: Uint8Array, fields?: object): void {
  if (request.attempt !== null) request.attempt.fingerprint = fingerprintOf(request, body, fields)
}

/** A `preHandler`: by now the request is valid, and nothing has gone out for it. */
export function claimKey(outcomes: Outcomes): preHandlerHookHandler {
  return (request, reply, done) => {
    if (!isAnswered(outcomes, request, reply)) done()
  }
}

/**
 * Claims the key of a request that has one.
 * @returns whether the request has been answered: with the outcome that the key has already
 * @throws Problem `idempotency-key-in-use` or `idempotency-key-reused`
 */
export function isAnswered(
  outcomes: Outcomes,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  const { attempt } = request
  if (attempt === null) return false
  const outcome = outcomes.claim(attempt.scope, attempt.fingerprint)
  if (outcome !== undefined) {
    attempt.state = 'replayed'
    replay(reply, outcome)
    return true
  }
  attempt.state = 'claimed'
  reply.raw.once('close', () => {
    // A caller's hang-up ends nothing. What has ended past `onSend`, as a hijacked reply does, cannot be repeated.
    if (attempt.state === 'claimed' && reply.sent) settle(outcomes, attempt, lost(request))
  })
  return false
}

function settle(outcomes: Outcomes, attempt: Attempt, outcome: Outcome | undefined): void {
  attempt.state = 'settled'
  outcomes.settle(attempt.scope, attempt.fingerprint, outcome)
}

/** Whether LiveEngage has acted or may have. What is no problem is LiveEngage's answer, a native route's 4xx included. */
function isLasting({ problem }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (problem !== null) return problem.delivery === 'unknown'
  return statusCode < 400 || statusCode === 408 || statusCode >= 500
}

function readOutcome(reply: FastifyReply, payload: unknown): Outcome {
  return {
    status: reply.statusCode,
    contentType: textOf(reply.getHeader('content-type')),
    location: textOf(reply.getHeader('location')),
    // A copy: a few bytes of LiveEngage's answer would hold the whole chunk that the socket read.
    payload: Buffer.isBuffer(payload) ? new Uint8Array(payload) : (textOf(payload) ?? ''),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function lost({ id, mayBeSent }: FastifyRequest): Outcome | undefined {
  if (!mayBeSent) return undefined
  const problem = new Problem('internal-error')
  return {
    status: problem.status,
    contentType: 'application/problem+json; charset=utf-8',
    location: undefined,
    payload: JSON.stringify(problem.toDetails(id, false)),
  }
}

function replay(reply: FastifyReply, { status, contentType, location, payload }: Outcome): void {
  reply.code(status).header('idempotency-replayed', 'true')
  if (contentType !== undefined) reply.type(contentType)
  if (location !== undefined) reply.header('location', location)
  reply.send(payload)
}

/** The key counts for one consumer on one route. */
function scopeOf(request: FastifyRequest, key: string): string {
  const { caller } = admitted(request)
  return JSON.stringify([caller.accountId, consumerKey(caller), request.routeOptions.url, key])
}

/** Over method, path, query and body, each with its length before it. */
function fingerprintOf(
  { method, url }: FastifyRequest,
  body: Uint8Array = Buffer.alloc(0),
  fields: object = {},
): string {
  const hash = createHash('sha256')
  for (const part of [method, url, JSON.stringify(fields), body]) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part)
  }
  return hash.digest('base64')
}
