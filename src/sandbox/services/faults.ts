import type { FastifyReply } from 'fastify'
import type { Service } from '../memory/faults.ts'
import type { SendDocument } from './documents.ts'
import {
  accessFailed,
  appJwtInvalid,
  badRequest,
  conversationClosed,
  idpError,
  oauthError,
  undocumented,
} from './refusals.ts'

/** How long `sandbox:timeout` holds a call before it drops the connection. */
const timeoutFaultMs = 60_000
const maxSlowMs = 30_000

export type Fault = {
  /** Happens instead of the request: nothing is done or recorded. */
  instead?: (reply: FastifyReply) => unknown
  /** Happens after the request was done and recorded; `success` is its answer. */
  after?: (reply: FastifyReply, success: unknown) => unknown
}

/** The fault of a text that begins with `sandbox:`; undefined for any other request. */
export function faultOfText(request: SendDocument, reqId: string): Fault | undefined {
  const name = /^sandbox:(.*)$/s.exec(textOf(request))?.[1]?.trim()
  if (name === undefined) return undefined
  return (
    faultOf(name, 'send', reqId) ??
    refuse(
      badRequest(
        'the text asks for an unknown fault',
        reqId,
        `The sandbox knows no fault "${name.slice(0, 40)}"`,
      ),
    )
  )
}

function textOf({ type, body }: SendDocument): string {
  if (type !== 'ms.PublishEvent' || body.event.type !== 'ContentEvent') return ''
  return body.event.contentType === 'text/plain' ? body.event.message : ''
}

/** The fault of this name, in the form of the service; undefined for an unknown name. */
export function faultOf(name: string, service: Service, reqId?: string): Fault | undefined {
  const slow = /^slow=(\d{1,9})$/.exec(name)
  if (slow !== null) {
    return { after: (reply, success) => answerLate(reply, success, Number(slow[1])) }
  }
  switch (name) {
    case '400':
    case '401':
    case '502':
      return refuse(refusalOf(Number(name), service, reqId))
    case '429':
      return { instead: (reply) => reply.code(429).header('retry-after', '1').send() }
    case '500':
      return { instead: (reply) => reply.code(500).send('Internal Server Error') }
    case 'closed':
      return refuse(conversationClosed(String(reqId)))
    case 'html':
      return { instead: (reply) => reply.type('text/html').send('<!doctype html><p>Hello</p>') }
    case 'timeout':
      // Without a listener for it, node:http destroys a socket that has timed out.
      return { instead: (reply) => reply.hijack().request.socket.setTimeout(timeoutFaultMs) }
    case 'reset':
      return { instead: (reply) => reply.hijack().request.socket.resetAndDestroy() }
    case 'lost':
      return { after: (reply) => reply.hijack().request.socket.destroy() }
    default:
      return undefined
  }
}

/** In the form of the service itself. */
function refusalOf(status: number, service: Service, reqId?: string): Error {
  const rule = `a fault was asked for: ${status}`
  switch (service) {
    case 'send':
    case 'conversation':
      if (status === 400) return badRequest(rule, reqId)
      return status === 401 ? appJwtInvalid(rule) : accessFailed(rule, reqId)
    case 'sentinel':
      return oauthError(status, status === 401 ? 'invalid_client' : 'invalid_request', rule)
    case 'idp':
      return idpError(status, rule)
    case 'domain-api':
    case 'upload':
    case 'download':
      return undocumented(status, rule)
  }
}

function refuse(refusal: Error): Fault {
  return { instead: (reply) => reply.send(refusal) }
}

/** Ends early when the caller goes away, so that no timer outlives its connection. */
async function answerLate(reply: FastifyReply, success: unknown, ms: number): Promise<unknown> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, maxSlowMs))
    reply.raw.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  return success
}
