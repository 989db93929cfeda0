/** Signed notifications, and the event that each of their changes becomes. */
import { readFileSync } from 'node:fs'

type Signatures = Record<'sha1_base64' | 'sha1_hex' | 'sha256_base64' | 'sha256_hex', string>

export type EventVector = {
  /** The notification's name. */
  from: string
  droppedByDefault: 'consumer' | 'internal' | null
  event: { id: string; type: string; timestamp: string; data: Record<string, unknown> }
  headers: Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>
  bytes: number
}

export const inbound: {
  secret: string
  account: string
  client: string
  notifications: Record<string, { raw: string; signatures: Signatures }>
} = read('notifications')

export const outbound: { secret: string; events: EventVector[] } = read('events')

function read(name: string) {
  return JSON.parse(readFileSync(new URL(`fixtures/inbound/${name}.json`, import.meta.url), 'utf8'))
}

/** The bytes of a notification. @throws Error where there is none of the name */
export function rawOf(name: string): string {
  const notification = inbound.notifications[name]
  if (notification === undefined) throw new Error(`no notification is called ${name}`)
  return notification.raw
}
