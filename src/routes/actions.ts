/** Mounts the actions: one route each, one handler for all, the whole life of a request from its headers to LiveEngage's answer. */
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Action, DryRunQuery, type EventAction } from '../action.ts'
import { closeConversation } from '../actions/close-conversation.ts'
import { openConversation } from '../actions/open-conversation.ts'
import { sendMessage } from '../actions/send-message.ts'
import { sendReceipt } from '../actions/send-receipt.ts'
import { setChatState } from '../actions/set-chat-state.ts'
import { setCsat } from '../actions/set-csat.ts'
import { setProfile } from '../actions/set-profile.ts'
import { setUrgency } from '../actions/set-urgency.ts'
import { startTyping } from '../actions/start-typing.ts'
import { stopTyping } from '../actions/stop-typing.ts'
import { type AdmissionOptions, admit, admitted, refuseBeyondRoom } from '../admission.ts'
import { claimKey, readIdempotencyKey } from '../idempotency.ts'
import type { SendSuccess } from '../liveengage/answers.ts'
import type { Client } from '../liveengage/client.ts'
import type { Outcomes } from '../outcomes.ts'
import { isProblem, Problem } from '../problems.ts'
import type { TypingExpiries } from '../typing.ts'
import { explain } from '../validation.ts'
import { answerEvent } from './answer-event.ts'
import { describeAction } from './describe-action.ts'

export const actions: readonly Action[] = [
  openConversation,
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

export type ActionRoutesOptions = AdmissionOptions & {
  client: Client
  outcomes: Outcomes
  typing: TypingExpiries
}

declare module 'fastify' {
  interface FastifyContextConfig {
    action?: Action
    /** Doing it twice changes nothing. */
    isRepeatable?: boolean
    /** A body that is documented, and read by other means than a schema. */
    documentedBody?: TSchema
    documentedParams?: TSchema
    documentedQuery?: TSchema
    consumes?: string[]
  }
}

type Route = { Params: { id: string }; Querystring: { dryRun?: 'true' | 'false' } }

export function mountActions(app: FastifyInstance, options: ActionRoutesOptions): void {
  for (const action of actions) mount(app, action, options)
}

function mount(app: FastifyInstance, action: Action, options: ActionRoutesOptions): void {
  const { client, typing } = options
  const { body, params, query } = action
  app.route<Route>({
    method: action.method,
    url: action.path,
    config: { action, isRepeatable: action.isRepeatable },
    schema: {
      ...describeAction(action),
      params,
      querystring: withDryRun(query),
      ...(body !== undefined && { body }),
    },
    schemaErrorFormatter: (errors, part) => explain(action, errors, part),
    onRequest: [admit(options, action.priority), readIdempotencyKey, refuseBeyondRoom(options)],
    preValidation: (request, _reply, done) => {
      if (body === undefined) refuseBody(request.body)
      else if (request.body === undefined) request.body = {}
      done()
    },
    preHandler: claimKey(options.outcomes),
    handler: async (request, reply) => {
      const { id: requestId, params, query } = request
      const { caller, terms } = admitted(request)
      const { accountId } = caller
      const inputOf = () => ({ accountId, params, query, body: request.body })
      if (query.dryRun === 'true') {
        return client.preview(action.translate(inputOf()), caller, terms)
      }
      switch (action.outcome) {
        case 'opened': {
          const commands = action.translate(inputOf())
          request.mayBeSent = true
          const { conversationId, isProfileRefused } = await client.open(commands, caller, terms)
          if (isProfileRefused) {
            request.log.warn(
              { requestId },
              'LiveEngage opened the conversation and refused the profile',
            )
          }
          reply.header('location', `/conversations/${conversationId}`)
          return reply.code(201).send({ conversationId, requestId })
        }
        case 'event': {
          const { dialogId, sent } = publish(action.translate(inputOf()), request, options)
          const { sequence } = await sent
          return answerEvent(request, reply, { conversationId: params.id, dialogId, sequence })
        }
        case 'silent': {
          const command = action.translate(inputOf())
          request.mayBeSent = true
          const expirySeconds = action.expirySeconds?.(inputOf())
          await typing.follow(
            { command, caller, conversationId: params.id, expirySeconds },
            async () => {
              await client.send(command, caller, terms).catch((error) => {
                // Some refusals mean that what was asked for is so already.
                if (!isProblem(error, action.settledBy)) throw error
              })
            },
          )
          return reply.code(204).send()
        }
      }
    },
  })
}

/** Apart from the handler, so that of a large body only the bytes of its envelope are held while LiveEngage takes its time. */
function publish(
  command: ReturnType<EventAction['translate']>,
  request: FastifyRequest<Route>,
  { client, typing }: ActionRoutesOptions,
): { dialogId: string; sent: Promise<SendSuccess> } {
  const { caller, terms } = admitted(request)
  const call = { command, caller, conversationId: request.params.id }
  const send = client.prepare(command, caller, terms)
  request.body = undefined
  request.mayBeSent = true
  return { dialogId: command.body.dialogId, sent: typing.follow(call, send) }
}

/** Most take nothing else in their query: one schema, and so one validator, for all of them. */
function withDryRun(query: TSchema): TSchema {
  if (Object.keys(query['properties']).length === 0) return DryRunQuery
  return Type.Object(
    { ...query['properties'], ...DryRunQuery.properties },
    { additionalProperties: false },
  )
}

function refuseBody(body: unknown): void {
  if (body === undefined) return
  const errors = [{ path: '', message: 'must be empty' }]
  throw new Problem('invalid-request', { detail: 'This request takes no body.', errors })
}
