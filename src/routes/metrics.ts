/** The metrics, for Prometheus and what speaks its text format. */
import type { Registry } from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import { checkKey } from '../admission.ts'
import { problemResponses } from '../responses.ts'

export type MetricsRouteOptions = {
  /** Whether a caller with this `X-API-Key` may read them. */
  acceptsKey: (key: string | undefined) => boolean
  /** On the admin listener. */
  isElsewhere: boolean
}

export function mountMetrics(
  app: FastifyInstance,
  metrics: Registry,
  { acceptsKey, isElsewhere }: MetricsRouteOptions,
): void {
  app.get('/metrics', {
    config: { isPolled: true, isElsewhere },
    schema: {
      operationId: 'getMetrics',
      security: [{}, { ApiKey: [] }],
      tags: ['Process'],
      summary: 'How is the process doing?',
      description:
        'Metrics in Prometheus’s text format, described in docs/metrics.md. No label names an account, a consumer, a conversation or a host. Where ADMIN_PORT is set, it is on that port only, without any key.',
      response: {
        200: {
          description: 'The metrics',
          content: {
            'text/plain': {
              schema: { type: 'string' },
              examples: { inFlight: { value: example } },
            },
          },
        },
        ...problemResponses(['api-key-required']),
      },
    },
    // Not before the handler: where they are elsewhere there is no such route, with a key or without.
    handler: async ({ headers }, reply) => {
      checkKey(headers, acceptsKey)
      return reply.type(metrics.contentType).send(await metrics.metrics())
    },
  })
}

const example = [
  '# HELP liveengage_proxy_queue_depth Calls that wait for their turn, of all hosts. MAX_QUEUE is the most for one host.',
  '# TYPE liveengage_proxy_queue_depth gauge',
  'liveengage_proxy_queue_depth 0',
  '',
].join('\n')
