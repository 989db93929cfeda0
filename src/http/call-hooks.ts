/** The hooks of a call to LiveEngage, in their order. Every route that calls LiveEngage has them. */
import type { onRequestHookHandler, onSendHookHandler, preHandlerHookHandler } from 'fastify'
import {
  type AdmissionOptions,
  admit,
  type CallKind,
  type CapacityOptions,
  refuseBeyondCapacity,
} from './admission.ts'
import { claimKey, readIdempotencyKey } from './idempotency-key.ts'
import { endTurn, type MessageOrder, turnTaker } from './message-order.ts'

export type CallHooksOptions = AdmissionOptions &
  CapacityOptions & {
    /** Undefined: messages do not wait for each other. */
    order: MessageOrder | undefined
  }

export type CallHooks = {
  /** Before the body is read. */
  onRequest: onRequestHookHandler[]
  /** Once the body is there and valid. A form is read by its handler, which does the same itself. */
  preHandler: preHandlerHookHandler[]
  onSend: onSendHookHandler[]
}

export function callHooks(options: CallHooksOptions, kind: CallKind): CallHooks {
  const { order, store } = options
  const isOrdered = order !== undefined && kind.isOrdered === true
  return {
    onRequest: [admit(options, kind), readIdempotencyKey, refuseBeyondCapacity(options)],
    preHandler: isOrdered ? [turnTaker(order), claimKey(store)] : [claimKey(store)],
    onSend: isOrdered ? [endTurn] : [],
  }
}
