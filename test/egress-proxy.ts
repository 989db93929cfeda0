/** An egress proxy of a company's network: it opens tunnels, and knows each name as a port of this machine. */
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { listen } from './transport/fixtures/raw.ts'

export type Connect = { authority: string; authorization: string | undefined }

export type EgressProxy = {
  url: string
  /** Every CONNECT, in order. */
  seen: Connect[]
  /** The address that stands for each authority. Others cannot be reached. */
  ports: Map<string, number>
  /** Answers CONNECT with this status from now on; undefined: never. */
  status: number | undefined
  /** Breaks all tunnels. */
  cut(): void
}

/** @param pair makes it one that is reached by TLS */
export async function startEgressProxy(
  t: Test,
  pair?: { key: string; cert: string },
): Promise<EgressProxy> {
  const sockets = new Set<Duplex>()
  const server = pair === undefined ? createServer() : createTlsServer(pair)
  const proxy: EgressProxy = {
    url: '',
    seen: [],
    ports: new Map(),
    status: 200,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    const authority = String(request.url)
    proxy.seen.push({ authority, authorization: request.headers['proxy-authorization'] })
    const port = proxy.ports.get(authority)
    const status = port === undefined ? 502 : proxy.status
    if (status === undefined) return
    if (status < 200 || status >= 300) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      return
    }
    const onward = connect({ host: '127.0.0.1', port: Number(port) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    sockets.add(onward)
  })
  t.teardown(() => {
    proxy.cut()
    server.closeAllConnections()
    server.close()
  })
  proxy.url = `${pair === undefined ? 'http' : 'https'}://127.0.0.1:${await listen(server)}`
  return proxy
}
