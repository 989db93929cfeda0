/** The metrics, for Prometheus and what speaks its text format. */
import type { Registry } from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import type { Secrets } from '../config/secrets.ts'
import { checkKey } from '../http/admission.ts'
import { metricsOperation } from '../openapi/process-operations.ts'

export type MetricsRouteOptions = {
  /** The keys that may read them; without any, everyone may. */
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
    // Not before the handler: if they are elsewhere, the route does not exist, with or without a key.
    handler: async ({ headers }, reply) => {
      if (secrets !== undefined) checkKey(headers, secrets)
      return reply.type(metrics.contentType).send(await metrics.metrics())
    },
  })
}
