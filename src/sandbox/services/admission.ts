import type { FastifyRequest } from 'fastify'
import type { Caller, Entry } from '../memory/conversations.ts'
import type { State } from '../memory/state.ts'
import { authorize } from './authorization.ts'
import { bodyBytes, isJson, parseJson } from './json.ts'
import { isObject, ruleOf } from './reading.ts'
import { badRequest, undocumented } from './refusals.ts'
import { takeWith } from './remarks.ts'

export type ConnectorRoute = {
  Params: { account: string }
  Querystring: { v?: unknown }
}

/** What CONVERSATION and SEND know of an admitted call. */
export type Admitted<T> = {
  caller: Caller
  document: T
  bytes: number
  clientProperties: unknown
  /** The accepted request, as remembered. */
  entryOf: (
    request: { type: string; body: unknown; metadata?: unknown },
    dialogId: string,
  ) => Omit<Entry, 'number'>
}

/**
 * The refusals that both methods share, in this order: version, tokens, content type, Client-Properties, document.
 * @param read reads the document, and adds a remark on each thing that is not documented
 */
export function admit<T>(
  state: State,
  request: FastifyRequest<ConnectorRoute>,
  read: (document: unknown, remarks: string[]) => T,
): Admitted<T> {
  // Source: release notes of 2019-02-04.
  if (request.query.v !== '3') throw undocumented(404, 'v has to be 3')
  const caller = authorize(state.tokens, request.params.account, request.headers)
  if (!isJson(request.headers['content-type'])) {
    throw badRequest('Content-Type has to be application/json')
  }
  const remarks: string[] = []
  const clientProperties = clientPropertiesOf(request.headers['client-properties'], remarks)
  const bytes = bodyBytes(request)
  const raw = parseJson(bytes.toString())
  const named = conversationNamedBy(raw)
  if (named !== undefined) state.calls.concern(request, named)
  if (raw === undefined) throw badRequest('the body is not JSON')
  const document = readOrRefuse(read, raw, remarks)
  takeWith(state, request, remarks, (rule) => badRequest(rule, reqIdOf(raw)))
  return {
    caller,
    document,
    bytes: bytes.length,
    clientProperties,
    entryOf: ({ type, body, metadata }, dialogId) => ({
      by: { id: caller.consumer, role: 'CONSUMER' },
      dialogId,
      type,
      body,
      ...(metadata === undefined ? {} : { metadata }),
      ...(clientProperties === undefined ? {} : { clientProperties }),
      ...(remarks.length === 0 ? {} : { remarks }),
      receivedAt: new Date(state.now()).toISOString(),
    }),
  }
}

function readOrRefuse<T>(
  read: (document: unknown, remarks: string[]) => T,
  raw: unknown,
  remarks: string[],
): T {
  try {
    return read(raw, remarks)
  } catch (error) {
    throw badRequest(ruleOf(error), reqIdOf(raw))
  }
}

/** One header that holds a JSON object with a `type`. Source: examples page, auto messages. */
function clientPropertiesOf(header: string | string[] | undefined, remarks: string[]): unknown {
  if (header === undefined) return undefined
  const properties = parseJson(String(header))
  if (!isObject(properties)) throw badRequest('Client-Properties has to hold one JSON object')
  if (typeof properties['type'] !== 'string') remarks.push('Client-Properties has no type')
  return properties
}

/** The id of a request, for its refusal, if it could be read. */
function reqIdOf(document: unknown): string | undefined {
  const id = isObject(document) ? document['id'] : undefined
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

/** Shows a refusal with the conversation that it was about. */
function conversationNamedBy(document: unknown): string | undefined {
  const body = isObject(document) ? document['body'] : undefined
  if (!isObject(body)) return undefined
  const id = body['conversationId'] ?? body['dialogId']
  return typeof id === 'string' ? id : undefined
}
