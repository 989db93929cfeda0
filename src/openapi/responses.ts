/** The responses of the routes. They are for the OpenAPI document only, since no schema serializes an answer. */
import { type TSchema, Type } from '@sinclair/typebox'
import { type ProblemCode, problems } from '../problems/catalogue.ts'
import { Problem } from '../problems/problem.ts'
import { StringEnum } from '../string-enum.ts'
import { exampleRequestId } from './examples.ts'

export type Response = {
  description?: string
  content?: Record<string, unknown>
  headers?: Record<string, object>
}

/** By status. */
export type Responses = Record<number, Response>

/** The codes that a request of any route can fail with. */
export const frameCodes: readonly ProblemCode[] = [
  'invalid-request',
  'origin-not-allowed',
  'request-timeout',
  'uri-too-long',
  'host-not-allowed',
  'headers-too-large',
  'internal-error',
  'overloaded',
  'shutting-down',
]

/** The codes that a request of any action can fail with. */
export const commonCodes: readonly ProblemCode[] = [
  'invalid-request',
  'rejected-by-liveengage',
  'api-key-required',
  'credentials-missing',
  'app-jwt-invalid',
  'consumer-jws-invalid',
  'account-not-allowed',
  'origin-not-allowed',
  'host-not-allowed',
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

/** The additional codes of a request with an Idempotency-Key. */
export const idempotencyCodes: readonly ProblemCode[] = [
  'idempotency-key-in-use',
  'idempotency-key-reused',
  'idempotency-store-unavailable',
]

const replayedHeader = {
  'Idempotency-Replayed': {
    type: 'string',
    enum: ['true'],
    description: 'This is the stored answer to the first request with this Idempotency-Key',
  },
}

/** Adds the header of a replay to the responses that are stored under an Idempotency-Key. */
export function withReplays(responses: Responses): Responses {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const isStored = status.startsWith('2') || /^50[024]$/.test(status)
      const headers = { ...response.headers, ...replayedHeader }
      return [status, isStored ? { ...response, headers } : response]
    }),
  )
}

/** The response part of a route's schema for these problems: by status, with one example per code. */
export function problemResponses(codes: readonly ProblemCode[], isRepeatable = false): Responses {
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
  const examples = codes.map((code) => [code, exampleOf(code, isRepeatable)] as const)
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('; '),
    content: {
      'application/problem+json': {
        schema: problemOf(codes),
        examples: Object.fromEntries(examples),
      },
    },
  }
}

/** By code, for actions that may be repeated and for others. */
const examples = {
  repeatable: new Map<ProblemCode, object>(),
  others: new Map<ProblemCode, object>(),
}

/** One example for all routes: a problem is an error, whose stack takes time, and the routes have several hundred. */
function exampleOf(code: ProblemCode, isRepeatable: boolean): object {
  const known = isRepeatable ? examples.repeatable : examples.others
  const example = known.get(code) ?? {
    summary: problems[code].title,
    value: new Problem(code).toDetails(exampleRequestId, isRepeatable),
  }
  known.set(code, example)
  return example
}

/** The one type of every problem, with its codes here, so that a caller can handle each of them. */
function problemOf(codes: readonly ProblemCode[]): TSchema {
  const code = StringEnum(codes)
  return Type.Intersect([Type.Ref('Problem#'), Type.Object({ code })])
}
