/** The OpenAPI document, made from the schemas of the routes. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { FastifySchema } from 'fastify'
import type { Action } from '../actions/action.ts'
import { exampleConversationId } from './examples.ts'
import { consumerIdParameter, documentedHeaders } from './headers.ts'
import { securitySchemes } from './security.ts'
import { shareResponses } from './shared-responses.ts'
import { webhooks } from './webhooks.ts'

const info = {
  title: 'liveengage-proxy',
  description: [
    'A small, typed REST API in front of LivePerson’s Connector API (LiveEngage, Conversational Cloud).',
    'Each call becomes one documented call of LiveEngage, and the answer tells its true outcome.',
    '',
    'After a 502, a 504 or a 409 `idempotency-key-in-use` the request may have been delivered. After every other status outside 2xx it was not sent; a 500 says which in `delivery`. The native routes return LiveEngage’s own answers; there the rule holds for problems only.',
    '',
    'The sandbox accepts any ConsumerId alone (its `/docs` presets `ada`), or `eyJhbGciOiJub25lIn0.e30.c2FtcGxl` as AppJWT and as ConsumerJWS. It accepts any id of a conversation. Its account is `sandbox`.',
  ].join('\n'),
  license: { name: 'MIT', identifier: 'MIT' },
}

/** @param version of the program and of the API @param publicUrl the proxy's URL for its callers */
export function openapiOptions(
  version: string,
  publicUrl: string | undefined,
): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.1',
      info: { ...info, version },
      // Else relative to the document, so that it is right behind a path prefix.
      servers: [{ url: publicUrl?.replace(/\/$/, '') ?? '.', description: 'This proxy' }],
      tags: [
        // As a conversation goes.
        { name: 'Conversation', description: 'Open a conversation, set its urgency' },
        { name: 'Messages', description: 'Send messages' },
        { name: 'Presence', description: 'Show typing and presence' },
        { name: 'Receipts', description: 'Acknowledge messages' },
        { name: 'Files', description: 'Send and get pictures' },
        { name: 'Closing', description: 'Rate and close a conversation' },
        { name: 'Consumer', description: 'Set the profile of the consumer' },
        { name: 'Native', description: 'The Connector API, unchanged' },
        {
          name: 'Webhooks',
          description: 'What your app gets at `EVENTS_URL`, signed as Standard Webhooks 1.0 says',
        },
        { name: 'Process', description: 'Probes and metrics' },
        { name: 'Documentation', description: 'The problems of this API' },
      ],
      components: {
        securitySchemes,
      },
    },
    stripBasePath: false,
    refResolver: {
      buildLocalReference: ({ $id }) => String($id),
    },
    transform: ({ schema, url, route }) => ({
      url: url.replace(/\*$/, '{relativePath}'),
      schema: documentCall({ ...schema }, url, route.method, route.config),
    }),
    transformObject: (documents) => {
      const [document] = Object.values(documents)
      Value.Assert(Refinable, document)
      refine(document)
      return document
    },
  }
}

type CallConfig = {
  callsLiveEngage?: boolean
  action?: Action
  documentedBody?: TSchema
  documentedParams?: TSchema
  documentedQuery?: TSchema
  consumes?: string[]
}

/** Adds to the schema of a call the parts that are documented and not validated. */
function documentCall(
  schema: FastifySchema,
  url: string,
  method: string | string[],
  config: CallConfig = {},
): FastifySchema {
  const { action, documentedBody, documentedParams, documentedQuery, consumes } = config
  if (config.callsLiveEngage !== true) return schema
  const body = action?.body
  return {
    ...schema,
    headers: documentedHeaders({
      takesKey: method === 'POST',
      takesAccount: !url.includes(':accountId'),
    }),
    ...(body !== undefined && { body: { ...body, 'x-examples': action?.examples } }),
    ...(action?.hasOptionalBody === true && { [optionalBody]: true }),
    ...(documentedBody !== undefined && { body: documentedBody }),
    ...(documentedParams !== undefined && { params: documentedParams }),
    ...(documentedQuery !== undefined && { querystring: documentedQuery }),
    ...(consumes !== undefined && { consumes }),
  }
}

/** @fastify/swagger marks every body as required. This extension marks an optional one until the document is finished. */
const optionalBody = 'x-optional-body'

/** The parts of the finished document that are refined here. The plugin's own types allow for every version of OpenAPI. */
const Refinable = Type.Object({
  paths: Type.Record(
    Type.String(),
    Type.Record(
      Type.String(),
      Type.Object({
        [optionalBody]: Type.Optional(Type.Literal(true)),
        requestBody: Type.Optional(Type.Object({ required: Type.Boolean() })),
        parameters: Type.Optional(
          Type.Array(
            Type.Object({
              name: Type.String(),
              in: Type.String(),
              required: Type.Boolean(),
              schema: Type.Record(Type.String(), Type.Unknown()),
              example: Type.Optional(Type.Unknown()),
            }),
          ),
        ),
        security: Type.Optional(Type.Array(Type.Object({}))),
        responses: Type.Record(Type.String(), Type.Unknown()),
      }),
    ),
  ),
  components: Type.Record(Type.String(), Type.Unknown()),
  webhooks: Type.Optional(Type.Unknown()),
})

/** Of parameters that a schema checks. In that schema an example would get into the messages of errors. */
const checkedExamples: Record<string, string> = {
  dialogId: exampleConversationId,
  dryRun: 'true',
}

function refine(document: Static<typeof Refinable>): void {
  const shared = new Map<string, string>()
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  for (const operation of operations) {
    const { [optionalBody]: isOptional, requestBody } = operation
    delete operation[optionalBody]
    if (isOptional && requestBody) requestBody.required = false
    if (operation.security?.some((way) => 'ConsumerId' in way)) {
      operation.parameters?.unshift(consumerIdParameter)
    }
    for (const parameter of operation.parameters ?? []) {
      const { name, required, example = checkedExamples[name] } = parameter
      if (required || example === undefined) continue
      // Swagger UI always sends the example of a parameter, but not that of its schema.
      parameter.schema['examples'] = [example]
      delete parameter.example
    }
    operation.parameters?.sort((one, other) => placeOf(one) - placeOf(other))
    shareResponses(operation.responses, shared)
  }
  document.webhooks = webhooks
  document.components['responses'] = Object.fromEntries(
    [...shared].map(([text, name]) => [name, JSON.parse(text)]),
  )
}

/** What a call needs comes first, and `dryRun`, which few use, last. Swagger UI groups parameters by place. */
function placeOf(parameter: { name: string; in: string }): number {
  if (parameter.name === 'dryRun') return 3
  return ['path', 'header', 'query'].indexOf(parameter.in)
}
