/** The work that every translating rival does, the same in all: schemas, tokens, envelope, LiveEngage's answer. */
import { randomUUID } from 'node:crypto'
import process from 'node:process'

/** Where LiveEngage is. The rivals are told; only the proxy looks it up. */
export const upstream = process.env.UPSTREAM
export const port = Number(process.env.PORT)
/** Connections to LiveEngage, as many as the proxy has by default. */
export const connections = Number(process.env.CONNECTIONS ?? 128)
export const sendPath = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
export const route = '/conversations/:id/messages'

const token = { type: 'string', maxLength: 8192, pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$' }

export const schema = {
  params: {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,128}$' } },
  },
  headers: {
    type: 'object',
    required: ['authorization', 'x-lp-on-behalf'],
    properties: { authorization: token, 'x-lp-on-behalf': token },
  },
  body: {
    type: 'object',
    required: ['text'],
    additionalProperties: false,
    properties: { text: { type: 'string', minLength: 1, maxLength: 5000 } },
  },
  response: {
    201: {
      type: 'object',
      properties: {
        conversationId: { type: 'string' },
        dialogId: { type: 'string' },
        sequence: { type: 'integer' },
        requestId: { type: 'string' },
      },
    },
  },
}

export function toHeaders(headers) {
  return {
    authorization: headers.authorization,
    'x-lp-on-behalf': headers['x-lp-on-behalf'],
    'content-type': 'application/json',
  }
}

export function toEnvelope(dialogId, text) {
  return {
    kind: 'req',
    id: randomUUID(),
    type: 'ms.PublishEvent',
    body: { dialogId, event: { type: 'ContentEvent', contentType: 'text/plain', message: text } },
  }
}

/** What the caller gets. @throws where LiveEngage's answer is not a success */
export function toEvent(status, answer, conversationId, requestId) {
  if (status !== 200 || answer.code !== 'OK' || !Number.isInteger(answer.body?.sequence)) {
    throw new Error(`LiveEngage answered ${status}`)
  }
  const { sequence } = answer.body
  return { conversationId, dialogId: conversationId, sequence, requestId }
}
