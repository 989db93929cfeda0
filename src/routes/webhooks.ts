/** Takes LivePerson's notifications: verifies each before reading it, and answers 200 once the app has it. */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify'
import { isAccountId } from '../liveengage/protocol/values.ts'
import { Problem } from '../problems/problem.ts'
import { unsupportedMediaType } from '../problems/refused-body.ts'
import type { Counters } from '../webhooks/counters.ts'
import type { Relay, Relayed } from '../webhooks/relay.ts'
import { isSigned } from '../webhooks/signature.ts'

export type WebhookRouteOptions = {
  relay: Relay
  counters: Counters
  /** The client of an account, and the secrets that its notifications may be signed with. */
  credentialsOf: (accountId: string) => { clientId: string; secrets: readonly string[] } | undefined
  /** Where the app takes the events of an account; undefined if there is no app. */
  eventsUrlOf: (accountId: string) => string | undefined
  /** The time of one notification, from its arrival on. */
  timeoutMs: number
  maxInFlight: number
  random: () => string
}

const problemOf = {
  refused: 'app-refused',
  unreachable: 'app-unreachable',
  timeout: 'app-timeout',
} as const

export function mountWebhooks(app: FastifyInstance, options: WebhookRouteOptions): void {
  const { relay, counters, maxInFlight, timeoutMs } = options
  let inFlight = 0
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.state.bodyBytes > 0) request.server.bodyMemory.shrink(request, body.length)
    done(null, body)
  })
  app.post<{ Body: Buffer | undefined }>('/webhooks/liveperson', {
    config: { isTraced: true },
    onRequest: takeBytes,
    handler: async (request, reply) => {
      const { id: requestId, body = Buffer.alloc(0), state } = request
      const deadline = performance.now() - reply.elapsedTime + timeoutMs
      const receivedAt = Date.now()
      const { accountId, clientId } = prove(request, body, options)
      if (inFlight >= maxInFlight) {
        counters.notifications.busy += 1
        throw new Problem('overloaded')
      }
      const json = readObject(body)
      if (json === undefined) {
        counters.notifications.malformed += 1
        throw new Problem('invalid-request', { detail: 'The body must be a JSON object.' })
      }
      const url = options.eventsUrlOf(accountId)
      const random = options.random()
      const client = { accountId, clientId, requestId, url, trace: state.trace }
      inFlight += 1
      try {
        const relayed = await relay.relay({ json, ...client, receivedAt, deadline, random })
        return reply.code(200).send(conclude(request, relayed, accountId, counters))
      } finally {
        inFlight -= 1
      }
    },
  })
}

/**
 * `Content-Type` does not matter, but encoded bytes are not those that were signed. LivePerson names no encoding. So if there is one,
 * even `identity` or without a body, somebody changed the request.
 */
const takeBytes: onRequestHookHandler = ({ headers, state }, _reply, done) => {
  if (headers['content-encoding'] !== undefined) throw unsupportedMediaType('unencoded')
  if (state.lacksBodyMemory) throw new Problem('overloaded')
  headers['content-type'] = 'application/octet-stream'
  done()
}

/** @throws Problem `webhook-signature-invalid`; its cause, which is only logged, says which check failed */
function prove(
  request: FastifyRequest,
  body: Buffer,
  { counters, credentialsOf }: WebhookRouteOptions,
): { accountId: string; clientId: string } {
  const accountId = headerOf(request, 'x-liveperson-account-id')
  const credentials = credentialsOf(accountId)
  request.state.notification = {
    accountId: isAccountId(accountId) ? accountId : undefined,
  }
  const refuse = (reason: string) => {
    counters.notifications['signature-invalid'] += 1
    return new Problem('webhook-signature-invalid', { cause: new Error(reason) })
  }
  if (credentials === undefined) throw refuse('the account is unknown')
  const { clientId, secrets } = credentials
  if (headerOf(request, 'x-liveperson-client-id') !== clientId) {
    throw refuse('the app installation is unknown')
  }
  if (!isSigned(body, headerOf(request, 'x-liveperson-signature'), secrets)) {
    throw refuse('the signature does not match the body')
  }
  return { accountId, clientId }
}

function headerOf({ headers }: FastifyRequest, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}

/** @throws Problem if the app did not take an event */
function conclude(
  request: FastifyRequest,
  { outcome, ...counts }: Relayed,
  accountId: string,
  counters: Counters,
): undefined {
  request.state.notification = { accountId, ...counts }
  const code = outcome === 'taken' ? undefined : problemOf[outcome]
  counters.notifications[code ?? 'taken'] += 1
  if (code !== undefined) throw new Problem(code)
}

function readObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(body.toString())
    return isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
