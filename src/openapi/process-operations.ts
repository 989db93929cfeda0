/** The documentation of the probes and the metrics. */
import { Type } from '@sinclair/typebox'
import type { ProblemCode } from '../problems/catalogue.ts'
import { StringEnum } from '../string-enum.ts'
import { frameCodes, problemResponses } from './responses.ts'

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

/** The last one if ADMIN_PORT is set. */
const codes: readonly ProblemCode[] = [...frameCodes, 'route-not-found']

const whereItIs = 'If ADMIN_PORT is set, this route is on that port only.'

export const livenessOperation = {
  operationId: 'getLiveness',
  security: [],
  tags: ['Process'],
  summary: 'Liveness probe',
  description: `Answers 200 as long as the process runs, and 503 while it can open no more files. ${whereItIs}`,
  response: { ...json('The process is alive', 'alive'), ...problemResponses(codes) },
}

export const readinessOperation = {
  operationId: 'getReadiness',
  security: [],
  tags: ['Process'],
  summary: 'Readiness probe',
  description: `Answers 503 as soon as the process is told to stop, and while it can open no more files. It does not depend on LiveEngage. ${whereItIs}`,
  response: {
    ...json('The process accepts requests', 'ready'),
    ...problemResponses(codes),
  },
}

const example = [
  '# HELP liveengage_proxy_queue_depth Calls in the queues of all hosts. MAX_QUEUE is the limit for one host.',
  '# TYPE liveengage_proxy_queue_depth gauge',
  'liveengage_proxy_queue_depth 0',
  '',
].join('\n')

export const metricsOperation = {
  operationId: 'getMetrics',
  security: [{}, { ApiKey: [] }],
  tags: ['Process'],
  summary: 'Metrics',
  description:
    'Metrics in Prometheus’s text format; docs/metrics.md describes them. No label names an account, a consumer, a conversation or a host. If ADMIN_PORT is set, this route is on that port only and needs no key.',
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
    ...problemResponses([...codes, 'api-key-required']),
  },
}
