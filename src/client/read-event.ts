/** Events that the proxy POSTs to an app, verified by their signature (Standard Webhooks 1.0). */
import type {
  ChatStateUpdated,
  ConversationClosed,
  ConversationUpdated,
  MessageCreated,
  ReceiptCreated,
} from './schema.ts'

/** `type` tells them apart. A later version of the proxy may have more types: ignore what you do not know. */
export type LiveEngageEvent =
  | MessageCreated
  | ReceiptCreated
  | ChatStateUpdated
  | ConversationUpdated
  | ConversationClosed

/** As in EVENTS_SECRET: `whsec_` and base64; several, in a list or by comma, while one is replaced. */
export type EventSecrets = string | readonly string[]

export type EventHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>

/** The request is no event of the proxy: answer 401, and do nothing with it. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError'
}

const toleranceSeconds = 300

/**
 * @param request whose body was not read yet
 * @throws InvalidEventError, or TypeError for a secret that is none
 */
export async function readEvent(request: Request, secrets: EventSecrets): Promise<LiveEngageEvent> {
  const body = new Uint8Array(await request.arrayBuffer())
  // Its headers may have another class than the global one.
  return readRawEvent(body, Object.fromEntries(request.headers), secrets)
}

/**
 * @param body as it came: JSON that was parsed and written again has other bytes
 * @throws InvalidEventError, or TypeError for a secret that is none
 */
export async function readRawEvent(
  body: Uint8Array | string,
  headers: EventHeaders,
  secrets: EventSecrets,
): Promise<LiveEngageEvent> {
  const keys = await Promise.all([secrets].flat().join().split(',').map(importKey))
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = readSignatures(headerOf(headers, 'webhook-signature'))
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const head = new TextEncoder().encode(`${id}.${timestamp}.`)
  const signed = new Uint8Array(head.length + bytes.length)
  signed.set(head)
  signed.set(bytes, head.length)
  let isSigned = false
  for (const key of keys) {
    for (const signature of signatures) {
      isSigned ||= await crypto.subtle.verify('HMAC', key, signature, signed)
    }
  }
  if (!isSigned) throw new InvalidEventError('no signature is right')
  const age = Date.now() / 1000 - Number(timestamp)
  if (!(Math.abs(age) <= toleranceSeconds)) {
    throw new InvalidEventError(`it was signed ${Math.round(age)} seconds ago`)
  }
  return JSON.parse(new TextDecoder().decode(bytes))
}

function headerOf(headers: EventHeaders, name: string): string {
  const all = headers instanceof Headers ? [...headers] : Object.entries(headers)
  const value = all.find(([each]) => each.toLowerCase() === name)?.[1]
  if (typeof value !== 'string') throw new InvalidEventError(`there is no header ${name}`)
  return value
}

/** Those of version 1, in any order. */
function readSignatures(header: string): Uint8Array<ArrayBuffer>[] {
  return header.split(' ').flatMap((each) => {
    const bytes = each.startsWith('v1,') ? fromBase64(each.slice('v1,'.length)) : undefined
    return bytes === undefined ? [] : [bytes]
  })
}

async function importKey(secret: string) {
  const bytes = fromBase64(secret.trim().replace(/^whsec_/, ''))
  // With an empty one anyone could sign.
  if (bytes === undefined || bytes.length === 0) {
    throw new TypeError('a secret is whsec_ and base64, as in EVENTS_SECRET')
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
