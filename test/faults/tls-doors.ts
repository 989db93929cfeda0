/** What a gate does with connections where the upstream speaks TLS. */
import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { Certificates, Pair } from './certificates.ts'
import type { Doors } from './gate.ts'
import type { Upstream } from './upstream.ts'

export function tlsDoors(upstream: Upstream, certificates: Certificates): Doors {
  /** A handshake with this certificate; what comes after it, the upstream serves. */
  const withCertificate = (pair: Pair) => {
    const below = new Map<number | undefined, Socket>()
    const server = createServer({ ...pair, ALPNProtocols: ['http/1.1'] }, (socket) => {
      const tcp = below.get(socket.remotePort)
      if (tcp !== undefined) upstream.serve(socket, tcp)
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
  return {
    open: withCertificate(certificates.good),
    'wrong-name': withCertificate(certificates.wrongName),
    untrusted: withCertificate(certificates.untrusted),
    expired: withCertificate(certificates.expired),
    'close-in-handshake': afterHello((tcp) => tcp.destroySoon()),
    'reset-in-handshake': afterHello((tcp) => tcp.resetAndDestroy()),
    'hang-in-handshake': afterHello(() => undefined),
    'plain-http': afterHello((tcp) => {
      tcp.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    }),
  }
}
