import type { FastifyInstance } from 'fastify'
import type { State } from '../memory/state.ts'
import { jsonDocument } from './json.ts'
import { memberOf } from './reading.ts'

/** Replaces the app if there is none: takes each event, so that the desk shows it among the calls. */
export function registerStandInApp(app: FastifyInstance, { calls }: State): void {
  app.post('/sandbox/app', { config: { sandboxService: 'app' } }, async (request, reply) => {
    const conversationId = memberOf(memberOf(jsonDocument(request), 'data'), 'conversationId')
    if (typeof conversationId === 'string') calls.concern(request, conversationId)
    return reply.code(204).send()
  })
}
