/** The OpenAPI document and Swagger UI, made from the routes' own schemas. */
import { STATUS_CODES } from 'node:http'
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types'
import type { Action } from './action.ts'
import { Problem, type ProblemCode, problems } from './problems.ts'

type Response = { description: string; content?: Record<string, unknown>; headers?: unknown }

const exampleRequestId = '0f9f4b8e-4d1c-4b8a-9f64-1c2d3e4f5a6b'
const exampleConversationId = '8602832d-dce1-446b-8445-0d51f5926a42'

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

/** The call that a request would become. */
export const DryRun = Type.Object(
  {
    method: Type.String(),
    url: Type.String(),
    headers: Type.Record(Type.String(), Type.String(), {
      description: 'Tokens are shown as `[redacted]`',
    }),
    body: Type.Object({}, { additionalProperties: true }),
  },
  { $id: 'DryRun', description: 'The call to LiveEngage that was not made' },
)

/** Every code an action's request can end in, whatever the action. */
const commonCodes: readonly ProblemCode[] = [
  'invalid-request',
  'rejected-by-liveengage',
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
  'deadline-exceeded',
  'shutting-down',
  'liveengage-timeout',
]

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

/** The documentation of an action's route: everything of its schema but what is validated. */
export function describeAction(action: Action): FastifySchema {
  const { name, tag, summary, description, isRepeatable, path, settledBy } = action
  const isOfConversation = path.includes(':id') && settledBy !== 'conversation-closed'
  return {
    operationId: name,
    tags: [tag],
    summary,
    description,
    security: [{ AppJWT: [], ConsumerJWS: [] }],
    response: {
      200: {
        description: 'With `dryRun=true`: the call to LiveEngage that was not made',
        content: {
          'application/json': {
            schema: Type.Ref('DryRun#'),
            examples: { dryRun: { value: exampleDryRun(action) } },
          },
        },
      },
      ...(action.outcome === 'event' ? { 201: eventResponse } : { 204: silentResponse }),
      ...problemResponses(
        isOfConversation ? [...commonCodes, 'conversation-closed'] : commonCodes,
        isRepeatable,
      ),
    },
  }
}

const eventResponse: Response = {
  description: 'LiveEngage accepted the event and numbered it',
  content: {
    'application/json': {
      schema: Type.Ref('Event#'),
      examples: {
        accepted: {
          value: {
            conversationId: exampleConversationId,
            dialogId: exampleConversationId,
            sequence: 0,
            requestId: exampleRequestId,
          },
        },
      },
    },
  },
}

const silentResponse = Type.Null({ description: 'LiveEngage accepted it' })

function exampleDryRun(action: Action): unknown {
  const [example] = Object.values(action.examples)
  const input = { params: { id: exampleConversationId }, query: {}, body: example?.value ?? {} }
  return {
    method: 'POST',
    url: 'https://va.msg.liveperson.net/api/account/12345678/messaging/consumer/conversation/send?v=3',
    headers: {
      Authorization: '[redacted]',
      'X-LP-ON-BEHALF': '[redacted]',
      'Content-Type': 'application/json',
    },
    body: { kind: 'req', id: exampleRequestId, ...action.translate(input) },
  }
}

/** Headers that the proxy reads by itself; only documented here, so that no validator runs over all headers of a request. */
const documentedHeaders = Type.Object({
  'X-LP-Account-Id': Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9]{1,32}$',
      description: 'The LivePerson account. Default: LP_ACCOUNT_ID',
    }),
  ),
  'X-Request-Id': Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      description:
        'Comes back in the answer, the log and every problem; made up where it is absent or has another form',
    }),
  ),
  'X-Request-Timeout-Ms': Type.Optional(
    Type.Integer({ minimum: 100, description: 'A shorter deadline than REQUEST_TIMEOUT_MS' }),
  ),
  'Client-Properties': Type.Optional(
    Type.String({
      description:
        'Passed on as it is; LiveEngage wants it on every call of a conversation. Default: made from LP_CLIENT_FEATURES',
    }),
  ),
})

const info = {
  title: 'liveengage-proxy',
  description: [
    'A small, typed REST API in front of LivePerson’s Connector API (LiveEngage, Conversational Cloud).',
    'Each call becomes one documented LiveEngage call and is answered with its one true outcome.',
    '',
    'A 502 or 504 may have been delivered; every other status outside 2xx was not sent.',
    '',
    'On the sandbox `eyJhbGciOiJub25lIn0.e30.c2FtcGxl` serves as AppJWT and as ConsumerJWS, and any id as conversation.',
  ].join('\n'),
  license: { name: 'MIT', identifier: 'MIT' },
}

/** @param version of the program; the API's own */
export function openapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.1',
      info: { ...info, version },
      // Relative to where the document lies, so that it holds behind a path prefix.
      servers: [{ url: '.', description: 'This proxy' }],
      tags: [
        { name: 'Messages', description: 'What the consumer says' },
        { name: 'Presence', description: 'What the consumer does' },
        { name: 'Receipts', description: 'What the consumer got' },
        { name: 'Conversation', description: 'The conversation as a whole' },
        { name: 'Consumer', description: 'Who the consumer is' },
        { name: 'Process', description: 'The proxy itself' },
        { name: 'Documentation', description: 'What can go wrong' },
      ],
      components: {
        securitySchemes: {
          AppJWT: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'The AppJWT from Sentinel, bare or after `Bearer `',
          },
          ConsumerJWS: {
            type: 'apiKey',
            in: 'header',
            name: 'X-LP-ON-BEHALF',
            description: 'The ConsumerJWS from IDP',
          },
        },
      },
    },
    stripBasePath: false,
    refResolver: {
      buildLocalReference: ({ $id }, _baseUri, _fragment, index) =>
        typeof $id === 'string' ? $id : `def-${index}`,
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: documentAction(schema ?? {}, route.config?.action),
    }),
    transformObject: (document) =>
      'openapiObject' in document ? refine(document.openapiObject) : document.swaggerObject,
  }
}

function documentAction(schema: FastifySchema, action: Action | undefined): FastifySchema {
  if (action === undefined) return schema
  const body: TSchema | undefined = action.body
  return {
    ...schema,
    headers: documentedHeaders,
    ...(body !== undefined && { body: { ...body, 'x-examples': action.examples } }),
    ...(action.isBodyOptional === true && { [optionalBody]: true }),
  }
}

type Document = Partial<OpenAPIV3.Document | OpenAPIV3_1.Document>
type Operation = OpenAPIV3.OperationObject | OpenAPIV3_1.OperationObject

/** @fastify/swagger calls every body required; an action that does without one says so by this extension. */
const optionalBody = 'x-optional-body'

function refine(document: Document): Document {
  const shared = new Map<string, { name: string; response: unknown }>()
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of [path?.get, path?.post, path?.put, path?.delete]) {
      if (operation === undefined) continue
      allowEmptyBody(operation)
      shareResponses(operation, shared)
    }
  }
  const responses = [...shared.values()].map(({ name, response }) => [name, response])
  Object.assign(document.components ?? {}, { responses: Object.fromEntries(responses) })
  return document
}

function allowEmptyBody(operation: Operation): void {
  if (!(optionalBody in operation)) return
  delete operation[optionalBody]
  if (operation.requestBody !== undefined && 'required' in operation.requestBody) {
    operation.requestBody.required = false
  }
}

/** Most operations share their problem responses: each is written once, under the status's name and a number. */
function shareResponses(
  { responses = {} }: Operation,
  shared: Map<string, { name: string; response: unknown }>,
): void {
  for (const [status, response] of Object.entries(responses)) {
    if (Number(status) < 400) continue
    const text = JSON.stringify(response)
    const stem = (STATUS_CODES[status] ?? status).replace(/[^A-Za-z]/g, '')
    const others = [...shared.values()].filter(({ name }) => name.replace(/[0-9]+$/, '') === stem)
    const name = others.length === 0 ? stem : `${stem}${others.length + 1}`
    const entry = shared.get(text) ?? { name, response }
    shared.set(text, entry)
    responses[status] = { $ref: `#/components/responses/${entry.name}` }
  }
}

/** The UI serves its own copy of the document one level deeper, and works behind a path prefix. */
export const swaggerUiOptions: FastifySwaggerUiOptions = {
  routePrefix: '/docs',
  theme: { title: 'liveengage-proxy' },
  uiConfig: { deepLinking: true, layout: 'BaseLayout', tryItOutEnabled: true },
  uiHooks: {
    // Without the slash the page would name its parts by absolute paths, which a prefix breaks.
    onRequest: (request, reply, done) => {
      if (/^[^?]*\/docs(\?|$)/.test(request.url)) reply.redirect('docs/')
      else done()
    },
  },
  transformSpecification: (document) => ({ ...document, servers: [{ url: '..' }] }),
}
