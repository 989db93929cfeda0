/**
 * Closes a connection whose caller may still be writing. Closing it with unread bytes resets it, and a reset destroys the answer that
 * the caller has not read yet.
 */
import type { Socket } from 'node:net'

/** How much is read after the last answer. */
const mostBytes = 16 * 1024 * 1024

/** For how long, once the answer is out. */
const longestMs = 10_000

/** A caller that writes nothing for this long has stopped. */
const longestPauseMs = 2_000

/** Ends the connection, and reads within these limits until the caller ends it too. What comes now is no request. */
export function lingerThenClose(socket: Socket): void {
  const mostRead = socket.bytesRead + mostBytes
  const drop = () => {
    socket.removeAllListeners('data')
    socket.on('data', () => {
      if (socket.bytesRead > mostRead) socket.destroy()
    })
    // Requests that have come already are still parsed. One whose body is not read stops the socket.
    socket.on('pause', () => socket.resume())
    socket.resume()
  }
  // If a body came faster than it was read, only Node's own listener resumes the socket. It goes with the first of ours.
  if (socket.isPaused()) socket.once('resume', drop).resume()
  else drop()
  socket.setTimeout(longestPauseMs)
  socket.end(() => {
    const cut = setTimeout(() => socket.destroy(), longestMs)
    socket.once('close', () => clearTimeout(cut))
  })
}
