import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { FastifyRequest } from 'fastify'
import { authorize } from './authorization.ts'
import type { AcceptedEvent, Caller } from './conversations.ts'
import { bodyBytes, isJson, parseJson } from './json.ts'
import { badRequest, undocumented } from './refusals.ts'
import type { State } from './state.ts'

export type ConnectorRoute = {
  Params: { account: string }
  Querystring: { v?: unknown }
}

/** What CONVERSATION and SEND know of a call before they look at its document. */
export type Admitted = {
  caller: Caller
  document: unknown
  bytes: number
  /** The accepted request as an event, without what only SEND can add. */
  eventOf: (request: { type: string; body: unknown; metadata?: unknown }) => AcceptedEvent
}

const isClientProperties = TypeCompiler.Compile(Type.Object({ type: Type.String() }))

/** The refusals both methods share, in this order: version, tokens, content type, Client-Properties. */
export function admit(state: State, request: FastifyRequest<ConnectorRoute>): Admitted {
  // Source: release notes of 2019-02-04.
  if (request.query.v !== '3') throw undocumented(404, 'v has to be 3')
  const caller = authorize(state.tokens, request.params.account, request.headers)
  if (!isJson(request.headers['content-type'])) throw badRequest('Bad Request')
  const clientProperties = clientPropertiesOf(request.headers['client-properties'])
  const bytes = bodyBytes(request)
  return {
    caller,
    document: parseJson(bytes.toString()),
    bytes: bytes.length,
    eventOf: ({ type, body, metadata }) => ({
      type,
      body,
      ...(metadata === undefined ? {} : { metadata }),
      ...(clientProperties === undefined ? {} : { clientProperties }),
      receivedAt: new Date(state.now()).toISOString(),
    }),
  }
}

/** One header that holds a JSON object. Source: examples page, auto messages. */
function clientPropertiesOf(header: string | string[] | undefined): unknown {
  if (header === undefined) return undefined
  const properties = parseJson(String(header))
  if (!isClientProperties.Check(properties)) throw badRequest('Bad Request')
  return properties
}
