/** Mounts the actions: one route each, and how it is answered by what LiveEngage makes of it; the whole life of a request from its headers to LiveEngage's answer. */
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type Action,
  type ActionInput,
  DryRunQuery,
  type EventAction,
  type OpenAction,
  type SilentAction,
} from '../action.ts'
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
import type { Client, Preview } from '../liveengage/client.ts'
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

type Handler = (request: FastifyRequest<Route>, reply: FastifyReply) => Promise<unknown>

type Route = { Params: { id: string }; Querystring: { dryRun?: 'true' | 'false' } }

export function mountActions(app: FastifyInstance, options: ActionRoutesOptions): void {
  for (const action of actions) mount(app, action, options)
}

function mount(app: FastifyInstance, action: Action, options: ActionRoutesOptions): void {
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
    handler: handlerOf(action, options),
  })
}

/** What is done once a request is let in, by what LiveEngage makes of its action. */
function handlerOf(action: Action, options: ActionRoutesOptions): Handler {
  const handle = handlerByOutcome(action, options)
  return (request, reply) =>
    request.query.dryRun === 'true' ? preview(action, request, options) : handle(request, reply)
}

function handlerByOutcome(action: Action, options: ActionRoutesOptions): Handler {
  switch (action.outcome) {
    case 'opened':
      return (request, reply) => answerOpened(action, request, reply, options)
    case 'event':
      return (request, reply) => answerPublished(action, request, reply, options)
    case 'silent':
      return (request, reply) => answerSilent(action, request, reply, options)
  }
}

function preview(
  action: Action,
  request: FastifyRequest<Route>,
  { client }: ActionRoutesOptions,
): Promise<Preview> {
  const { caller, terms } = admitted(request)
  return client.preview(action.translate(inputOf(request)), caller, terms)
}

async function answerOpened(
  action: OpenAction,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  { client }: ActionRoutesOptions,
): Promise<FastifyReply> {
  const { id: requestId } = request
  const { caller, terms } = admitted(request)
  const commands = action.translate(inputOf(request))
  request.mayBeSent = true
  const { conversationId, isProfileRefused } = await client.open(commands, caller, terms)
  if (isProfileRefused) {
    request.log.warn({ requestId }, 'LiveEngage opened the conversation and refused the profile')
  }
  reply.header('location', `/conversations/${conversationId}`)
  return reply.code(201).send({ conversationId, requestId })
}

async function answerPublished(
  action: EventAction,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  options: ActionRoutesOptions,
): Promise<FastifyReply> {
  const { dialogId, sent } = publish(action, request, options)
  const { sequence } = await sent
  return answerEvent(request, reply, { conversationId: request.params.id, dialogId, sequence })
}

async function answerSilent(
  action: SilentAction,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  { client, typing }: ActionRoutesOptions,
): Promise<FastifyReply> {
  const { caller, terms } = admitted(request)
  const input = inputOf(request)
  const command = action.translate(input)
  const expirySeconds = action.expirySeconds?.(input)
  request.mayBeSent = true
  const call = { command, caller, conversationId: request.params.id, expirySeconds }
  await typing.follow(call, async () => {
    await client.send(command, caller, terms).catch((error) => {
      // Some refusals mean that what was asked for is so already.
      if (!isProblem(error, action.settledBy)) throw error
    })
  })
  return reply.code(204).send()
}

function inputOf(request: FastifyRequest<Route>): ActionInput<TSchema, TSchema, TSchema> {
  const { params, query, body } = request
  return { accountId: admitted(request).caller.accountId, params, query, body }
}

/** Apart from the wait for its answer, so that of a large body only the bytes of its envelope are held while LiveEngage takes its time. */
function publish(
  action: EventAction,
  request: FastifyRequest<Route>,
  { client, typing }: ActionRoutesOptions,
): { dialogId: string; sent: Promise<SendSuccess> } {
  const { caller, terms } = admitted(request)
  const command = action.translate(inputOf(request))
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
