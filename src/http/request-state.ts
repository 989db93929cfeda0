/**
 * Everything that is kept on a request while it is served; no other file adds fields to it. It is one object, not a decoration for each
 * field, because Fastify sets those one by one on every request, by names that V8 has to look up.
 */
import type { CallContext } from '../liveengage/caller.ts'
import type { Problem } from '../problems/problem.ts'
import type { KeyedRequest } from './idempotency-key.ts'
import type { Turn } from './message-order.ts'
import type { RequestTrace } from './request-spans.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the listener's first hook. */
    state: RequestState
  }
}

export class RequestState {
  /** What the request failed with, for its log line. */
  problem: Problem | null = null
  /** Bytes of body memory that its body holds. */
  bodyBytes = 0
  /** There was too little body memory. A retry with an Idempotency-Key is refused for it only if its outcome is unknown. */
  lacksBodyMemory = false
  /** Its handler may begin or has begun, and there is no answer yet. */
  isWorkedOn = false
  /** For whom and how it calls LiveEngage; set when it is admitted, before its body is read. */
  call: CallContext | null = null
  /** It shows the call and sends nothing. */
  isDryRun = false
  /** From here on LiveEngage may have the request. */
  mayBeSent = false
  /** Set if it has an Idempotency-Key that counts. */
  keyed: KeyedRequest | null = null
  /** Its place among the requests of its conversation, if their order counts. */
  turn: Turn | null = null
  /** Gives an upload's place to the next one. */
  releaseUpload: (() => void) | null = null
  /** The outcome of LivePerson's notification, for its log line. */
  notification: NotificationRecord | null = null
  /** If tracing is on. */
  trace: RequestTrace | undefined = undefined
}

export type NotificationRecord = {
  /** Of the answer with which the app refused an event. */
  appStatus?: number
  /** As the notification names it, known or not. */
  accountId: string | undefined
  /** Events that the app took, events that are not for it, and chat states that it did not take. */
  taken?: number
  leftOut?: number
  dropped?: number
}
