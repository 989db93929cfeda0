import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyInstance } from 'fastify'
import { SendRequest } from '../liveengage/protocol.ts'
import { admit, type ConnectorRoute } from './admission.ts'
import { accept } from './commands.ts'
import { faultOf } from './faults.ts'
import { badRequest } from './refusals.ts'
import type { State } from './state.ts'

/** Source: lp-devassist-connectors, of the whole request; a file's preview alone may be longer, so it is taken for the text's. */
const MAX_TEXT_CHARACTERS = 5_000
/** Source: examples page, file sharing: 30 KB. */
const MAX_PREVIEW_CHARACTERS = 30 * 1024

const isSendRequest = TypeCompiler.Compile(SendRequest)
const isIdentified = TypeCompiler.Compile(
  Type.Object({ id: Type.Union([Type.String(), Type.Number()]) }),
)

/** One action of the consumer per call. Source: Send page. */
export function registerSend(app: FastifyInstance, state: State): void {
  app.post<ConnectorRoute>(
    '/api/account/:account/messaging/consumer/conversation/send',
    async (request, reply) => {
      const call = admit(state, request)
      const { document } = call
      if (!isSendRequest.Check(document) || isTooLarge(document)) {
        throw badRequest('Bad Request', reqIdOf(document))
      }
      // A numeric id comes back as a string. Source: examples page, file sharing.
      const reqId = String(document.id)

      const fault = faultOf(document, reqId)
      if (fault?.instead) return fault.instead(reply)
      const answer = { reqId, code: 'OK', body: accept(state, call, document, reqId) }
      return fault?.after ? fault.after(reply, answer) : answer
    },
  )
}

function isTooLarge(request: SendRequest): boolean {
  if (request.type !== 'ms.PublishEvent') return false
  const { event } = request.body
  if (event.type !== 'ContentEvent') return false
  return event.contentType === 'text/plain'
    ? [...event.message].length > MAX_TEXT_CHARACTERS
    : String(event.message.preview).length > MAX_PREVIEW_CHARACTERS
}

function reqIdOf(document: unknown): string | undefined {
  return isIdentified.Check(document) ? String(document.id) : undefined
}
