import type { FastifyInstance } from 'fastify'
import type { State } from '../memory/state.ts'
import { admit, type ConnectorRoute } from './admission.ts'
import { accept } from './commands.ts'
import { readSend, type SendDocument } from './documents.ts'
import { faultOfText } from './faults.ts'
import { badRequest } from './refusals.ts'

/** Source: lp-devassist-connectors, of the whole request; a file's preview alone may be longer, so it is taken for the text's. */
const maxTextCharacters = 5_000
/** Source: examples page, file sharing: 30 KB. */
const maxPreviewCharacters = 30 * 1024

/** One action of the consumer per call. Source: Send page. */
export function registerSend(app: FastifyInstance, state: State): void {
  app.post<ConnectorRoute>(
    '/api/account/:account/messaging/consumer/conversation/send',
    { config: { sandboxService: 'send' } },
    async (request, reply) => {
      const call = admit(state, request, readSend)
      const { document } = call
      // A numeric id comes back as a string. Source: examples page, file sharing.
      const reqId = String(document.id)
      checkSize(document, reqId)

      const fault = faultOfText(document, reqId)
      if (fault?.instead !== undefined) return fault.instead(reply)
      const answer = { reqId, code: 'OK', body: accept(state, call, document, reqId) }
      return fault?.after === undefined ? answer : fault.after(reply, answer)
    },
  )
}

function checkSize({ type, body }: SendDocument, reqId: string): void {
  if (type !== 'ms.PublishEvent' || body.event.type !== 'ContentEvent') return
  const { event } = body
  if (event.contentType === 'text/plain') {
    if ([...event.message].length > maxTextCharacters) {
      throw badRequest(`/body/event/message is above ${maxTextCharacters} characters`, reqId)
    }
  } else if (String(event.message.preview).length > maxPreviewCharacters) {
    throw badRequest(
      `/body/event/message/preview is above ${maxPreviewCharacters} characters`,
      reqId,
    )
  }
}
