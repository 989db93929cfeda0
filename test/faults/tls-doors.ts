/** What a gate does with connections where the upstream speaks TLS. */
import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { Certificates, Pair } from './certificates.ts'
import type { Doors } from './gate.ts'
import type { Trap } from './trap.ts'
import type { Upstream } from './upstream.ts'

export function tlsDoors(upstream: Upstream, trap: Trap, certificates: Certificates): Doors {
  /** A handshake with this certificate, and who speaks after it. */
  const withCertificate = (pair: Pair, serve: (socket: Socket, tcp: Socket) => void) => {
    const below = new Map<number | undefined, Socket>()
    const server = createServer({ ...pair, ALPNProtocols: ['http/1.1'] }, (socket) => {
      const tcp = below.get(socket.remotePort)
      if (tcp !== undefined) serve(socket, tcp)
    })
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return (tcp: Socket) => {
      const { remotePort } = tcp
      below.set(remotePort, tcp)
      tcp.once('close', () => below.delete(remotePort))
      server.emit('connection', tcp)
    }
  }
  /** Ends it as soon as the client's hello is here. */
  const afterHello = (end: (tcp: Socket) => void) => (tcp: Socket) => {
    tcp.once('data', () => end(tcp))
  }
  const impostor = (pair: Pair) => withCertificate(pair, (socket) => trap.impersonate(socket))
  return {
    open: withCertificate(certificates.good, (socket, tcp) => upstream.serve(socket, tcp)),
    'wrong-name': impostor(certificates.wrongName),
    untrusted: impostor(certificates.untrusted),
    expired: impostor(certificates.expired),
    'close-in-handshake': afterHello((tcp) => tcp.destroySoon()),
    'reset-in-handshake': afterHello((tcp) => tcp.resetAndDestroy()),
    'hang-in-handshake': afterHello(() => undefined),
    'plain-http': afterHello((tcp) => {
      tcp.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    }),
  }
}
