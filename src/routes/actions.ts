/** Mounts the actions: one route each, one handler for all, the whole life of a request from its headers to LiveEngage's answer. */
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Action } from '../action.ts'
import { closeConversation } from '../actions/close-conversation.ts'
import { sendMessage } from '../actions/send-message.ts'
import { sendReceipt } from '../actions/send-receipt.ts'
import { setChatState } from '../actions/set-chat-state.ts'
import { setCsat } from '../actions/set-csat.ts'
import { setProfile } from '../actions/set-profile.ts'
import { setUrgency } from '../actions/set-urgency.ts'
import { startTyping } from '../actions/start-typing.ts'
import { stopTyping } from '../actions/stop-typing.ts'
import { type CallerOptions, identify, readTimeoutMs } from '../caller.ts'
import type { Caller, Client } from '../liveengage/client.ts'
import { describeAction } from '../openapi.ts'
import { Problem } from '../problems.ts'
import { StringEnum } from '../string-enum.ts'
import { explain } from '../validation.ts'

export const actions: readonly Action[] = [
  sendMessage,
  startTyping,
  stopTyping,
  setChatState,
  sendReceipt,
  closeConversation,
  setCsat,
  setUrgency,
  setProfile,
]

export type ActionRoutesOptions = CallerOptions & {
  client: Client
  requestTimeoutMs: number
}

declare module 'fastify' {
  interface FastifyContextConfig {
    action?: Action
  }
  interface FastifyRequest {
    /** Whom the request is for; set before the body is read. */
    caller: Caller | null
    /** On the clock of `performance.now()`, milliseconds. */
    deadline: number
    /** From here on LiveEngage may have the request. */
    mayBeSent: boolean
  }
}

const DryRun = Type.Optional(
  StringEnum(['true', 'false'], {
    description: '`true` shows the call to LiveEngage and sends nothing',
  }),
)

type Route = { Params: { id: string }; Querystring: { dryRun?: 'true' | 'false' } }

export function mountActions(app: FastifyInstance, options: ActionRoutesOptions): void {
  for (const action of actions) mount(app, action, options)
}

function mount(app: FastifyInstance, action: Action, options: ActionRoutesOptions): void {
  const { client, requestTimeoutMs } = options
  const { body, params, query } = action
  app.route<Route>({
    method: action.method,
    url: action.path,
    config: { action },
    schema: {
      ...describeAction(action),
      params,
      querystring: withDryRun(query),
      ...(body !== undefined && { body }),
    },
    schemaErrorFormatter: (errors, part) => explain(action, errors, part),
    onRequest: (request, _reply, done) => {
      request.deadline = performance.now() + readTimeoutMs(request.headers, requestTimeoutMs)
      request.caller = identify(request.headers, options)
      done()
    },
    preValidation: (request, _reply, done) => {
      if (body === undefined) refuseBody(request.body)
      else if (request.body === undefined) request.body = {}
      done()
    },
    handler: async (request, reply) => {
      const { id: requestId, deadline, params, query } = request
      const caller = callerOf(request)
      const input = { params, query, body: request.body }
      if (query.dryRun === 'true') {
        return client.preview(action.translate(input), caller, deadline)
      }
      if (action.outcome === 'silent') {
        const command = action.translate(input)
        request.mayBeSent = true
        await client.send(command, caller, deadline).catch((error) => settle(action, error))
        return reply.code(204).send()
      }
      const command = action.translate(input)
      request.mayBeSent = true
      const { sequence } = await client.send(command, caller, deadline)
      if (sequence === undefined) {
        request.log.warn({ requestId }, 'LiveEngage accepted the event without a usable sequence')
      }
      const { dialogId } = command.body
      return reply.code(201).send({ conversationId: params.id, dialogId, sequence, requestId })
    },
  })
}

function withDryRun(query: TSchema): TSchema {
  return Type.Object({ ...query['properties'], dryRun: DryRun }, { additionalProperties: false })
}

function refuseBody(body: unknown): void {
  if (body === undefined) return
  const errors = [{ path: '', message: 'must be empty' }]
  throw new Problem('invalid-request', { detail: 'This request takes no body.', errors })
}

function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error('the caller is read before the handler runs')
  return caller
}

/** Some refusals mean that what was asked for is so already. */
function settle(action: Action, error: unknown): void {
  if (!(error instanceof Problem) || error.code !== action.settledBy) throw error
}
