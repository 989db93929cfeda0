/** What the routes answer: schemas with examples, for validation, serialization and the OpenAPI document. */
import { Type } from '@sinclair/typebox'
import { Problem, type ProblemCode, problems } from './problems.ts'

export type Response = { description: string; content?: Record<string, unknown>; headers?: unknown }

export const exampleRequestId = '0f9f4b8e-4d1c-4b8a-9f64-1c2d3e4f5a6b'

export const exampleConversationId = '8602832d-dce1-446b-8445-0d51f5926a42'

export const exampleEvent = {
  conversationId: exampleConversationId,
  dialogId: exampleConversationId,
  sequence: 0,
  requestId: exampleRequestId,
}

/** What LiveEngage numbered. */
export const Event = Type.Object(
  {
    conversationId: Type.String(),
    dialogId: Type.String(),
    sequence: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'The event’s number in its conversation; the first is 0. Absent where LiveEngage gave none',
      }),
    ),
    requestId: Type.String(),
  },
  { $id: 'Event', description: 'An event that LiveEngage accepted' },
)

/** What LiveEngage opened. */
export const Conversation = Type.Object(
  { conversationId: Type.String(), requestId: Type.String() },
  { $id: 'Conversation', description: 'A conversation that LiveEngage opened' },
)

/** The call that a request would become. */
export const DryRun = Type.Object(
  {
    method: Type.String(),
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String(), {
      description: 'Tokens are shown as `[redacted]`',
    }),
    body: Type.Unknown({ description: 'An envelope, or the two of a new conversation' }),
  },
  { $id: 'DryRun', description: 'The call to LiveEngage that was not made' },
)

/** Every code an action's request can end in, whatever the action. */
export const commonCodes: readonly ProblemCode[] = [
  'invalid-request',
  'rejected-by-liveengage',
  'api-key-required',
  'credentials-missing',
  'app-jwt-invalid',
  'consumer-jws-invalid',
  'account-not-allowed',
  'account-unknown',
  'request-timeout',
  'payload-too-large',
  'uri-too-long',
  'unsupported-media-type',
  'rate-limited',
  'headers-too-large',
  'internal-error',
  'liveengage-failed',
  'liveengage-unreachable',
  'domain-lookup-failed',
  'login-failed',
  'credentials-rejected',
  'overloaded',
  'circuit-open',
  'deadline-exceeded',
  'shutting-down',
  'liveengage-timeout',
]

/** What a request with an Idempotency-Key can end in besides. */
export const idempotencyCodes: readonly ProblemCode[] = [
  'idempotency-key-in-use',
  'idempotency-key-reused',
]

const replayedHeader = {
  'Idempotency-Replayed': {
    type: 'string',
    enum: ['true'],
    description: 'The answer to the first request with this Idempotency-Key, once more',
  },
}

/** The responses of a route that takes an Idempotency-Key: those that it remembers have a header for the next time. */
export function withReplays(responses: Record<number, object>): Record<number, object> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const isRemembered = status.startsWith('2') || /^50[024]$/.test(status)
      const { headers } = Object(response)
      return [
        status,
        isRemembered ? { ...response, headers: { ...headers, ...replayedHeader } } : response,
      ]
    }),
  )
}

/** The response part of a route's schema for these problems: by status, with one example per code. */
export function problemResponses(
  codes: readonly ProblemCode[],
  isRepeatable = false,
): Record<number, Response> {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of codes) {
    const { status } = problems[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, sameStatus]) => [
      status,
      problemResponse(sameStatus, isRepeatable),
    ]),
  )
}

function problemResponse(codes: readonly ProblemCode[], isRepeatable: boolean): Response {
  const examples = codes.map((code) => {
    const value = new Problem(code).toDetails(exampleRequestId, isRepeatable)
    return [code, { summary: problems[code].title, value }] as const
  })
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('; '),
    content: {
      'application/problem+json': {
        schema: Type.Ref('Problem#'),
        examples: Object.fromEntries(examples),
      },
    },
  }
}

/** Three ways to authenticate, each with the proxy's own key where it wants one. */
const tokenWays = [
  { AppJWT: [], ConsumerJWS: [] },
  { AppJWT: [], ConsumerId: [] },
  { ConsumerId: [] },
  { ConsumerJWS: [] },
]

export const security = tokenWays.flatMap((way) => [way, { ...way, ApiKey: [] }])

export function dryRunResponse(command: object): Record<number, Response> {
  return {
    200: {
      description: 'With `dryRun=true`: the call to LiveEngage that was not made',
      content: {
        'application/json': {
          schema: Type.Ref('DryRun#'),
          examples: { dryRun: { value: exampleDryRun(command) } },
        },
      },
    },
  }
}

/** What a dry run of this command, or of these two, shows. */
export function exampleDryRun(command: object): object {
  const isBatch = Array.isArray(command)
  return {
    method: 'POST',
    url: `https://va.msg.liveperson.net/api/account/12345678/messaging/consumer/conversation${isBatch ? '' : '/send'}?v=3`,
    headers: {
      Authorization: '[redacted]',
      'X-LP-ON-BEHALF': '[redacted]',
      'Content-Type': 'application/json',
    },
    body: isBatch ? command.map(toEnvelope) : toEnvelope(command),
  }
}

export function toEnvelope(command: object, index = 0): object {
  return { kind: 'req', id: exampleRequestId.replace(/.$/, String(index)), ...command }
}
