/** One message of a run: its id is in its text, and in its ConsumerJWS for an upstream that has not yet read the text. */
import type { Call } from './client.ts'
import type { Marks } from './marks.ts'

export type Bulk = 'small' | 'medium' | 'large'

/** Characters of the text, and objects of 3 KB beside it: up to 5,000 characters and just under 64 KiB in all. */
const bulks = {
  small: { characters: 40, objects: 0 },
  medium: { characters: 4_900, objects: 1 },
  large: { characters: 4_900, objects: 19 },
} as const

export function compose(
  marks: Marks,
  id: string,
  account: string,
  deadlineMs: number,
  bulk: Bulk = 'small',
): Call & { body: string } {
  const { characters, objects } = bulks[bulk]
  const text = `${id} ${marks.words} `.padEnd(characters, 'x')
  const metadata = Array.from({ length: objects }, (_, index) => ({
    type: 'ExternalId',
    id: `${index}`.padEnd(3_050, 'y'),
  }))
  return {
    // Each in a conversation of its own: none waits for another.
    path: `/conversations/${id}/messages`,
    deadlineMs,
    headers: {
      authorization: marks.appJwt,
      'x-lp-on-behalf': marks.consumerJws(id),
      'x-lp-account-id': account,
      'x-request-timeout-ms': String(deadlineMs),
      'x-request-id': id,
      'content-type': 'application/json',
    },
    body: JSON.stringify(objects === 0 ? { text } : { text, metadata }),
  }
}

/** The same with an `Idempotency-Key`. */
export function withKey(call: Call & { body: string }, key: string): Call & { body: string } {
  return { ...call, headers: { ...call.headers, 'idempotency-key': key } }
}

/** The same without tokens: the proxy obtains them for this consumer. */
export function asConsumer(
  call: Call & { body: string },
  consumer: string,
): Call & { body: string } {
  const { authorization: _, 'x-lp-on-behalf': __, ...headers } = call.headers
  return { ...call, headers: { ...headers, 'x-lp-consumer-id': consumer } }
}

/** The same for LiveEngage itself, as a client without a proxy would send it. */
export function toEnvelope(
  marks: Marks,
  id: string,
  account: string,
  deadlineMs: number,
): Call & { body: string } {
  const call = compose(marks, id, account, deadlineMs)
  const event = { type: 'ContentEvent', contentType: 'text/plain', message: `${id} ${marks.words}` }
  const body = { kind: 'req', id, type: 'ms.PublishEvent', body: { dialogId: id, event } }
  const path = `/api/account/${account}/messaging/consumer/conversation/send?v=3`
  return { ...call, path, body: JSON.stringify(body) }
}

/** As it goes over the wire. */
export function toBytes({ path, headers, body }: Call & { body: string }): string {
  const all = { host: 'proxy', ...headers, 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}
