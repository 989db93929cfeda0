/** The config of a route, beside its schema. No other file adds fields to it. */
import type { TSchema } from '@sinclair/typebox'
import type { Action } from '../actions/action.ts'
import type { RouteCounters } from './request-record.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    action?: Action
    /** It calls LiveEngage for a consumer: it asks who is calling, is traced, and is documented with a caller's headers. */
    callsLiveEngage?: boolean
    /** It is traced although it makes no call for a consumer. */
    isTraced?: boolean
    /** Doing it twice changes nothing. */
    isRepeatable?: boolean
    /** The route belongs to another listener: here it is documented and not found. */
    isElsewhere?: boolean
    /** Machines call it every few seconds, so its success is logged at `debug`. */
    isPolled?: boolean
    counters?: RouteCounters
    /** What is documented and not validated by a schema. */
    documentedBody?: TSchema
    documentedParams?: TSchema
    documentedQuery?: TSchema
    consumes?: string[]
  }
}
