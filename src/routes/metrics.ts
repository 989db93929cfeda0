/** The metrics, for Prometheus and what speaks its text format. */
import type { Registry } from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import type { Secrets } from '../config/secrets.ts'
import { checkKey } from '../http/admission.ts'
import { metricsOperation } from '../openapi/process-operations.ts'

export type MetricsRouteOptions = {
  /** Of the keys that may read them; without any, everybody may. */
  secrets: Pick<Secrets, 'acceptsKey'> | undefined
  /** On the admin listener. */
  isElsewhere: boolean
}

export function mountMetrics(
  app: FastifyInstance,
  metrics: Registry,
  { secrets, isElsewhere }: MetricsRouteOptions,
): void {
  app.get('/metrics', {
    config: { isPolled: true, isElsewhere },
    schema: metricsOperation,
    // Not before the handler: where they are elsewhere there is no such route, with a key or without.
    handler: async ({ headers }, reply) => {
      if (secrets !== undefined) checkKey(headers, secrets)
      return reply.type(metrics.contentType).send(await metrics.metrics())
    },
  })
}
