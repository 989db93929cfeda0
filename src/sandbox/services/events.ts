import type { FastifyInstance } from 'fastify'
import type { Entry } from '../memory/conversations.ts'
import type { State } from '../memory/state.ts'
import { undocumented } from './refusals.ts'

/** What the sandbox has accepted for a conversation, and what it has refused. */
export function registerEvents(app: FastifyInstance, { conversations, calls }: State): void {
  app.get<{ Querystring: { conversationId?: unknown } }>(
    '/sandbox/events',
    { config: { isSandboxPage: true } },
    async (request) => {
      const { conversationId } = request.query
      if (typeof conversationId !== 'string' || conversationId === '') {
        throw undocumented(400, 'name one conversation as ?conversationId=')
      }
      const events = conversations
        .withId(conversationId)
        .flatMap(({ kept }) => kept.map(({ entry }) => entry))
        .filter(({ by }) => by.role === 'CONSUMER')
        .map(shownEvent)
      // A call that could not be read names no conversation, so it is shown for each.
      const refused = calls
        .all()
        .filter((call) => (call.conversationId ?? conversationId) === conversationId)
        .flatMap(({ service, rule, receivedAt, answer }) =>
          rule === undefined
            ? []
            : [
                {
                  service,
                  status: answer?.status,
                  rule,
                  receivedAt: new Date(receivedAt).toISOString(),
                },
              ],
        )
      return { conversationId, events, refused }
    },
  )
}

function shownEvent({ number: _number, by: _by, dialogId: _dialogId, ...event }: Entry) {
  return event
}
