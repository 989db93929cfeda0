import type { FastifyInstance } from 'fastify'
import { closeConversation, closeOneDialog } from '../closing.ts'
import { remember } from '../happenings.ts'
import type { Conversation, Party } from '../memory/conversations.ts'
import { agents, controller } from '../memory/parties.ts'
import type { State } from '../memory/state.ts'
import { agentOf, join, rate, receive, suggest, transfer, type, write } from './actions.ts'
import { ApiError, add } from './operation.ts'
import {
  AccountQuery,
  Close,
  ConversationParams,
  DetailQuery,
  ListQuery,
  NewConversation,
  NewMessage,
  Rating,
  Receipt,
  Transfer,
  Typing,
  UnhappyPath,
  WhichAgent,
} from './schemas.ts'
import { openElsewhere, takeUnhappyPath } from './unhappy-paths.ts'
import { detailOf, summaryOf } from './views.ts'

const tag = 'Conversations'
const url = '/sandbox/conversations/:id'
const params = ConversationParams
const query = AccountQuery

/** Conversations, and what an agent does in them. */
export function registerConversationRoutes(app: FastifyInstance, state: State): void {
  const { conversations, clientId } = state

  function find({ id }: { id: string }, { account }: { account?: string }): Conversation {
    const found = conversations
      .withId(id)
      .find((conversation) => account === undefined || conversation.account === account)
    if (found === undefined) throw new ApiError(404, 'There is no such conversation.')
    return found
  }

  function findOpen(params: { id: string }, query: { account?: string }): Conversation {
    const conversation = find(params, query)
    if (!conversation.main.open) throw new ApiError(409, 'The conversation is closed.')
    return conversation
  }

  const summary = (conversation: Conversation) => summaryOf(conversation, clientId)

  add(app, {
    ...{ method: 'GET', url: '/sandbox/conversations', tag, query: ListQuery },
    summary: 'List conversations',
    description: 'What was touched last comes first.',
    handle: ({ query: { limit = '100' } }) => ({
      agents,
      conversations: conversations.all().slice(0, Number(limit)).map(summary),
    }),
  })
  add(app, {
    ...{ method: 'GET', url, tag, params, query: DetailQuery },
    summary: 'Read a conversation',
    description: 'With what happened in it: the newest 300 entries, or those after a number.',
    handle: ({ params, query: { account, after = '0' } }) =>
      detailOf(find(params, account === undefined ? {} : { account }), clientId, Number(after)),
  })
  add(app, {
    ...{ method: 'POST', url: '/sandbox/conversations', tag, status: 201, body: NewConversation },
    summary: 'Open a conversation of another channel',
    description: 'A consumer of, say, the web chat: the app hears of it and has not opened it.',
    example: { text: 'Hello from the web chat.' },
    handle: ({ body: { accountId = state.accountId, text } }) =>
      summary(openElsewhere(state, accountId, text)),
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/messages`, tag, status: 201 },
    ...{ params, query, body: NewMessage },
    summary: 'Write',
    description:
      'A text, with quick replies or without, a card or a picture. The agent joins first.',
    example: { text: 'Hello, how can I help?' },
    handle: ({ params, query, body }) => {
      const { text, card, file } = body
      const given = [text, card, file].filter((part) => part !== undefined)
      if (given.length !== 1) throw new ApiError(400, 'Give one of text, card and file.')
      return { sequence: write(state, findOpen(params, query), body) }
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/typing`, tag, params, query, body: Typing },
    summary: 'Type',
    example: { state: 'composing' },
    handle: ({ params, query, body }) => {
      type(state, findOpen(params, query), body.state)
      return {}
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/receipts`, tag, params, query, body: Receipt },
    summary: 'Accept or read',
    description: 'A receipt for messages of the consumer.',
    example: { status: 'read' },
    handle: ({ params, query, body: { status, sequences } }) => ({
      sequences: receive(state, findOpen(params, query), status, sequences),
    }),
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/suggest`, tag, params, query, body: WhichAgent },
    summary: 'Offer to an agent',
    description: 'It rings at an agent’s, who has not accepted it yet.',
    handle: ({ params, query, body: { agentId } }) => {
      const conversation = findOpen(params, query)
      suggest(state, conversation, agentId)
      return summary(conversation)
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/join`, tag, params, query, body: WhichAgent },
    summary: 'Join',
    handle: ({ params, query, body: { agentId } }) => {
      const conversation = findOpen(params, query)
      join(state, conversation, agentId)
      return summary(conversation)
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/transfer`, tag, params, query, body: Transfer },
    summary: 'Transfer to a skill',
    description: 'The agent goes, and nobody has come yet.',
    example: { skillId: '277498214' },
    handle: ({ params, query, body: { skillId } }) => {
      const conversation = findOpen(params, query)
      transfer(state, conversation, skillId)
      return summary(conversation)
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/close`, tag, params, query, body: Close },
    summary: 'Close',
    description: 'With a survey the conversation stays open until the consumer has answered it.',
    example: { survey: true },
    handle: ({ params, query, body: { survey = false, by = 'agent' } }) => {
      const conversation = find(params, query)
      const { main } = conversation
      if (conversation.endedAt !== undefined) throw new ApiError(409, 'The conversation is closed.')
      const closer = closerOf(conversation, by)
      const closing = { what: 'closed', by: by.toUpperCase(), survey: survey && main.open }
      remember(state, conversation, closer, closing)
      if (survey && main.open) {
        closeOneDialog(state, conversation, main, { by: closer, survey })
      } else {
        closeConversation(state, conversation, closer)
      }
      return summary(conversation)
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/rating`, tag, params, query, body: Rating },
    summary: 'Rate late',
    description: 'The consumer’s rating, after the close: the closed state is sent once more.',
    example: { rating: 5 },
    handle: ({ params, query, body: { rating, resolved = true } }) => {
      const conversation = find(params, query)
      rate(state, conversation, rating, resolved)
      return summary(conversation)
    },
  })
  add(app, {
    ...{ method: 'POST', url: `${url}/unhappy-paths`, tag, params, query, body: UnhappyPath },
    summary: 'Let something go wrong',
    description:
      'What an app has to live with: the same again, two swapped, a wrong signature, the old form, another channel’s conversation, an unknown type, a large one, a flood after an outage.',
    example: { kind: 'duplicate' },
    handle: ({ params, query, body }) => ({
      done: takeUnhappyPath(state, findOpen(params, query), body),
    }),
  })
}

function closerOf(conversation: Conversation, by: 'agent' | 'consumer' | 'system'): Party {
  if (by === 'system') return controller
  return by === 'agent' ? agentOf(conversation) : { id: conversation.consumer, role: 'CONSUMER' }
}
