import type { FastifyInstance } from 'fastify'
import { undocumented } from './refusals.ts'
import type { State } from './state.ts'

const ENDPOINTS = [
  'GET /api/account/{account}/service/{service}/baseURI.json?version=1.0',
  'GET /api/account/{account}/service/baseURI.json?version=1.0',
  'POST /sentinel/api/account/{account}/app/token?v=1.0&grant_type=client_credentials',
  'POST /api/account/{account}/consumer?v=1.0',
  'POST /api/account/{account}/messaging/consumer/conversation?v=3',
  'POST /api/account/{account}/messaging/consumer/conversation/send?v=3',
  'PUT, GET /v1/AUTH_async-images/{account}/{file}?temp_url_sig={sig}&temp_url_expires={seconds}',
  'GET /sandbox/events?conversationId={id}',
] as const

/** The sandbox's own windows: what it is, and what it has accepted for a conversation. */
export function registerEvents(app: FastifyInstance, { conversations }: State): void {
  app.get('/', async () => ({
    name: 'LiveEngage in the box',
    description: 'Answers as the documentation of the Connector API says; not LivePerson.',
    endpoints: ENDPOINTS,
  }))

  app.get<{ Querystring: { conversationId?: unknown } }>('/sandbox/events', async (request) => {
    const { conversationId } = request.query
    if (typeof conversationId !== 'string' || conversationId === '') {
      throw undocumented(400, 'name one conversation as ?conversationId=')
    }
    return { conversationId, events: conversations.eventsOf(conversationId) }
  })
}
