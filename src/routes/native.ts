/** LiveEngage's own paths and payloads, for clients of the Connector API that point their host here and change nothing else. */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify'
import { type AdmissionOptions, admit, admitted, refuseBeyondRoom } from '../admission.ts'
import { claimKey, keepFingerprint, readIdempotencyKey } from '../idempotency.ts'
import type { Client } from '../liveengage/client.ts'
import type { Outcomes } from '../outcomes.ts'
import { Problem, type ProblemCode } from '../problems.ts'
import {
  commonCodes,
  exampleConversationId,
  idempotencyCodes,
  problemResponses,
  security,
  toEnvelope,
  withReplays,
} from '../responses.ts'
import { StringEnum } from '../string-enum.ts'

export type NativeRoutesOptions = AdmissionOptions & { client: Client; outcomes: Outcomes }

type Route = { Params: { accountId: string } }

export async function nativeRoutes(
  app: FastifyInstance,
  options: NativeRoutesOptions,
): Promise<void> {
  // The payload goes on byte for byte, so nothing reads it here.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    keepFingerprint(request, body)
    request.server.bodyRoom.keep(request, body.length)
    done(null, body)
  })
  for (const method of ['conversation', 'conversation/send'] as const) {
    app.post<Route>(`/api/account/:accountId/messaging/consumer/${method}`, {
      config: { ...nativeBodies[method], documentedQuery },
      schema: describeNative(method),
      onRequest: [admit(options, 'high', accountOf), readIdempotencyKey, refuseBeyondRoom(options)],
      preHandler: claimKey(options.outcomes),
      handler: async (request, reply) => {
        const { body, query: parsed, url } = request
        const { caller, terms } = admitted(request)
        if (!Buffer.isBuffer(body))
          throw new Problem('invalid-request', { detail: 'A body is required.' })
        // Encoded or not: it would be taken for a dry run on the way here.
        if (/[?&]dryRun\b|#/.test(url) || Object.hasOwn(Object(parsed), 'dryRun')) {
          const errors = [{ path: 'query:dryRun', message: 'is not for native routes' }]
          const detail = 'Native routes translate nothing: no dry run, and no fragment in the path.'
          throw new Problem('invalid-request', { detail, errors })
        }
        request.mayBeSent = true
        const [, query = ''] = /^[^?]*(\?.*)$/s.exec(url) ?? []
        const answer = await options.client.forward(method, query, body, caller, terms)
        if (answer.contentType !== undefined) reply.header('content-type', answer.contentType)
        if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter)
        return reply.code(answer.status).send(answer.body)
      },
    })
  }
}

function accountOf({ params }: FastifyRequest): string {
  return String(Object(params).accountId)
}

const exampleText = {
  type: 'ms.PublishEvent',
  body: {
    dialogId: exampleConversationId,
    event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' },
  },
}

const documentedQuery = Type.Object({
  v: StringEnum(['3'], {
    description: 'The version of LiveEngage’s API; it answers 404 to any other',
  }),
})

/** What a native call takes; LiveEngage checks it. */
const nativeBodies = {
  'conversation/send': {
    documentedBody: Type.Unknown({
      'x-examples': { text: { summary: 'A text', value: toEnvelope(exampleText) } },
    }),
  },
  conversation: {
    documentedBody: Type.Unknown({
      'x-examples': {
        open: {
          summary: 'A profile and a conversation',
          value: [
            { type: 'userprofile.SetUserProfile', body: {} },
            { type: 'cm.ConsumerRequestConversation', body: { brandId: '12345678' } },
          ].map(toEnvelope),
        },
      },
    }),
  },
}

/** The native routes: LiveEngage's own documentation says what goes in and out. */
function describeNative(method: 'conversation' | 'conversation/send'): FastifySchema {
  const isSend = method === 'conversation/send'
  return {
    operationId: isSend ? 'nativeSend' : 'nativeConversation',
    tags: ['Native'],
    summary: isSend ? 'LiveEngage’s SEND, untranslated' : 'LiveEngage’s CONVERSATION, untranslated',
    description:
      'For existing Connector API clients: LiveEngage’s own path and payload, its own answer, status and body. The proxy’s own failures are problems.',
    security,
    params: Type.Object({
      accountId: Type.String({ pattern: '^[A-Za-z0-9]{1,32}$', examples: ['12345678'] }),
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
