import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** A refusal of the agent's API. */
export class ApiError extends Error {
  readonly statusCode: number

  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

export type Operation<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: string
  tag: string
  /** In three words, for lists. */
  summary: string
  description?: string
  status?: number
  params?: P
  query?: Q
  body?: B
  bodyLimit?: number
  example?: unknown
  handle: (
    input: { params: Static<P>; query: Static<Q>; body: Static<B> },
    reply: FastifyReply,
  ) => unknown
}

const nothing = Type.Object({}, { additionalProperties: false })
const anything = Type.Object({})

/** Registers one operation: its schemas check it and document it. */
export function add<
  P extends TSchema = typeof nothing,
  Q extends TSchema = typeof nothing,
  B extends TSchema = typeof nothing,
>(app: FastifyInstance, operation: Operation<P, Q, B>): void {
  const { method, url, tag, summary, description, status = 200, params, query, body } = operation
  app.route<{ Params: Static<P>; Querystring: Static<Q>; Body: Static<B> }>({
    method,
    url,
    ...(operation.bodyLimit === undefined ? {} : { bodyLimit: operation.bodyLimit }),
    config: { isSandboxPage: true },
    schema: {
      tags: [tag],
      summary,
      ...(description === undefined ? {} : { description }),
      ...(params === undefined ? {} : { params }),
      querystring: query ?? nothing,
      ...(method === 'GET' ? {} : { body: withExample(body ?? nothing, operation.example) }),
      response: { [status]: { type: 'object', additionalProperties: true, description: 'Done' } },
    },
    // Checked in the handler, without compiling: a sandbox is started a hundred times in a test run, and called a few times.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    handler: async (request, reply) => {
      check('params', params ?? anything, request.params)
      check('query', query ?? nothing, request.query)
      check('body', body ?? nothing, request.body ?? {})
      reply.code(status)
      return operation.handle(
        { params: request.params, query: request.query, body: request.body },
        reply,
      )
    },
  })
}

function withExample(schema: TSchema, example: unknown): TSchema {
  return example === undefined ? schema : { ...schema, examples: [example] }
}

function check(part: string, schema: TSchema, value: unknown): void {
  const broken = Value.Errors(schema, value).First()
  if (broken !== undefined) throw new ApiError(400, `${part}${broken.path}: ${broken.message}`)
}
