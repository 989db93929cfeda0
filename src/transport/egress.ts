/** Which egress proxy an outbound call goes through, if any: set by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
import { isLoopback } from './loopback.ts'

export type EgressOptions = {
  /** URL of the proxy for https targets. */
  httpsProxy?: string | undefined
  /** The same for http targets. */
  httpProxy?: string | undefined
  /** Targets that are reached without a proxy: `host`, `.suffix`, `host:port`, or `*` for all. */
  noProxy?: readonly string[]
}

/** A URL has all of these; without a port it means that of its protocol. */
export type Target = { readonly protocol: string; readonly hostname: string; readonly port: string }

/** @returns the proxy's URL, or undefined if the target is reached directly */
export type Egress = (target: Target) => URL | undefined

export function createEgress({ httpsProxy, httpProxy, noProxy = [] }: EgressOptions): Egress {
  const proxies = new Map([
    ['https:', toUrl(httpsProxy)],
    ['http:', toUrl(httpProxy)],
  ])
  const exempt = noProxy.map((entry) => entry.trim().toLowerCase())
  return (target) => {
    const proxy = proxies.get(target.protocol)
    const hostname = target.hostname.toLowerCase()
    if (proxy === undefined || isLoopback(hostname)) return undefined
    const authority = authorityOf(target)
    const isExempt = exempt.some(
      (entry) =>
        entry === '*' ||
        entry === hostname ||
        entry === authority ||
        (entry.startsWith('.') && hostname.endsWith(entry)),
    )
    return isExempt ? undefined : proxy
  }
}

/** In lower case, and with the port in any case. */
export function authorityOf(target: Target): string {
  return `${target.hostname.toLowerCase()}:${portOf(target)}`
}

export function portOf({ protocol, port }: Target): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

function toUrl(proxy: string | undefined): URL | undefined {
  return proxy === undefined ? undefined : new URL(proxy)
}
