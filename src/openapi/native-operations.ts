/** The documentation of the native routes. */
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import { accountPattern } from '../liveengage/protocol/values.ts'
import { StringEnum } from '../string-enum.ts'
import { exampleAccountId, exampleConversationId, toEnvelope } from './examples.ts'
import {
  commonCodes,
  idempotencyCodes,
  problemResponses,
  type Response,
  type Responses,
  withReplays,
} from './responses.ts'
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
    examples: ['3'],
  }),
})

/** The payloads of the native routes. They are documented only, since LiveEngage checks them. */
export const nativeParts = {
  'conversation/send': {
    documentedQuery,
    // @fastify/swagger would lose the examples beside a reference alone.
    documentedBody: Type.Unsafe({
      allOf: [Type.Ref('Envelope#')],
      'x-examples': { text: { summary: 'A text', value: toEnvelope(exampleText) } },
    }),
  },
  conversation: {
    documentedQuery,
    documentedBody: Type.Array(Type.Ref('Envelope#'), {
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

type Method = keyof typeof nativeParts

const texts = {
  conversation: {
    operationId: 'nativeConversation',
    summary: 'Call LiveEngage’s CONVERSATION unchanged',
  },
  'conversation/send': {
    operationId: 'nativeSend',
    summary: 'Call LiveEngage’s SEND unchanged',
  },
}

export function describeNative(method: Method): FastifySchema {
  return {
    ...texts[method],
    tags: ['Native'],
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
      200: { description: 'LiveEngage’s answer', content: successes[method] },
      ...withLiveEngages(
        method,
        problemResponses([
          // LiveEngage’s own 429 passes as it is.
          ...commonCodes.filter((code) => code !== 'rate-limited'),
          ...idempotencyCodes,
        ]),
      ),
    }),
  }
}

function json(schema: TSchema, value: unknown) {
  return { 'application/json': { schema, examples: { liveengage: { value } } } }
}

const sent = { reqId: '1', code: 'OK', body: { sequence: 0 } }

const opened = [
  { reqId: '1', code: 'OK', body: {} },
  { reqId: '2', code: 'OK', body: { conversationId: exampleConversationId } },
]

const successes = {
  'conversation/send': json(Type.Ref('LiveEngageAnswer#'), sent),
  conversation: json(Type.Array(Type.Ref('LiveEngageAnswer#')), opened),
}

const closed = {
  reqId: '1',
  code: 'BAD_REQUEST',
  body: { msg: 'Bad Request, Conversation is close' },
}

const alreadyOpen = [
  opened[0],
  {
    reqId: '2',
    code: 'BAD_REQUEST',
    body: { msg: 'Consumer request conversation failed: User already has open conversation.' },
  },
]

/** LiveEngage's own refusals of a payload. */
const refusals = {
  'conversation/send': json(Type.Ref('LiveEngageError#'), closed),
  conversation: json(
    Type.Union([Type.Array(Type.Ref('LiveEngageAnswer#')), Type.Ref('LiveEngageError#')]),
    alreadyOpen,
  ),
}

/** Those of the platform in front of it. Source: Authorization page, release notes; LivePerson shows no body of the others. */
const platformErrors = new Map<number, object | undefined>([
  [401, { title: 'Invalid AppJWT', details: 'AppJWT is expired or invalid', errorCode: 40102 }],
  [404, undefined],
  [429, undefined],
  [500, undefined],
  [
    502,
    {
      title: 'Unable to access resource',
      details: 'Failed to connect to AC for setting delay',
      errorCode: 50201,
    },
  ],
  [503, undefined],
  [504, undefined],
])

/** A gateway’s answer may be a page. */
const page = {
  'text/html': {
    schema: Type.String(),
    examples: { gateway: { value: '<html><body>Bad Gateway</body></html>' } },
  },
}

/** Adds to the problems of the proxy what LiveEngage itself may answer with the same status. */
function withLiveEngages(method: Method, problems: Responses): Responses {
  const own: Record<number, Response['content']> = { 400: refusals[method] }
  for (const [status, body] of platformErrors) {
    const error = json(Type.Ref('LiveEngageError#'), { code: status, body })
    own[status] = status < 500 ? error : { ...error, ...page }
  }
  const both = Object.entries(own).map(([status, content]): [string, Response] => {
    const { description, ...rest } = problems[Number(status)] ?? {}
    const texts = [description, 'LiveEngage’s own answer'].filter((text) => text !== undefined)
    return [
      status,
      { ...rest, description: texts.join('; or '), content: { ...rest.content, ...content } },
    ]
  })
  return { ...problems, ...Object.fromEntries(both) }
}
