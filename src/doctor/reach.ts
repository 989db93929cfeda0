/** Checks that a host can be reached: its name resolves, it accepts a connection, its certificate is valid. */
import { describe, explainFailure } from './advice.ts'
import type { Outcome } from './check.ts'
import { type ConnectOptions, egressProxyOf, lookUp, shakeHands } from './probe.ts'

/** If calls go through an egress proxy, its name has to resolve instead. */
export async function resolve(origin: string, options: ConnectOptions): Promise<Outcome> {
  const proxy = egressProxyOf(origin, options)
  const { host } = new URL(proxy ?? origin)
  const addresses = await lookUp(proxy ?? origin, options.connectTimeoutMs)
  if (!Array.isArray(addresses)) return explainFailure(addresses, host)
  const through =
    proxy === undefined ? '' : `${new URL(origin).host} is called through the egress proxy; `
  return { status: 'ok', detail: `${through}${host} is ${addresses.join(', ')}` }
}

export async function connect(origin: string, options: ConnectOptions): Promise<Outcome> {
  const { host } = new URL(origin)
  const handshake = await shakeHands(origin, options)
  if ('code' in handshake) return explainFailure(handshake, host)
  const { tls } = handshake
  const how =
    tls === undefined
      ? 'plain HTTP (loopback only)'
      : `${tls.version}, ${describe(tls.certificate)}`
  return { status: 'ok', detail: `connected: ${how}` }
}

/** Resolves, then connects. */
export async function reach(origin: string, options: ConnectOptions): Promise<Outcome> {
  const resolved = await resolve(origin, options)
  if (resolved.status !== 'ok') return resolved
  const connected = await connect(origin, options)
  if (connected.status !== 'ok') return connected
  return { status: 'ok', detail: `${resolved.detail}; ${connected.detail}` }
}
