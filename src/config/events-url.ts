/** Where events may be sent: they leave the machine only over verified TLS, or to a host that the operator named. */
import { isLoopback } from '../transport/loopback.ts'

/** @returns what is wrong with it, if anything; never the URL itself */
export function eventsUrlFault(
  url: string,
  allowedHttpHosts: readonly string[],
): string | undefined {
  if (!URL.canParse(url)) return 'must be a URL'
  const { protocol, username, password, hostname, host } = new URL(url)
  if (username !== '' || password !== '') return 'must not hold a user or a password'
  if (protocol === 'https:') return undefined
  const isNamed = allowedHttpHosts.some((allowed) =>
    allowed.startsWith('.') ? hostname.endsWith(allowed) : [hostname, host].includes(allowed),
  )
  return protocol === 'http:' && (isNamed || isLoopbackUrl(url))
    ? undefined
    : 'must be https, or http to a loopback host or one of EVENTS_ALLOWED_HTTP_HOSTS'
}

/** Whether it names this machine. @param url one that can be parsed */
export function isLoopbackUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname)
}
