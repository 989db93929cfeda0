/** POSTs events to the app, through `transport/`. */
import { Problem } from '../problems/problem.ts'
import type { Upstream } from '../transport/host.ts'
import type { Hosts } from '../transport/hosts.ts'
import { post } from '../transport/post.ts'
import type { Post, PostOutcome } from './delivery.ts'

/** The app has no circuit breaker: LivePerson stores what is refused here, and resends it. */
const app: Upstream = {
  service: 'app',
  unreachable: 'app-unreachable',
  expired: 'deadline-exceeded',
  failed: 'app-refused',
  timeout: 'app-timeout',
  overloaded: 'overloaded',
}

export function postTo(hosts: Hosts): Post {
  return async ({ accountId, url, headers, deadline, trace }, body) => {
    const { origin, pathname, search } = new URL(url)
    const terms = { accountId, priority: 'high', deadline, trace } as const
    try {
      const request = { path: `${pathname}${search}`, headers, body }
      return { status: await post(hosts.at(origin), request, terms, app) }
    } catch (error) {
      return failureOf(error)
    }
  }
}

function failureOf(error: unknown): PostOutcome {
  if (!(error instanceof Problem)) throw error
  switch (error.code) {
    case 'app-refused':
      return { failure: 'failed' }
    case 'app-timeout':
      return { failure: 'timeout' }
    default:
      // Nothing was written. A wrong certificate stays wrong.
      return { failure: 'unreachable', mayRecover: !isCertificateFailure(error.cause) }
  }
}

/** OpenSSL's reasons have names of their own, and Node's check of the name has this code. */
function isCertificateFailure(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code)
}
