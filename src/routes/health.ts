/** Whether the process is alive, and whether it is ready. Neither calls LiveEngage. */
import type { FastifyInstance } from 'fastify'
import type { Drain } from '../http/drain.ts'
import { canOpenFiles } from '../http/open-files.ts'
import { livenessOperation, readinessOperation } from '../openapi/process-operations.ts'
import { Problem } from '../problems/problem.ts'

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
      schema: livenessOperation,
    },
    () => {
      requireFiles()
      return { status: 'alive' }
    },
  )
  app.get(
    '/readyz',
    {
      config,
      schema: readinessOperation,
    },
    () => {
      if (drain.isDraining) throw new Problem('shutting-down')
      requireFiles()
      return { status: 'ready' }
    },
  )
}

/** Without a free file there is no connection to LiveEngage. @throws Problem `overloaded` */
function requireFiles(): void {
  if (canOpenFiles()) return
  const detail = 'The process has as many files open as its limit (ulimit -n) allows.'
  throw new Problem('overloaded', { detail })
}
