/** The documentation of an action's route: everything of its schema but what is validated. */
import { Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import type { Action } from '../action.ts'
import type { ProblemCode } from '../problems.ts'
import {
  commonCodes,
  dryRunResponse,
  exampleConversationId,
  exampleEvent,
  exampleRequestId,
  idempotencyCodes,
  problemResponses,
  type Response,
  security,
  withReplays,
} from '../responses.ts'

export function describeAction(action: Action): FastifySchema {
  const { name, method, tag, summary, description, isRepeatable, outcome } = action
  const takesKey = method === 'POST'
  const codes = [...commonCodes, ...conflictsOf(action), ...(takesKey ? idempotencyCodes : [])]
  const responses = { ...successResponses[outcome], ...problemResponses(codes, isRepeatable) }
  return {
    operationId: name,
    tags: [tag],
    summary,
    description,
    security,
    response: {
      ...dryRunResponse(exampleCommand(action)),
      ...(takesKey ? withReplays(responses) : responses),
    },
  }
}

function conflictsOf({ outcome, path, settledBy }: Action): ProblemCode[] {
  if (outcome === 'opened') return ['conversation-already-open']
  return path.includes(':id') && settledBy !== 'conversation-closed' ? ['conversation-closed'] : []
}

const openedResponse: Response = {
  description: 'LiveEngage opened the conversation',
  headers: {
    Location: { type: 'string', description: 'The base of the conversation’s routes' },
  },
  content: {
    'application/json': {
      schema: Type.Ref('Conversation#'),
      examples: {
        opened: { value: { conversationId: exampleConversationId, requestId: exampleRequestId } },
      },
    },
  },
}

const eventResponse: Response = {
  description: 'LiveEngage accepted the event and numbered it',
  content: {
    'application/json': {
      schema: Type.Ref('Event#'),
      examples: {
        accepted: { value: exampleEvent },
      },
    },
  },
}

const silentResponse = Type.Null({ description: 'LiveEngage accepted it' })

const successResponses = {
  opened: { 201: openedResponse },
  event: { 201: eventResponse },
  silent: { 204: silentResponse },
}

function exampleCommand(action: Action): object {
  const [example] = Object.values(action.examples)
  return action.translate({
    accountId: '12345678',
    params: { id: exampleConversationId },
    query: {},
    body: example?.value ?? {},
  })
}
