import type { FastifyReply } from 'fastify'
import type { SendRequest } from '../liveengage/protocol.ts'
import { appJwtInvalid, badRequest, conversationClosed, platformError } from './refusals.ts'

/** How long `sandbox:timeout` holds a call before it drops the connection. */
const TIMEOUT_FAULT_MS = 60_000
const MAX_SLOW_MS = 30_000

export type Fault = {
  /** Happens in the place of the request, of which nothing is done or recorded. */
  instead?: (reply: FastifyReply) => unknown
  /** Happens after the request was done and recorded; `success` is the answer it earned. */
  after?: (reply: FastifyReply, success: unknown) => unknown
}

/** What a text that begins `sandbox:` asks for; undefined for every other request. */
export function faultOf(request: SendRequest, reqId: string): Fault | undefined {
  const name = /^sandbox:(.*)$/s.exec(textOf(request))?.[1]?.trim()
  return name === undefined ? undefined : faultNamed(name, reqId)
}

function textOf({ type, body }: SendRequest): string {
  if (type !== 'ms.PublishEvent' || body.event.type !== 'ContentEvent') return ''
  return body.event.contentType === 'text/plain' ? body.event.message : ''
}

function faultNamed(name: string, reqId: string): Fault {
  const slow = /^slow=(\d{1,9})$/.exec(name)
  if (slow) return { after: (reply, success) => answerLate(reply, success, Number(slow[1])) }
  switch (name) {
    case '400':
      return refuse(badRequest('Bad Request', reqId))
    case '401':
      return refuse(appJwtInvalid())
    case '429':
      return { instead: (reply) => reply.code(429).header('retry-after', '1').send() }
    case '500':
      return { instead: (reply) => reply.code(500).send('Internal Server Error') }
    case '502':
      return refuse(accessFailed(reqId))
    case 'closed':
      return refuse(conversationClosed(reqId))
    case 'html':
      return { instead: (reply) => reply.type('text/html').send('<!doctype html><p>Hello</p>') }
    case 'timeout':
      // Without a listener for it, node:http destroys a socket that has timed out.
      return { instead: (reply) => reply.hijack().request.socket.setTimeout(TIMEOUT_FAULT_MS) }
    case 'reset':
      return { instead: (reply) => reply.hijack().request.socket.resetAndDestroy() }
    case 'lost':
      return { after: (reply) => reply.hijack().request.socket.destroy() }
    default:
      return refuse(badRequest(`The sandbox knows no fault "${name.slice(0, 40)}"`, reqId))
  }
}

function refuse(refusal: Error): Fault {
  return { instead: (reply) => reply.send(refusal) }
}

/** Source: release notes of 2019-02-04. */
function accessFailed(reqId: string): Error {
  return platformError({
    code: 502,
    title: 'Unable to access resource',
    details: 'Failed to connect to AC for setting delay',
    errorCode: 50201,
    reqId,
  })
}

/** Ends early when the caller goes away, so that no timer outlives its connection. */
async function answerLate(reply: FastifyReply, success: unknown, ms: number): Promise<unknown> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, MAX_SLOW_MS))
    reply.raw.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  return success
}
