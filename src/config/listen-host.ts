/** Addresses to listen on. */
import { isIPv4, isIPv6 } from 'node:net'

/** An address of this machine, or a name of one, without a port. Whether it exists, only a start can tell. */
export function isListenHost(text: string): boolean {
  if (text.includes(':')) return isIPv6(text)
  if (/^[0-9.]+$/.test(text)) return isIPv4(text)
  return /^[A-Za-z0-9._-]{1,253}$/.test(text)
}

/** As a URL has it: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}
