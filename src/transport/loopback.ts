/** Whether a host is this machine. */
import { isIPv4 } from 'node:net'

/** @param hostname of a URL, of a socket or of a `Host` header: an IPv6 address may be in brackets */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase()
  return (
    name === 'localhost' ||
    name === '[::1]' ||
    name === '::1' ||
    (name.startsWith('127.') && isIPv4(name))
  )
}
