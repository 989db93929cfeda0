/** LiveEngage's own paths and payloads, for clients of the Connector API that point their host here and change nothing else. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type CallHooksOptions, callHooks } from '../http/call-hooks.ts'
import { guarded } from '../http/idempotency-key.ts'
import { keepBody } from '../http/json-body.ts'
import type { Client } from '../liveengage/client.ts'
import { describeNative, nativeParts } from '../openapi/native-operations.ts'
import { Problem } from '../problems/problem.ts'

export type NativeRoutesOptions = CallHooksOptions & { client: Client }

type Route = { Params: { accountId: string }; Querystring: Record<string, unknown> }

export async function nativeRoutes(
  app: FastifyInstance,
  options: NativeRoutesOptions,
): Promise<void> {
  // The payload goes on byte for byte, so nothing reads it here.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    keepBody(request, body)
    done(null, body)
  })
  const hooks = callHooks(options, { priority: 'high', hasDryRun: false, accountOf })
  for (const method of ['conversation', 'conversation/send'] as const) {
    app.post<Route>(`/api/account/:accountId/messaging/consumer/${method}`, {
      config: { ...nativeParts[method], callsLiveEngage: true },
      schema: describeNative(method),
      ...hooks,
      handler: async (request, reply) => {
        const { body, query, url } = request
        if (!Buffer.isBuffer(body))
          throw new Problem('invalid-request', { detail: 'A body is required.' })
        // Who tries a dry run here must not send a real message.
        if ('dryRun' in query || url.includes('#')) {
          const errors = [{ path: 'query:dryRun', message: 'is not for native routes' }]
          const detail = 'Native routes translate nothing: no dry run, and no fragment in the path.'
          throw new Problem('invalid-request', { detail, errors })
        }
        request.state.mayBeSent = true
        const [, search = ''] = /^[^?]*(\?.*)$/s.exec(url) ?? []
        const answer = await options.client.forward(method, search, body, guarded(request))
        if (answer.contentType !== undefined) reply.header('content-type', answer.contentType)
        if (answer.retryAfter !== undefined) reply.header('retry-after', answer.retryAfter)
        return reply.code(answer.status).send(answer.body)
      },
    })
  }
}

function accountOf({ params }: FastifyRequest): string {
  const isNamed = typeof params === 'object' && params !== null && 'accountId' in params
  return isNamed ? String(params.accountId) : ''
}
