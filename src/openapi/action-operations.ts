/** The documentation of an action's route: the parts of its schema that validate nothing. */
import { Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import type { Action } from '../actions/action.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import {
  exampleConsumerId,
  exampleConversationId,
  exampleEvent,
  exampleRequestId,
} from './examples.ts'
import {
  commonCodes,
  idempotencyCodes,
  problemResponses,
  type Response,
  withReplays,
} from './responses.ts'
import { security } from './security.ts'

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
    response: takesKey ? withReplays(responses) : responses,
  }
}

function conflictsOf({ outcome, path, settledBy }: Action): ProblemCode[] {
  if (outcome === 'opened') return ['conversation-already-open']
  return path.includes(':id') && settledBy !== 'conversation-closed' ? ['conversation-closed'] : []
}

const openedResponse: Response = {
  description: 'LiveEngage opened the conversation',
  headers: {
    Location: {
      type: 'string',
      description:
        'The base of the conversation’s routes, relative to the request or absolute (PUBLIC_URL)',
    },
  },
  content: {
    'application/json': {
      schema: Type.Ref('Conversation#'),
      examples: {
        opened: {
          value: {
            conversationId: exampleConversationId,
            requestId: exampleRequestId,
            consumerId: exampleConsumerId,
          },
        },
      },
    },
  },
}

const eventResponse: Response = {
  description: 'LiveEngage accepted the event',
  content: {
    'application/json': {
      schema: Type.Ref('Event#'),
      examples: {
        accepted: { value: exampleEvent },
      },
    },
  },
}

const silentResponse = Type.Null({ description: 'LiveEngage accepted the request' })

const successResponses = {
  opened: { 201: openedResponse },
  event: { 201: eventResponse },
  silent: { 204: silentResponse },
}
