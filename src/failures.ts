/** The one place where a thrown error, or a path without a route, becomes an answer. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import findMyWay from 'find-my-way'
import { Problem, type ProblemCode } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request failed with, for its log line. */
    problem: Problem | null
  }
  interface FastifyContextConfig {
    /** The route belongs to another listener: here it is documented and not found. */
    isElsewhere?: boolean
  }
}

/** Fastify's own refusals, by its codes. */
const frameworkCodes: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload-too-large',
  FST_REQ_FILE_TOO_LARGE: 'payload-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
}

/** Answers with the problem that an error is. */
export function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error, request)
  request.problem = problem
  const isRepeatable = request.routeOptions.config?.isRepeatable === true
  reply
    .code(problem.status)
    .headers(problem.headers())
    .type('application/problem+json')
    .send(problem.toDetails(request.id, isRepeatable))
}

function toProblem(error: unknown, { mayBeSent }: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (isFrameworkError(error)) {
    const known = frameworkCodes[error.code]
    if (known !== undefined) return new Problem(known)
    const { statusCode = 500 } = error
    if (statusCode >= 400 && statusCode < 500) {
      return new Problem('invalid-request', { detail: 'The request is malformed.' })
    }
  }
  const delivery = mayBeSent ? 'unknown' : 'not-sent'
  return new Problem('internal-error', { cause: error, delivery })
}

function isFrameworkError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

/** Must be called before the first route: it learns the paths from their registration. */
export function answerFailures(app: FastifyInstance): void {
  const methodsByPath = new Map<string, Set<string>>()
  const paths = findMyWay({ maxParamLength: 128 })
  app.addHook('onRoute', (route) => {
    const { url, method, config } = route
    if (config?.isElsewhere === true) {
      route.handler = () => {
        throw new Problem('route-not-found', { detail: 'It is on ADMIN_PORT, not here.' })
      }
      return
    }
    const methods = methodsByPath.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    if (!methodsByPath.has(url)) paths.on('GET', url, () => undefined, methods)
    methodsByPath.set(url, methods)
  })
  app.setErrorHandler(fail)
  app.setNotFoundHandler((request) => {
    const [path = ''] = request.url.split('?', 1)
    const methods: unknown = paths.find('GET', path)?.store
    // A route that has the method has found nothing under its pattern, as the one of the documentation's files does.
    if (methods instanceof Set && !methods.has(request.method)) {
      const allow = [...methods].sort()
      const detail = `This path takes ${allow.join(', ')}, not ${request.method}.`
      throw new Problem('method-not-allowed', { detail, allow })
    }
    const detail = 'No route has this path; /openapi.json has those that there are.'
    throw new Problem('route-not-found', methodsByPath.has('/openapi.json') ? { detail } : {})
  })
}
