import { randomUUID } from 'node:crypto'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyInstance } from 'fastify'
import { ConversationRequest } from '../liveengage/protocol.ts'
import { admit, type ConnectorRoute } from './admission.ts'
import { badRequest } from './refusals.ts'
import type { State } from './state.ts'

const isConversationRequest = TypeCompiler.Compile(ConversationRequest)

/** Opens a conversation: a batch of two, answered in order. Source: Conversation page. */
export function registerConversation(app: FastifyInstance, state: State): void {
  const { conversations } = state

  app.post<ConnectorRoute>(
    '/api/account/:account/messaging/consumer/conversation',
    async (request, reply) => {
      const { caller, document, bytes, eventOf } = admit(state, request)
      if (!isConversationRequest.Check(document)) throw badRequest('Bad Request')
      const [profile, opening] = document
      // Source: Conversation page: brandId is the account id.
      if (opening.body.brandId !== caller.account) throw badRequest('Bad Request')

      const profileSet = {
        code: 'OK',
        body: { msg: 'OK User Profile set successfully' },
        reqId: String(profile.id),
      }
      const existing = conversations.openOf(caller)
      if (existing) {
        // The profile has been set all the same, and the status is 400. Source: lp-devassist-connectors.
        conversations.record(existing, eventOf(profile), bytes)
        const msg = `Consumer request conversation failed: User ${caller.consumer} already has open conversation. Can't open another one.`
        const refused = { code: 'BAD_REQUEST', body: { msg }, reqId: String(opening.id) }
        return reply.code(400).send([profileSet, refused])
      }

      const conversation = conversations.open(caller, randomUUID())
      conversations.record(conversation, eventOf(profile), bytes)
      conversations.record(conversation, eventOf(opening), bytes)
      const body = { conversationId: conversation.id }
      return [profileSet, { code: 'OK', body, reqId: String(opening.id) }]
    },
  )
}
