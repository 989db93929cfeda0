import fastify from 'fastify'
import { type ReceivedCall, recordCalls } from './calls.ts'
import { registerConversation } from './conversation.ts'
import { registerDomainApi } from './domain-api.ts'
import { registerEvents } from './events.ts'
import { registerIdp } from './idp.ts'
import { Refusal, undocumented } from './refusals.ts'
import { registerSend } from './send.ts'
import { registerSentinel } from './sentinel.ts'
import { createState } from './state.ts'
import { registerStorage } from './storage-routes.ts'

const JSON_BODY_LIMIT_BYTES = 256 * 1024

export type { ReceivedCall }

export type SandboxOptions = {
  /** Where to listen; `127.0.0.1` unless given. */
  host?: string
  /** 0 for any free one. */
  port: number
  clientId?: string
  clientSecret?: string
  /** How long an AppJWT lives; LivePerson's hour unless given. */
  appJwtLifeSeconds?: number
  /** How long an upload or download URL lives; LivePerson's minute unless given. */
  temporaryUrlLifeSeconds?: number
  /** The clock that tokens and temporary URLs live by, in milliseconds. */
  now?: () => number
}

export type Sandbox = {
  /** `http://localhost:<port>`: the Domain API to give to the proxy. */
  origin: string
  port: number
  /** An account for those who have none; the sandbox takes any. */
  accountId: string
  clientId: string
  clientSecret: string
  /** Every call that arrived, refused ones too: the newest 10,000, oldest first. */
  calls: () => readonly ReceivedCall[]
  /** From now on this AppJWT or ConsumerJWS is invalid. */
  revoke: (token: string) => void
  /** Ends every connection at once, answered or not. */
  close: () => Promise<void>
}

/** Starts a LiveEngage in the box: one port for all of its services. Fails when the port is taken. */
export async function startSandbox({
  host = '127.0.0.1',
  port,
  clientId = 'sandbox-client',
  clientSecret = 'sandbox-secret',
  appJwtLifeSeconds = 3600,
  temporaryUrlLifeSeconds = 60,
  now = Date.now,
}: SandboxOptions): Promise<Sandbox> {
  const state = createState({
    clientId,
    clientSecret,
    appJwtLifeSeconds,
    temporaryUrlLifeSeconds,
    now,
  })
  const app = fastify({
    bodyLimit: JSON_BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
  })

  // Bodies stay bytes: a malformed one has to be refused in LiveEngage's form, and after the tokens.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => body,
  )
  app.setErrorHandler((error, _request, reply) =>
    error instanceof Refusal ? reply.code(error.status).send(error.body) : reply.send(error),
  )
  app.setNotFoundHandler(async () => {
    throw undocumented(404, 'no such endpoint')
  })

  const calls = recordCalls(app, now)
  registerDomainApi(app)
  registerSentinel(app, state)
  registerIdp(app, state)
  registerConversation(app, state)
  registerSend(app, state)
  registerStorage(app, state)
  registerEvents(app, state)

  // Only this text still has the port when it is 80; the address object may be null by its type.
  const listening = await app.listen({ host, port })
  const actualPort = Number(listening.split(':').at(-1))

  return {
    origin: `http://localhost:${actualPort}`,
    port: actualPort,
    accountId: 'sandbox',
    clientId,
    clientSecret,
    calls,
    revoke: state.tokens.revoke,
    close: () => app.close(),
  }
}
