/** The one place where a thrown error, or a path without a route, becomes an answer. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import findMyWay from 'find-my-way'
import { longestId } from '../liveengage/protocol/values.ts'
import { Problem } from '../problems/problem.ts'
import { payloadTooLarge, unsupportedMediaType } from '../problems/refused-body.ts'
import { activityOf } from './connections.ts'
import { isBodyless } from './json-body.ts'

/** Fastify's own refusals, by its codes. */
const frameworkProblems: Record<string, (request: FastifyRequest) => Problem> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ routeOptions }) =>
    payloadTooLarge('BODY_LIMIT_BYTES', routeOptions.bodyLimit),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ({ routeOptions }) =>
    unsupportedMediaType(routeOptions.config.consumes === undefined ? 'json' : 'form'),
  FST_ERR_MAX_PARAM_LENGTH: () =>
    new Problem('uri-too-long', { detail: `An id has at most ${longestId} characters.` }),
}

/** Turns an error into a problem, and answers with it. */
export function answerWithProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = toProblem(error, request)
  request.state.problem = problem
  const isRepeatable = request.routeOptions.config?.isRepeatable === true
  const { hasShortProblems, problemsUrl } = request.server
  reply
    .code(problem.status)
    .headers(problem.headers())
    .type('application/problem+json')
    .send(
      hasShortProblems
        ? problem.toShortDetails(request.id, problemsUrl)
        : problem.toDetails(request.id, isRepeatable, problemsUrl),
    )
}

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (isFrameworkError(error)) {
    const known = frameworkProblems[error.code]
    if (known !== undefined) return known(request)
    const { statusCode = 500 } = error
    if (statusCode >= 400 && statusCode < 500) {
      return new Problem('invalid-request', { detail: 'The request is malformed.' })
    }
  }
  const delivery = request.state.mayBeSent ? 'unknown' : 'not-sent'
  return new Problem('internal-error', { cause: error, delivery })
}

function isFrameworkError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

/**
 * Must be called before the first route: it learns the paths from their registration.
 * @returns the problem of a request without a route. It is known before the body, which is then neither checked nor kept
 */
export function mountErrorHandler(app: FastifyInstance): (request: FastifyRequest) => Problem {
  const methodsByPath = new Map<string, Set<string>>()
  const paths = findMyWay({ maxParamLength: longestId })
  app.addHook('onRoute', (route) => {
    const { url, method, config } = route
    if (config?.isElsewhere === true) {
      route.handler = () => {
        throw new Problem('route-not-found', { detail: 'This route is on ADMIN_PORT.' })
      }
      return
    }
    const methods = methodsByPath.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    if (!methodsByPath.has(url)) paths.on('GET', url, () => undefined, methods)
    methodsByPath.set(url, methods)
  })
  app.setErrorHandler((error, request, reply) => {
    const { raw, headers } = request
    const activity = activityOf(raw.socket)
    if (activity?.isRefused !== true) {
      const isAwaited = headers.expect !== undefined && !isBodyless(headers) && !raw.complete
      // Node closes after a body that it did not ask for: what comes next may be that body.
      if (isAwaited && activity !== undefined) activity.isRefused = true
      // Fastify closes after each body that it refuses. Requests behind it may be in progress already, and need their answers.
      else if (reply.hasHeader('connection')) reply.removeHeader('connection')
    }
    answerWithProblem(error, request, reply)
  })
  return ({ url, method }: FastifyRequest): Problem => {
    const [path = ''] = url.split('?', 1)
    const methods: unknown = paths.find('GET', path)?.store
    if (methods instanceof Set && !methods.has(method)) {
      const allow = [...methods].sort()
      const detail = `This path accepts ${allow.join(', ')}, not ${method}.`
      return new Problem('method-not-allowed', { detail, allow })
    }
    const detail = 'No route matches the path. /openapi.json lists all routes.'
    return new Problem('route-not-found', methodsByPath.has('/openapi.json') ? { detail } : {})
  }
}
