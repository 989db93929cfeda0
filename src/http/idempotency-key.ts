/** `Idempotency-Key`: a repeated POST gets the outcome of the first one, and nothing is sent for it. */
import { createHash, hash } from 'node:crypto'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
  preHandlerHookHandler,
} from 'fastify'
import type { IdempotencyStore, Lease, Outcome } from '../idempotency/store.ts'
import { leavesOutcomeUnknown } from '../liveengage/answers.ts'
import type { CallContext } from '../liveengage/caller.ts'
import { Problem } from '../problems/problem.ts'
import { admitted } from './admission.ts'

/** A request that came with a key. */
export type KeyedRequest = {
  /** The key in the store: for one account, consumer and route. */
  readonly key: string
  /** The bytes that identify the request, until it is claimed. */
  body: Uint8Array | undefined
  /** `claimed`: its outcome will be stored. `settled`: it is stored. */
  state: 'new' | 'claimed' | 'settled' | 'replayed'
  /** Set by the claim. */
  lease: Lease | undefined
}

/** Must be the first `onSend` hook, so that the claim ends even if another one throws. */
export function settleKeys(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    const { keyed } = request.state
    // If an answer could not be sent, a settled request comes again with the problem in its place.
    if (keyed?.lease === undefined) done()
    else {
      const outcome = isLasting(request, reply) ? readOutcome(reply, payload) : undefined
      settle(keyed, keyed.lease, outcome).then(() => done(), done)
    }
  })
}

/** For admitted requests, before the body is read. A PUT or DELETE needs no key: repeating it changes nothing. */
export const readIdempotencyKey: onRequestHookHandler = (request, _reply, done) => {
  const header = request.headers['idempotency-key']
  // An empty header counts as none, as an empty X-LP-Consumer-Id does.
  if (header !== undefined && header !== '' && request.method === 'POST') {
    // Node joins two of them with a comma and a space.
    if (!/^[!-~]{1,255}$/.test(String(header))) {
      const message = 'must be given once and have 1 to 255 visible characters'
      const errors = [{ path: 'header:Idempotency-Key', message }]
      throw new Problem('invalid-request', { detail: `Idempotency-Key ${message}.`, errors })
    }
    // A dry run sends nothing that could be doubled.
    if (!request.state.isDryRun) {
      const key = keyOf(request, String(header))
      request.state.keyed = { key, body: undefined, state: 'new', lease: undefined }
    }
  }
  done()
}

/** A `preHandler`: the request is valid, and nothing has been sent for it yet. */
export function claimKey(store: IdempotencyStore): preHandlerHookHandler {
  return (request, reply, done) => {
    if (request.state.keyed === null) return done()
    claim(store, request.state.keyed, request, reply).then((isAnswered) => {
      if (!isAnswered) done()
    }, done)
  }
}

/**
 * Claims the key of a request.
 * @param fields of a form, whose file is the body
 * @returns whether the request has been answered, with the outcome that the key already has
 * @throws Problem `idempotency-key-in-use`, `idempotency-key-reused`, `idempotency-store-unavailable`, or `liveengage-failed` if
 * the outcome of the first request is unknown
 */
export async function claim(
  store: IdempotencyStore,
  keyed: KeyedRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  fields?: object,
): Promise<boolean> {
  const fingerprint = fingerprintOf(request, keyed.body, fields)
  keyed.body = undefined
  const { deadline } = admitted(request).terms
  const result = await store.claim(keyed.key, fingerprint, deadline)
  switch (result.state) {
    case 'reused':
      throw new Problem('idempotency-key-reused')
    case 'running':
      throw new Problem('idempotency-key-in-use')
    case 'lost':
      // Nothing is sent for it, as with any outcome that is known.
      keyed.state = 'replayed'
      reply.header('idempotency-replayed', 'true')
      throw new Problem('liveengage-failed', { detail: lostDetail })
    case 'known':
      keyed.state = 'replayed'
      replay(reply, result.outcome)
      return true
    case 'claimed': {
      const { lease } = result
      keyed.state = 'claimed'
      keyed.lease = lease
      reply.raw.once('close', () => {
        // The request goes on if its caller hangs up. A reply that ends without `onSend`, as a hijacked one, cannot be repeated.
        if (keyed.state === 'claimed' && reply.sent)
          void settle(keyed, lease, outcomeOfHijacked(request))
      })
      return false
    }
  }
}

const lostDetail =
  'The replica that sent the request ended before it knew the outcome. LiveEngage may have it.'

/** The context of a call that must not be made twice: it is written only while the request holds its key. */
export function guarded(request: FastifyRequest): CallContext {
  const context = admitted(request)
  const beforeWrite = request.state.keyed?.lease?.write
  return beforeWrite === undefined
    ? context
    : { ...context, terms: { ...context.terms, beforeWrite } }
}

function settle(keyed: KeyedRequest, lease: Lease, outcome: Outcome | undefined): Promise<void> {
  keyed.state = 'settled'
  return lease.settle(outcome)
}

/** Whether LiveEngage has acted or may have. What is no problem is LiveEngage's answer, a native route's 4xx included. */
function isLasting({ state }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  const { problem } = state
  if (problem !== null) return problem.delivery === 'unknown'
  return statusCode < 400 || leavesOutcomeUnknown(statusCode)
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

/** The key's outcome if the reply ended without `onSend`. */
function outcomeOfHijacked({ id, state, server }: FastifyRequest): Outcome | undefined {
  if (!state.mayBeSent) return undefined
  const problem = new Problem('internal-error')
  return {
    status: problem.status,
    contentType: 'application/problem+json; charset=utf-8',
    location: undefined,
    payload: JSON.stringify(problem.toDetails(id, false, server.problemsUrl)),
  }
}

function replay(reply: FastifyReply, { status, contentType, location, payload }: Outcome): void {
  reply.code(status).header('idempotency-replayed', 'true')
  if (contentType !== undefined) reply.type(contentType)
  if (location !== undefined) reply.header('location', location)
  reply.send(payload)
}

/** One key for each consumer and route. The ConsumerJWS as sent names the consumer, else the caller's own id. A digest, as it may be stored elsewhere. */
function keyOf(request: FastifyRequest, key: string): string {
  const { accountId, consumerJws, consumerId } = admitted(request).caller
  const consumer = consumerJws === undefined ? ['id', consumerId] : ['jws', consumerJws]
  const scope = JSON.stringify([accountId, consumer, request.routeOptions.url, key])
  return hash('sha256', scope, 'base64url')
}

/**
 * A digest of the key, method, path, query, fields and body, each after its length. It may be stored elsewhere, so the key is in it:
 * a short text cannot be guessed from the digest.
 */
function fingerprintOf(
  { method, url, headers }: FastifyRequest,
  body: Uint8Array = Buffer.alloc(0),
  fields: object = {},
): string {
  const texts = [String(headers['idempotency-key']), method, url, JSON.stringify(fields)]
  const head = texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join('')
  // Each update costs as much as a hundred bytes in it; a file is not copied.
  return createHash('sha256').update(`${head}${body.length}:`).update(body).digest('base64')
}
