/** The documentation of the table of problems. */
import { Type } from '@sinclair/typebox'
import { Delivery, type ProblemCode, problems } from '../problems/catalogue.ts'
import { relativeProblemsUrl } from '../problems/problem.ts'
import { frameCodes, problemResponses } from './responses.ts'

export const ProblemDescription = Type.Object(
  {
    type: Type.String(),
    code: Type.String(),
    status: Type.Integer(),
    title: Type.String(),
    cause: Type.String(),
    remedy: Type.String(),
    delivery: Delivery,
    retryable: Type.Union([Type.Boolean(), Type.Literal('if-repeatable')], {
      description: '`if-repeatable`: true for actions that change nothing when they are repeated',
    }),
  },
  { $id: 'ProblemDescription', description: 'A way in which a request can fail' },
)

/** One problem, as the table has it. @param problemsUrl what `type` begins with */
export function describeProblem(code: ProblemCode, problemsUrl: string = relativeProblemsUrl) {
  const { status, title, cause, remedy, delivery, retryable } = problems[code]
  return { type: `${problemsUrl}${code}`, code, status, title, cause, remedy, delivery, retryable }
}

export const listProblemsOperation = {
  operationId: 'listProblems',
  security: [],
  tags: ['Documentation'],
  summary: 'List all problems',
  description: 'Every problem that this API can answer, with its cause and its remedy.',
  response: {
    200: {
      description: 'All problems',
      content: {
        'application/json': {
          schema: Type.Object({ problems: Type.Array(Type.Ref('ProblemDescription#')) }),
          examples: { table: { value: { problems: [describeProblem('rate-limited')] } } },
        },
      },
    },
    ...problemResponses(frameCodes),
  },
}

export const getProblemOperation = {
  operationId: 'getProblem',
  security: [],
  tags: ['Documentation'],
  summary: 'Get one problem',
  description:
    'One problem with its cause and its remedy. The `type` of a problem answer points here.',
  params: Type.Object({
    code: Type.String({ description: 'The `code` of a problem', examples: ['rate-limited'] }),
  }),
  response: {
    200: {
      description: 'The problem',
      content: {
        'application/json': {
          schema: Type.Ref('ProblemDescription#'),
          examples: { problem: { value: describeProblem('rate-limited') } },
        },
      },
    },
    ...problemResponses([...frameCodes, 'route-not-found']),
  },
}
