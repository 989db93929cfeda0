/** LivePerson's services, and the problem for each failure of a call to them. */
import type { Upstream } from '../transport/host.ts'

export const messaging: Upstream = {
  service: 'messaging',
  unreachable: 'liveengage-unreachable',
  expired: 'deadline-exceeded',
  failed: 'liveengage-failed',
  timeout: 'liveengage-timeout',
  overloaded: 'overloaded',
  open: 'circuit-open',
}

/** An upload publishes nothing, so every failure of it is `not-sent`. */
export const upload: Upstream = {
  ...messaging,
  service: 'storage',
  failed: 'storage-failed',
  timeout: 'storage-failed',
}

export const retrieval: Upstream = { ...messaging, service: 'storage' }

const loginCodes = {
  unreachable: 'login-failed',
  expired: 'login-failed',
  failed: 'login-failed',
  timeout: 'login-failed',
  overloaded: 'overloaded',
  open: 'login-failed',
} as const

export const sentinel: Upstream = { service: 'sentinel', ...loginCodes }
export const idp: Upstream = { service: 'idp', ...loginCodes }

export const domainApi: Upstream = {
  service: 'domain-api',
  unreachable: 'domain-lookup-failed',
  expired: 'domain-lookup-failed',
  failed: 'domain-lookup-failed',
  timeout: 'domain-lookup-failed',
  overloaded: 'overloaded',
  open: 'domain-lookup-failed',
}
