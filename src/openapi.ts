/** The OpenAPI document and Swagger UI, made from the routes' own schemas. */
import { STATUS_CODES } from 'node:http'
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import type { Action } from './action.ts'

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

/** Of a call that is a POST; ignored on any other. */
const documentedKey = Type.Object({
  ...documentedHeaders.properties,
  'Idempotency-Key': Type.Optional(
    Type.String({
      pattern: '^[!-~]{1,255}$',
      description:
        'Makes a retry safe: the same request with the same key gets the first one’s outcome again, with `Idempotency-Replayed: true`, and is not sent twice. An outcome with `delivery: not-sent` is forgotten, so that a retry is sent. Counts for one consumer on one route, for ten minutes, in the memory of this instance',
    }),
  ),
})

const info = {
  title: 'liveengage-proxy',
  description: [
    'A small, typed REST API in front of LivePerson’s Connector API (LiveEngage, Conversational Cloud).',
    'Each call becomes one documented LiveEngage call and is answered with its one true outcome.',
    '',
    'A 502, a 504 or a 409 `idempotency-key-in-use` may have been delivered; every other status outside 2xx was not sent (a 500 says which in `delivery`). (The native routes pass LiveEngage’s own answers on; there only a problem says so.)',
    '',
    'On the sandbox any ConsumerId is enough to authorize, or `eyJhbGciOiJub25lIn0.e30.c2FtcGxl` as AppJWT and as ConsumerJWS; any id serves as conversation; the account is `sandbox`.',
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
        { name: 'Conversation', description: 'The conversation as a whole' },
        { name: 'Messages', description: 'What the consumer says' },
        { name: 'Files', description: 'What the consumer shows' },
        { name: 'Presence', description: 'What the consumer does' },
        { name: 'Receipts', description: 'What the consumer got' },
        { name: 'Consumer', description: 'Who the consumer is' },
        { name: 'Native', description: 'The Connector API as it is' },
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
          ConsumerId: {
            type: 'apiKey',
            in: 'header',
            name: 'X-LP-Consumer-Id',
            description:
              'Your own id of the consumer, 1 to 256 visible characters, where the proxy has credentials of the account',
          },
          ApiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'X-API-Key',
            description: 'The proxy’s own key, where API_KEYS is set',
          },
        },
      },
    },
    stripBasePath: false,
    refResolver: {
      buildLocalReference: ({ $id }) => String($id),
    },
    transform: ({ schema, url, route }) => ({
      url: url.replace(/\*$/, '{relativePath}'),
      schema: documentCall({ ...schema }, route.method, route.config),
    }),
    transformObject: (document) => Object(refine(Object(document).openapiObject)),
  }
}

type CallConfig = {
  action?: Action
  documentedBody?: TSchema
  documentedParams?: TSchema
  documentedQuery?: TSchema
  consumes?: string[]
}

/** Adds to the schema of a call what is documented and not validated by a schema. */
function documentCall(
  schema: FastifySchema,
  method: string | string[],
  config: CallConfig = {},
): FastifySchema {
  const { action, documentedBody, documentedParams, documentedQuery, consumes } = config
  const isForConsumer = schema.security?.some((way) => !Object.keys(way).every(isApiKey)) === true
  if (!isForConsumer) return schema
  const body = action?.body
  return {
    ...schema,
    headers: method === 'POST' ? documentedKey : documentedHeaders,
    ...(body !== undefined && { body: { ...body, 'x-examples': action?.examples } }),
    ...(action?.isBodyOptional === true && { [optionalBody]: true }),
    ...(documentedBody !== undefined && { body: documentedBody }),
    ...(documentedParams !== undefined && { params: documentedParams }),
    ...(documentedQuery !== undefined && { querystring: documentedQuery }),
    ...(consumes !== undefined && { consumes }),
  }
}

function isApiKey(name: string): boolean {
  return name === 'ApiKey'
}

/** As much of the finished document as is refined here; the plugin's own types allow for every version of it. */
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: Record<string, unknown>
}
type Operation = {
  [optionalBody]?: true
  requestBody?: { required: boolean }
  responses: Record<string, unknown>
}

/** @fastify/swagger calls every body required; an action that does without one says so by this extension. */
const optionalBody = 'x-optional-body'

function refine(document: Document): Document {
  const shared = new Map<string, string>()
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  for (const operation of operations) {
    const { [optionalBody]: isOptional, requestBody } = operation
    delete operation[optionalBody]
    if (isOptional && requestBody) requestBody.required = false
    shareResponses(operation, shared)
  }
  document.components['responses'] = Object.fromEntries(
    [...shared].map(([text, name]) => [name, JSON.parse(text)]),
  )
  return document
}

/** Most operations share their problem responses: each is written once, under the status's name and a number. */
function shareResponses({ responses }: Operation, shared: Map<string, string>): void {
  const names = Object.keys(responses).filter((status) => Number(status) >= 400)
  for (const status of names) {
    const text = JSON.stringify(responses[status])
    const stem = String(STATUS_CODES[status]).replace(/[^A-Za-z]/g, '')
    const others = [...shared.values()].filter((name) => name.replace(/[0-9]+$/, '') === stem)
    const name = others.length === 0 ? stem : `${stem}${others.length + 1}`
    shared.set(text, shared.get(text) ?? name)
    responses[status] = { $ref: `#/components/responses/${shared.get(text)}` }
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
