/**
 * Closes a connection whose caller may still be writing. To close with bytes unread is to reset, and a reset takes away the answer that
 * the caller has not read yet.
 */
import type { Socket } from 'node:net'

/** What is read and dropped after the last answer. */
const mostBytes = 16 * 1024 * 1024

/** For how long, once the answer is out. */
const longestMs = 10_000

/** A caller that writes nothing for so long has stopped writing. */
const longestPauseMs = 2_000

/** Ends the connection, and reads on within these bounds until the caller ends it, too. Nothing that comes now is taken for a request. */
export function lingerThenClose(socket: Socket): void {
  const mostRead = socket.bytesRead + mostBytes
  const drop = () => {
    socket.removeAllListeners('data')
    socket.on('data', () => {
      if (socket.bytesRead > mostRead) socket.destroy()
    })
    // Of what has come already, requests are still told apart. One whose body nobody reads stops the socket.
    socket.on('pause', () => socket.resume())
    socket.resume()
  }
  // Where a body came faster than it was read, only Node's own listener makes the socket read again. It goes with the first of ours.
  if (socket.isPaused()) socket.once('resume', drop).resume()
  else drop()
  socket.setTimeout(longestPauseMs)
  socket.end(() => {
    const cut = setTimeout(() => socket.destroy(), longestMs)
    socket.once('close', () => clearTimeout(cut))
  })
}
