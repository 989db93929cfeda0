/** Lets a request in before its body is read: the proxy's own key, the deadline, and who calls for whom. */
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { type CallerOptions, identify, readTimeoutMs } from './caller.ts'
import type { Caller } from './liveengage/client.ts'
import { Problem } from './problems.ts'

export type AdmissionOptions = CallerOptions & {
  requestTimeoutMs: number
  /** Whether the proxy is open to a caller with this `X-API-Key`. */
  acceptsKey: (key: string | undefined) => boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the request is for; set before the body is read. */
    caller: Caller | null
    /** On the clock of `performance.now()`, milliseconds. */
    deadline: number
    /** From here on LiveEngage may have the request. */
    mayBeSent: boolean
  }
}

/** @param accountOf reads the account where a route has it in its path */
export function admit(
  options: AdmissionOptions,
  accountOf?: (request: FastifyRequest) => string,
): onRequestHookHandler {
  return (request, _reply, done) => {
    const { headers } = request
    const encoding = headers['content-encoding'] ?? 'identity'
    if (!/^identity$/i.test(encoding) && headers['content-length'] !== '0') {
      throw new Problem('unsupported-media-type')
    }
    const key = headers['x-api-key']
    if (!options.acceptsKey(typeof key === 'string' ? key : undefined)) {
      throw new Problem('api-key-required')
    }
    request.deadline = performance.now() + readTimeoutMs(headers, options.requestTimeoutMs)
    request.caller = identify(headers, options, accountOf?.(request))
    done()
  }
}

/** The caller of an admitted request. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error('a request is admitted before it is handled')
  return caller
}
