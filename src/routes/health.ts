/** Whether the process lives, and whether it wants traffic. Neither asks LiveEngage. */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { Drain } from '../drain.ts'
import { Problem } from '../problems.ts'
import { problemResponses } from '../responses.ts'
import { StringEnum } from '../string-enum.ts'

const json = (description: string, status: string) => ({
  200: {
    description,
    content: {
      'application/json': {
        schema: Type.Object({ status: StringEnum([status]) }),
        examples: { [status]: { value: { status } } },
      },
    },
  },
})

const whereItIs = 'Where ADMIN_PORT is set, it is on that port only.'

export function mountHealth(
  app: FastifyInstance,
  drain: Drain,
  { isElsewhere }: { isElsewhere: boolean },
): void {
  const config = { isPolled: true, isElsewhere }
  app.get(
    '/livez',
    {
      config,
      schema: {
        operationId: 'getLiveness',
        security: [],
        tags: ['Process'],
        summary: 'Is the process alive?',
        description: `Answers as long as the process does. For a liveness probe. ${whereItIs}`,
        response: json('It is alive', 'alive'),
      },
    },
    () => ({ status: 'alive' }),
  )
  app.get(
    '/readyz',
    {
      config,
      schema: {
        operationId: 'getReadiness',
        security: [],
        tags: ['Process'],
        summary: 'Does the process want traffic?',
        description: `Turns 503 at once when the process is told to stop. It does not depend on LiveEngage. For a readiness probe. ${whereItIs}`,
        response: { ...json('It takes requests', 'ready'), ...problemResponses(['shutting-down']) },
      },
    },
    () => {
      if (drain.isDraining) throw new Problem('shutting-down')
      return { status: 'ready' }
    },
  )
}
