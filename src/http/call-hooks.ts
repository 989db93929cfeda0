/** The hooks of a call to LiveEngage, in their order. Every route that calls LiveEngage has them. */
import type { onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import {
  type AdmissionOptions,
  admit,
  type CallKind,
  type CapacityOptions,
  refuseBeyondCapacity,
} from './admission.ts'
import { claimKey, readIdempotencyKey } from './idempotency-key.ts'

export type CallHooksOptions = AdmissionOptions & CapacityOptions

export type CallHooks = {
  /** Before the body is read. */
  onRequest: onRequestHookHandler[]
  /** Once the body is there and valid. A form is read by its handler, which claims the key itself. */
  preHandler: preHandlerHookHandler
}

export function callHooks(options: CallHooksOptions, kind: CallKind): CallHooks {
  return {
    onRequest: [admit(options, kind), readIdempotencyKey, refuseBeyondCapacity(options)],
    preHandler: claimKey(options.store),
  }
}
