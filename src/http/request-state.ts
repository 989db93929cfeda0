/** Everything that is kept on a request while it is served: the one place that adds fields to it. */
import type { FastifyInstance } from 'fastify'
import type { CallContext } from '../liveengage/caller.ts'
import type { Problem } from '../problems/problem.ts'
import type { KeyedRequest } from './idempotency-key.ts'
import type { Turn } from './message-order.ts'
import type { RequestTrace } from './request-spans.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request failed with, for its log line. */
    problem: Problem | null
    /** Bytes of body memory that its body holds. */
    bodyBytes: number
    /** There was too little body memory, which a retry under an Idempotency-Key is told only if its outcome is not known. */
    lacksBodyMemory: boolean
    /** Its handler may begin, or has begun, and there is no answer yet. */
    isWorkedOn: boolean
    /** For whom and how it calls LiveEngage; set when it is admitted, before its body is read. */
    call: CallContext | null
    /** It shows the call and sends nothing. */
    isDryRun: boolean
    /** From here on LiveEngage may have the request. */
    mayBeSent: boolean
    /** Set where it has an Idempotency-Key that counts. */
    keyed: KeyedRequest | null
    /** Its place among the requests of its conversation, where their order counts. */
    turn: Turn | null
    /** Gives an upload's place to the next one. */
    releaseUpload: (() => void) | null
    /** What became of a notification of LivePerson's, for its log line. */
    notification: NotificationRecord | null
    /** Where tracing is on. */
    trace: RequestTrace | undefined
  }
}

export type NotificationRecord = {
  /** Of the answer by which the app did not take an event. */
  appStatus?: number
  /** As the notification names it, whether it is known or not. */
  accountId: string | undefined
  /** Events that the app took, events that are not for it, and chat states that it did not take. */
  taken?: number
  leftOut?: number
  dropped?: number
}

export function decorateRequests(app: FastifyInstance): void {
  app.decorateRequest('problem', null)
  app.decorateRequest('bodyBytes', 0)
  app.decorateRequest('lacksBodyMemory', false)
  app.decorateRequest('isWorkedOn', false)
  app.decorateRequest('call', null)
  app.decorateRequest('isDryRun', false)
  app.decorateRequest('mayBeSent', false)
  app.decorateRequest('keyed', null)
  app.decorateRequest('turn', null)
  app.decorateRequest('releaseUpload', null)
  app.decorateRequest('notification', null)
  app.decorateRequest('trace', undefined)
}
