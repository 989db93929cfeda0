/** The documentation of the native routes. */
import { Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import { accountPattern } from '../liveengage/protocol/values.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import { StringEnum } from '../string-enum.ts'
import { exampleAccountId, exampleConversationId, toEnvelope } from './examples.ts'
import { commonCodes, idempotencyCodes, problemResponses, withReplays } from './responses.ts'
import { security } from './security.ts'

const exampleText = {
  type: 'ms.PublishEvent',
  body: {
    dialogId: exampleConversationId,
    event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' },
  },
}

const documentedQuery = Type.Object({
  v: StringEnum(['3'], {
    description: 'The version of LiveEngage’s API. LiveEngage answers 404 to any other',
  }),
})

/** The payloads of the native routes. They are documented only, since LiveEngage checks them. */
export const nativeParts = {
  'conversation/send': {
    documentedQuery,
    documentedBody: Type.Unknown({
      'x-examples': { text: { summary: 'A text', value: toEnvelope(exampleText) } },
    }),
  },
  conversation: {
    documentedQuery,
    documentedBody: Type.Unknown({
      'x-examples': {
        open: {
          summary: 'A profile and a conversation',
          value: [
            { type: 'userprofile.SetUserProfile', body: {} },
            { type: 'cm.ConsumerRequestConversation', body: { brandId: exampleAccountId } },
          ].map(toEnvelope),
        },
      },
    }),
  },
}

export function describeNative(method: 'conversation' | 'conversation/send'): FastifySchema {
  const isSend = method === 'conversation/send'
  return {
    operationId: isSend ? 'nativeSend' : 'nativeConversation',
    tags: ['Native'],
    summary: isSend
      ? 'Call LiveEngage’s SEND unchanged'
      : 'Call LiveEngage’s CONVERSATION unchanged',
    description:
      'For existing clients of the Connector API. Path, payload, status and answer are LiveEngage’s own. Failures of the proxy itself are problems.',
    security,
    params: Type.Object({
      accountId: Type.String({
        pattern: accountPattern,
        description: 'A LivePerson account: 1 to 32 letters and digits',
        examples: [exampleAccountId],
      }),
    }),
    response: withReplays({
      200: {
        description: 'LiveEngage’s answer',
        content: {
          'application/json': {
            schema: Type.Unknown(),
            examples: { ok: { value: { reqId: '1', code: 'OK', body: { sequence: 0 } } } },
          },
        },
      },
      ...problemResponses([
        ...commonCodes.filter((code) => !isLiveEngagesOwn(code)),
        ...idempotencyCodes,
      ]),
    }),
  }
}

function isLiveEngagesOwn(code: ProblemCode): boolean {
  return code === 'rejected-by-liveengage' || code === 'rate-limited'
}
