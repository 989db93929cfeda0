/** The webhook listener with an app behind it, and LivePerson's calls. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { Tracing } from '../../src/http/request-spans.ts'
import { startProxy } from '../start.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { inbound, outbound } from './vectors.ts'

type Taken = { headers: IncomingMessage['headers']; body: string }

/** The team's app. It answers in turn with these statuses, and 204 from then on; 0 is no answer. */
export async function startApp(t: Test, statuses: number[] = []) {
  const taken: Taken[] = []
  const server = createServer(async (request, response) => {
    taken.push({ headers: request.headers, body: (await buffer(request)).toString() })
    const status = statuses.shift() ?? 204
    if (status !== 0) response.writeHead(status).end()
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${await listen(server)}/events`, taken }
}

/** A proxy that takes notifications for this app. */
export async function startListener(
  t: Test,
  eventsUrl: string,
  env: Record<string, string> = {},
  tracing?: Tracing,
) {
  const proxy = await startProxy(
    t,
    'http://127.0.0.1:9',
    {
      LP_ACCOUNT_ID: inbound.account,
      LP_CLIENT_ID: inbound.client,
      LP_CLIENT_SECRET: inbound.secret,
      WEBHOOK_PORT: '0',
      EVENTS_URL: eventsUrl,
      EVENTS_SECRET: outbound.secret,
      ...env,
    },
    tracing,
  )
  const { webhooks } = proxy
  if (webhooks === undefined) throw new Error('there is no webhook listener')
  const origin = await webhooks.server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => webhooks.server.server.closeAllConnections())
  return { ...proxy, webhooks, origin }
}

export function sign(raw: string | Buffer, secret = inbound.secret): string {
  return `sha1=${createHmac('sha1', secret).update(raw).digest('base64')}`
}

/** LivePerson's call. */
export async function notify(
  origin: string,
  raw: string | Buffer,
  headers: Record<string, string | undefined> = {},
) {
  const all = {
    'content-type': 'application/json',
    'x-liveperson-account-id': inbound.account,
    'x-liveperson-client-id': inbound.client,
    ...(!('x-liveperson-signature' in headers) && { 'x-liveperson-signature': sign(raw) }),
    ...headers,
  }
  const given = Object.entries(all).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const response = await fetch(`${origin}/webhooks/liveperson`, {
    method: 'POST',
    headers: given,
    body: raw,
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}
