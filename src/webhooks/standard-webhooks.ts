/** Standard Webhooks 1.0: how the app knows that an event comes from this proxy. */
import { createHmac } from 'node:crypto'

/** `whsec_`, then base64. */
export type EventSecret = string

/** @param secrets one, or several while one is replaced; none: no signature */
export function standardHeaders(
  id: string,
  timestampSeconds: number,
  body: string,
  secrets: readonly EventSecret[],
): Record<string, string> {
  const signed = `${id}.${timestampSeconds}.${body}`
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  }
}
