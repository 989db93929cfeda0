/** Lets a request in before its body is read: the proxy's own key, who calls for whom, and whether there is room. */
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { type CallerOptions, identify, readTimeoutMs } from './caller.ts'
import type { Caller } from './liveengage/client.ts'
import type { Priority, Terms } from './liveengage/gate.ts'
import { Stopwatch } from './liveengage/stopwatch.ts'
import type { Outcomes } from './outcomes.ts'
import { Problem } from './problems.ts'

export type AdmissionOptions = CallerOptions & {
  requestTimeoutMs: number
  /** Whether the proxy is open to a caller with this `X-API-Key`. */
  acceptsKey: (key: string | undefined) => boolean
  /** Refuses what could not be sent now. @throws Problem `overloaded` or `circuit-open` */
  refuse: (terms: Terms) => void
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the request is for; set before the body is read. */
    caller: Caller | null
    /** On what terms it is sent; set with the caller. */
    terms: Terms | null
    /** From here on LiveEngage may have the request. */
    mayBeSent: boolean
  }
}

/**
 * @param priority what is shed first where there is no room
 * @param accountOf reads the account where a route has it in its path
 */
export function admit(
  options: AdmissionOptions,
  priority: Priority,
  accountOf?: (request: FastifyRequest) => string,
): onRequestHookHandler {
  return (request, _reply, done) => {
    const { headers, raw, trace } = request
    const encoding = headers['content-encoding'] ?? 'identity'
    if (!/^identity$/i.test(encoding) && headers['content-length'] !== '0') {
      throw new Problem('unsupported-media-type', {
        detail: 'A body comes as it is: this API takes no Content-Encoding but identity.',
      })
    }
    checkKey(headers, options.acceptsKey)
    const deadline = performance.now() + readTimeoutMs(headers, options.requestTimeoutMs)
    const caller = identify(headers, options, accountOf?.(request))
    const { accountId } = caller
    const watch = new Stopwatch()
    request.caller = caller
    request.terms = { accountId, priority, deadline, connection: raw.socket, watch, trace }
    done()
  }
}

/**
 * Refuses an admitted request whose body finds no room, or that could not be sent now, as a dry run never is. A retry whose first
 * request is under way or has an outcome is told that instead.
 * @throws Problem `overloaded` or `circuit-open`, when it is called for a request
 */
export function refuseBeyondRoom({
  refuse,
  outcomes,
}: Pick<AdmissionOptions, 'refuse'> & { outcomes: Outcomes }): onRequestHookHandler {
  return (request, _reply, done) => {
    const { attempt, query } = request
    const isKnown = attempt !== null && outcomes.has(attempt.scope)
    if (!isKnown && request.lacksRoom) throw new Problem('overloaded')
    if (!isKnown && Object(query).dryRun !== 'true') refuse(admitted(request).terms)
    done()
  }
}

/** @throws Problem `api-key-required` */
export function checkKey(
  headers: FastifyRequest['headers'],
  acceptsKey: AdmissionOptions['acceptsKey'],
): void {
  const key = headers['x-api-key']
  if (!acceptsKey(typeof key === 'string' ? key : undefined)) throw new Problem('api-key-required')
}

/** The caller of an admitted request, and the terms of what it sends. */
export function admitted({ caller, terms }: FastifyRequest): { caller: Caller; terms: Terms } {
  if (caller === null || terms === null) {
    throw new Error('a request is admitted before it is handled')
  }
  return { caller, terms }
}
