/** Answers that come while their caller still writes its body. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { lingerThenClose } from '../lingering-close.ts'

/** Keeps the last answer of each connection while its caller still writes. */
export function outliveBodies(server: Server): void {
  const latest = new WeakMap<Socket, IncomingMessage>()
  // First, since the answer may come at once.
  server.prependListener('request', (request) => {
    const { socket } = request
    if (!latest.has(socket)) {
      const { destroySoon } = socket
      socket.destroySoon = () => {
        if (latest.get(socket)?.complete === false) lingerThenClose(socket)
        else destroySoon.call(socket)
      }
    }
    latest.set(socket, request)
  })
}
