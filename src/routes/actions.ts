/** The routes of the actions: one each, answered by what LiveEngage makes of its command. */
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Action, type ActionInput, type ActionOf, DryRunQuery } from '../actions/action.ts'
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
import { admitted } from '../http/admission.ts'
import { type CallHooksOptions, callHooks } from '../http/call-hooks.ts'
import { guarded } from '../http/idempotency-key.ts'
import { inTurn } from '../http/message-order.ts'
import type { SendSuccess } from '../liveengage/answers.ts'
import type { Client } from '../liveengage/client.ts'
import { type Preview, preview } from '../liveengage/preview.ts'
import { describeAction } from '../openapi/action-operations.ts'
import type { ReceiptOutcome } from '../problems/details.ts'
import { refuseExcess } from '../problems/excess.ts'
import { explainInvalid } from '../problems/invalid-request.ts'
import { isProblem, Problem } from '../problems/problem.ts'
import type { TypingExpiries } from '../typing/typing-expiry.ts'
import { sendAfter, withHalfTheTime } from './receipt-first.ts'

export const actions: readonly Action[] = [
  openConversation,
  sendMessage,
  startTyping,
  stopTyping,
  setChatState,
  sendReceipt,
  setUrgency,
  setCsat,
  closeConversation,
  setProfile,
]

export type ActionRoutesOptions = CallHooksOptions & {
  client: Client
  typing: TypingExpiries
  /** What `Location` begins with. Empty: it is relative to the request, and so right behind a path prefix. */
  locationBase: string
}

type Handler = (request: FastifyRequest<Route>, reply: FastifyReply) => Promise<unknown>

type Route = { Params: { id: string }; Querystring: { dryRun?: 'true' | 'false' } }

export function mountActions(app: FastifyInstance, options: ActionRoutesOptions): void {
  for (const action of actions) mount(app, action, options)
}

function mount(app: FastifyInstance, action: Action, options: ActionRoutesOptions): void {
  const { body, params, query, isRepeatable, priority, isOrdered, mistakenKeys } = action
  const querystring = withDryRun(query)
  const hooks = callHooks(options, { priority, isOrdered, hasDryRun: true })
  app.route<Route>({
    method: action.method,
    url: action.path,
    config: { action, callsLiveEngage: true, isRepeatable },
    schema: {
      ...describeAction(action),
      params,
      querystring,
      ...(body !== undefined && { body }),
    },
    schemaErrorFormatter: (errors, part) =>
      explainInvalid({ body, params, querystring, mistakenKeys }, errors, part),
    onRequest: hooks.onRequest,
    preValidation: (request, _reply, done) => {
      if (body === undefined) refuseBody(request.body)
      else if (request.body === undefined) request.body = {}
      else if (isLong(request)) refuseExcess({ body, mistakenKeys }, request.body)
      done()
    },
    preHandler: hooks.preHandler,
    onSend: hooks.onSend,
    handler: handlerOf(action, options),
  })
}

/** A short body cannot have so many items that counts must be checked first. */
function isLong({ headers }: FastifyRequest): boolean {
  return Number(headers['content-length'] ?? Infinity) > 1_024
}

/** Handles an admitted request, by the kind of its action. */
function handlerOf(action: Action, options: ActionRoutesOptions): Handler {
  return (request, reply) => {
    if (request.state.isDryRun) return dryRun(action, request, options)
    switch (action.outcome) {
      case 'opened':
        return answerOpened(action, request, reply, options)
      case 'event':
        return answerEvent(action, request, reply, options)
      case 'silent':
        return answerSilent(action, request, reply, options)
    }
  }
}

function dryRun(
  action: Action,
  request: FastifyRequest<Route>,
  { client }: ActionRoutesOptions,
): Promise<Preview> {
  const input = inputOf(request)
  const first = action.outcome === 'event' ? action.receipt?.(input) : undefined
  return preview(client, first ?? action.translate(input), admitted(request))
}

async function answerOpened(
  action: ActionOf<'opened'>,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  { client, locationBase }: ActionRoutesOptions,
): Promise<FastifyReply> {
  const { id: requestId } = request
  const commands = action.translate(inputOf(request))
  request.state.mayBeSent = true
  const opened = await client.open(commands, guarded(request))
  const { conversationId, consumerId, isProfileRefused } = opened
  if (isProfileRefused) {
    request.log.warn({ requestId }, 'LiveEngage opened the conversation and refused the profile')
  }
  reply.header('location', `${locationBase}conversations/${conversationId}`)
  return reply.code(201).send({ conversationId, requestId, consumerId })
}

async function answerEvent(
  action: ActionOf<'event'>,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  options: ActionRoutesOptions,
): Promise<FastifyReply> {
  const { dialogId, sent } = publish(action, request, options)
  const { sequence, receipt } = await sent
  const conversationId = request.params.id
  return sendEvent(request, reply, { conversationId, dialogId, sequence, receipt })
}

async function answerSilent(
  action: ActionOf<'silent'>,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  { client, typing }: ActionRoutesOptions,
): Promise<FastifyReply> {
  const context = guarded(request)
  const input = inputOf(request)
  const command = action.translate(input)
  const expirySeconds = action.expirySeconds?.(input)
  const { caller } = context
  const call = { command, caller, conversationId: request.params.id, expirySeconds }
  await inTurn(client, request, () => {
    request.state.mayBeSent = true
    return typing.follow(call, async () => {
      await client.send(command, context).catch((error) => {
        // Some refusals mean that the action was done already.
        if (!isProblem(error, action.settledBy)) throw error
      })
    })
  })
  return reply.code(204).send()
}

function inputOf(request: FastifyRequest<Route>): ActionInput<TSchema, TSchema, TSchema> {
  const { params, query, body } = request
  return { accountId: admitted(request).caller.accountId, params, query, body }
}

/** Separate from the wait for the answer, so that only the bytes of the envelope of a large body are held during the wait. */
function publish(
  action: ActionOf<'event'>,
  request: FastifyRequest<Route>,
  { client, typing }: ActionRoutesOptions,
): { dialogId: string; sent: Promise<SendSuccess & { receipt?: ReceiptOutcome }> } {
  const context = admitted(request)
  const input = inputOf(request)
  const command = action.translate(input)
  const receipt = action.receipt?.(input)
  const { dialogId } = command.body
  const call = { command, caller: context.caller, conversationId: request.params.id }
  const sendCommand = client.prepare(command)
  const sendReceipt = receipt && client.prepare(receipt)
  request.body = undefined
  const publishNow = () => {
    const send = () => sendCommand(guarded(request))
    request.state.mayBeSent = true
    // Usually there is no typing to end.
    return typing.dialogs.size === 0 ? send() : typing.follow(call, send)
  }
  const sent = inTurn(client, request, () =>
    sendReceipt === undefined
      ? publishNow()
      : sendAfter(() => sendReceipt(withHalfTheTime(context)), publishNow),
  )
  return { dialogId, sent }
}

/** Most have no other query: they share one schema, and so one validator. */
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

type Published = {
  conversationId: string
  dialogId: string
  sequence: number | undefined
  file?: object
  receipt?: ReceiptOutcome | undefined
}

/** Answers 201 with the number that LiveEngage gave the event. If there is no usable number, that is logged. */
export function sendEvent(
  request: FastifyRequest,
  reply: FastifyReply,
  { conversationId, dialogId, sequence, file, receipt }: Published,
): FastifyReply {
  const { id: requestId } = request
  if (sequence === undefined) {
    request.log.warn({ requestId }, 'LiveEngage accepted the event without a usable sequence')
  }
  if (receipt === 'unknown') {
    request.log.warn({ requestId }, 'whether LiveEngage accepted the receipt is unknown')
  }
  return reply.code(201).send({ conversationId, dialogId, sequence, requestId, file, receipt })
}
