/** The table of problems, for people and programs that meet one. */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { Delivery, Problem, type ProblemCode, problems } from '../problems.ts'
import { problemResponses } from '../responses.ts'

const ProblemDescription = Type.Object({
  type: Type.String(),
  code: Type.String(),
  status: Type.Integer(),
  title: Type.String(),
  cause: Type.String(),
  remedy: Type.String(),
  delivery: Delivery,
  retryable: Type.Union([Type.Boolean(), Type.Literal('if-repeatable')], {
    description: '`if-repeatable`: true for actions whose repetition changes nothing',
  }),
})

function describe(code: ProblemCode) {
  const { status, title, cause, remedy, delivery, retryable } = problems[code]
  return { type: `/problems/${code}`, code, status, title, cause, remedy, delivery, retryable }
}

function isCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

export function mountProblems(app: FastifyInstance): void {
  const codes = Object.keys(problems).filter(isCode)
  app.get(
    '/problems',
    {
      schema: {
        operationId: 'listProblems',
        security: [],
        tags: ['Documentation'],
        summary: 'Every problem, its cause and its remedy',
        description: 'The table that every problem answer of this API comes from.',
        response: {
          200: {
            description: 'The table',
            content: {
              'application/json': {
                schema: Type.Object({ problems: Type.Array(ProblemDescription) }),
                examples: { table: { value: { problems: [describe('rate-limited')] } } },
              },
            },
          },
        },
      },
    },
    () => ({ problems: codes.map(describe) }),
  )
  app.get<{ Params: { code: string } }>(
    '/problems/:code',
    {
      schema: {
        operationId: 'getProblem',
        security: [],
        tags: ['Documentation'],
        summary: 'One problem, its cause and its remedy',
        description: 'Where the `type` of a problem answer points.',
        params: Type.Object({ code: Type.String({ examples: ['rate-limited'] }) }),
        response: {
          200: {
            description: 'The problem',
            content: {
              'application/json': {
                schema: ProblemDescription,
                examples: { problem: { value: describe('rate-limited') } },
              },
            },
          },
          ...problemResponses(['route-not-found']),
        },
      },
    },
    ({ params: { code } }) => {
      if (!isCode(code))
        throw new Problem('route-not-found', { detail: 'There is no such problem.' })
      return describe(code)
    },
  )
}
