import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { publish, tellChange } from '../happenings.ts'
import type { State } from '../memory/state.ts'
import { admit, type ConnectorRoute } from './admission.ts'
import { noteClientProperties } from './commands.ts'
import { readConversation } from './documents.ts'
import { badRequest } from './refusals.ts'

/** Opens a conversation: a batch of two, answered in order. Source: Conversation page. */
export function registerConversation(app: FastifyInstance, state: State): void {
  const { conversations } = state

  app.post<ConnectorRoute>(
    '/api/account/:account/messaging/consumer/conversation',
    { config: { sandboxService: 'conversation' } },
    async (request, reply) => {
      const call = admit(state, request, readConversation)
      const { caller, bytes, entryOf } = call
      const { profile, opening, message } = call.document
      // Source: Conversation page.
      if (opening.body.brandId !== caller.account) {
        throw badRequest('/1/body/brandId has to be the account id')
      }

      const profileSet = {
        code: 'OK',
        body: { msg: 'OK User Profile set successfully' },
        reqId: String(profile.id),
      }
      const existing = conversations.openOf(caller)
      if (existing !== undefined) {
        // The profile has been set all the same, and the status is 400. Source: lp-devassist-connectors.
        existing.profile = profile.body
        conversations.record(existing, entryOf(profile, existing.id), bytes)
        state.calls.concern(request, existing.id)
        state.calls.refuse(request, 'the consumer already has an open conversation')
        const msg = `Consumer request conversation failed: User ${caller.consumer} already has open conversation. Can't open another one.`
        const refused = { code: 'BAD_REQUEST', body: { msg }, reqId: String(opening.id) }
        return reply.code(400).send([profileSet, refused])
      }

      const { account, consumer, externalId } = caller
      const id = randomUUID()
      const appInstallId = state.clientId
      const owner = consumer
      const conversation = conversations.create({
        ...{ account, id, consumer, externalId, owner, appInstallId },
      })
      state.calls.concern(request, id)
      noteClientProperties(conversation, call.clientProperties)
      conversation.profile = profile.body
      conversation.skillId = opening.body.skillId ?? '-1'
      const { ttrDefName } = opening.body
      if (typeof ttrDefName === 'string') conversation.ttr.ttrType = ttrDefName
      conversations.record(conversation, entryOf(profile, id), bytes)
      conversations.record(conversation, entryOf(opening, id), bytes)
      tellChange(state, conversation)
      const body = { conversationId: id }
      const opened = [profileSet, { code: 'OK', body, reqId: String(opening.id) }]
      if (message === undefined) return opened
      const sequence = publish(
        state,
        conversation,
        message.body.event,
        entryOf({ ...message, body: { ...message.body, dialogId: id } }, id),
        bytes,
      )
      return [...opened, { code: 'OK', body: { sequence }, reqId: String(message.id) }]
    },
  )
}
