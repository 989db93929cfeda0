/** The agent as an HTTP API: everything that the desk can do, for tests and scripts. */
import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import type { FastifyError, FastifyInstance } from 'fastify'
import type { Schedule } from '../interface.ts'
import type { State } from '../memory/state.ts'
import { Refusal } from '../services/refusals.ts'
import { registerConversationRoutes } from './conversation-routes.ts'
import { registerSandboxRoutes } from './sandbox-routes.ts'
import { createStream, type Stream } from './stream.ts'

const info = {
  title: 'The agent of the sandbox',
  version: '1',
  description: [
    'Plays the agent of the sandbox, a LiveEngage in the box: what the desk can do, for tests and scripts.',
    'The sandbox answers as LivePerson documents its Connector API, and is not LivePerson.',
  ].join(' '),
}
const tags = [
  { name: 'Conversations', description: 'What an agent sees and does' },
  { name: 'Notifications', description: 'What LivePerson tells the app' },
  { name: 'Calls', description: 'What the app tells LivePerson' },
  { name: 'Faults', description: 'What goes wrong on the next calls' },
  { name: 'Sandbox', description: 'The sandbox itself' },
]

export async function registerAgentApi(
  app: FastifyInstance,
  state: State,
  schedule: Schedule,
): Promise<{ stream: Stream; openApi: () => unknown }> {
  const stream = createStream(state, schedule)
  let documented = app
  await app.register(async (own) => {
    // A form of another site's could not say that it is JSON.
    own.removeAllContentTypeParsers()
    own.addContentTypeParser(
      'application/json',
      { parseAs: 'string' },
      own.getDefaultJsonParser('error', 'error'),
    )
    own.addHook('preValidation', async (request) => {
      if (request.method !== 'GET') request.body ??= {}
    })
    own.setErrorHandler((error: FastifyError, _request, reply) => {
      const status = error instanceof Refusal ? error.status : (error.statusCode ?? 500)
      const detail = error instanceof Refusal ? error.rule : error.message
      reply.code(status).type('application/problem+json')
      return { status, title: STATUS_CODES[status], detail }
    })
    await own.register(swagger, { openapi: { openapi: '3.1.0', info, tags } })
    registerConversationRoutes(own, state)
    registerSandboxRoutes(own, state)
    own.get('/sandbox/stream', page, (_request, reply) => {
      reply.hijack()
      if (!stream.attach(reply.raw)) reply.raw.writeHead(503).end()
    })
    own.get('/sandbox/openapi.json', page, async () => own.swagger())
    documented = own
  })
  return { stream, openApi: () => documented.swagger() }
}

const page = { config: { isSandboxPage: true }, schema: { hide: true } }
