/** Whether a host can be reached: its name resolves, it accepts a connection, its certificate holds. */
import { lookUp, shakeHands } from '../liveengage/probe.ts'
import { describe, explainFailure } from './advice.ts'
import type { Outcome } from './check.ts'

export async function resolve(origin: string, timeoutMs: number): Promise<Outcome> {
  const { host } = new URL(origin)
  const addresses = await lookUp(origin, timeoutMs)
  if (!Array.isArray(addresses)) return explainFailure(addresses, host)
  return { status: 'ok', detail: `${host} is ${addresses.join(', ')}` }
}

export async function connect(origin: string, timeoutMs: number): Promise<Outcome> {
  const { host } = new URL(origin)
  const handshake = await shakeHands(origin, timeoutMs)
  if ('code' in handshake) return explainFailure(handshake, host)
  const { tls } = handshake
  const how =
    tls === undefined
      ? 'plain HTTP, on loopback only'
      : `${tls.version}, ${describe(tls.certificate)}`
  return { status: 'ok', detail: `connected: ${how}` }
}

/** One after the other. */
export async function reach(origin: string, timeoutMs: number): Promise<Outcome> {
  const resolved = await resolve(origin, timeoutMs)
  if (resolved.status !== 'ok') return resolved
  const connected = await connect(origin, timeoutMs)
  if (connected.status !== 'ok') return connected
  return { status: 'ok', detail: `${resolved.detail}; ${connected.detail}` }
}
