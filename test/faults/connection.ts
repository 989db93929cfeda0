/** One connection on the scripted side, request after request. */
import type { Socket } from 'node:net'
import { ByteReader } from './byte-reader.ts'
import { type Head, parseHead } from './head.ts'

/** Serves it to its end. @param onRequest is given each head; what follows it is in the reader */
export function serveConnection(
  socket: Socket,
  onRequest: (head: Head, reader: ByteReader) => Promise<void>,
): void {
  socket.on('error', () => undefined)
  converse(socket, onRequest).catch((error) => {
    // A script that fails would make a fault of another kind, unseen.
    process.stderr.write(`a script failed: ${error.stack}\n`)
    process.exitCode = 1
    socket.destroy()
  })
}

async function converse(
  socket: Socket,
  onRequest: (head: Head, reader: ByteReader) => Promise<void>,
): Promise<void> {
  const reader = new ByteReader(socket)
  while (!socket.destroyed) {
    const bytes = await reader.head()
    if (bytes === undefined) {
      socket.destroySoon()
      return
    }
    await onRequest(parseHead(bytes), reader)
  }
}
