/** Who may call: no page of another origin, and no page whose own name points at a loopback address. */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { type Refusal, undocumented } from './services/refusals.ts'

const loopbackHost = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i

/** Whether a listener there is reached only from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1'
}

/** Why a call is refused; undefined if it may come in. */
export function refusalOfOrigin(
  headers: IncomingHttpHeaders,
  listener: { isLoopback: boolean; scheme: 'http' | 'https' },
): Refusal | undefined {
  const { host = '', origin } = headers
  if (listener.isLoopback && !loopbackHost.test(host)) {
    return undocumented(
      421,
      'on a loopback address the sandbox answers to localhost, 127.x.x.x and [::1] only',
    )
  }
  const isForeign = origin !== undefined && origin !== `${listener.scheme}://${host}`
  if (isForeign || headers['sec-fetch-site'] === 'cross-site') {
    return undocumented(403, 'only the own pages of the sandbox may call it from a browser')
  }
  return undefined
}
