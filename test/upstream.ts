/** A scripted LiveEngage for what the sandbox would not do: each test says how the Domain API and SEND answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Test } from 'tap'

export type Seen = {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
  /** The body as it came. */
  bytes: Buffer
}

export type Script = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void

export type Upstream = {
  origin: string
  host: string
  /** Every request that arrived whole, in order. */
  seen: Seen[]
  /** Those that were SENDs. */
  sends(): Seen[]
  /** Those to the Domain API. */
  lookups(): Seen[]
  server: Server
  /** Changes what it does from now on. */
  script: { domain: Script; send: Script }
}

export const json = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Script => {
  return (_seen, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** The documented success, with the id of the request. */
export const ok: Script = (seen, response, request) => {
  const { id } = JSON.parse(seen.body)
  json(200, { reqId: id, code: 'OK', body: { sequence: 0 } })(seen, response, request)
}

/** Names this host for every service. */
export const hostIs = (host: string): Script =>
  json(200, { service: 'asyncMessagingEnt', account: '12345678', baseURI: host })

export async function startUpstream(
  t: Test,
  script: Partial<Upstream['script']> = {},
): Promise<Upstream> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const bytes = Buffer.concat(chunks)
      const call = { method, url, headers, body: bytes.toString(), bytes }
      seen.push(call)
      const part = url.includes('/service/') ? upstream.script.domain : upstream.script.send
      part(call, response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `localhost:${portOf(server)}`
  const upstream: Upstream = {
    origin: `http://${host}`,
    host,
    seen,
    sends: () => seen.filter(({ url }) => url.includes('/send')),
    lookups: () => seen.filter(({ url }) => url.includes('/service/')),
    server,
    script: { domain: hostIs(host), send: ok, ...script },
  }
  return upstream
}

export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
