/** Keep-alive connections that carry one request at a time, as bare as they can be: the generator's own cost is not to be measured. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

const openAtATime = 64

/** Opens `size` connections. @returns `send`, which calls back with the HTTP status, 0 for a lost connection */
export async function openPool({ port, tls, size }) {
  const open = new Set()
  const idle = []
  /** Requests that found no connection idle. */
  const waiting = []
  const listener = {
    onIdle(connection) {
      const next = waiting.shift()
      if (next === undefined) idle.push(connection)
      else connection.send(next.bytes, next.done)
    },
    /** A server may close a connection that has been idle too long. */
    onClose(connection) {
      open.delete(connection)
      const place = idle.indexOf(connection)
      if (place !== -1) idle.splice(place, 1)
    },
  }
  while (open.size < size) {
    const missing = Math.min(openAtATime, size - open.size)
    const sockets = await Promise.all(Array.from({ length: missing }, () => dial(port, tls)))
    for (const socket of sockets) {
      const connection = new Connection(socket, listener)
      open.add(connection)
      idle.push(connection)
    }
  }
  return {
    send(bytes, done) {
      // In turn: one that carries nothing for seconds is ended by the server, perhaps under a request on its way.
      const connection = idle.shift()
      if (connection === undefined) waiting.push({ bytes, done })
      else connection.send(bytes, done)
    },
    close() {
      for (const connection of open) connection.close()
    },
  }
}

async function dial(port, tls) {
  const to = { host: '127.0.0.1', port }
  const socket = tls ? connectTls({ ...to, servername: 'localhost' }) : connect(to)
  await once(socket, tls ? 'secureConnect' : 'connect')
  return socket.setNoDelay(true).setEncoding('latin1')
}

/** Reads answers with a Content-Length; there are no others here. */
class Connection {
  #socket
  #listener
  #received = ''
  #done

  constructor(socket, listener) {
    this.#socket = socket
    this.#listener = listener
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      listener.onClose(this)
      this.#finish(0)
    })
  }

  send(bytes, done) {
    this.#done = done
    this.#socket.write(bytes)
  }

  close() {
    this.#socket.destroy()
  }

  #read(chunk) {
    this.#received += chunk
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1) return
    const length = Number(/^content-length: *(\d+)/im.exec(this.#received)?.[1])
    if (this.#received.length < headEnd + 4 + length) return
    const status = Number(this.#received.slice(9, 12))
    // No length, or an answer that nobody asked for.
    if (Number.isNaN(length) || this.#done === undefined) this.close()
    else if (this.#finish(status)) this.#listener.onIdle(this)
  }

  #finish(status) {
    const done = this.#done
    this.#done = undefined
    this.#received = ''
    done?.(status)
    return !this.#socket.destroyed
  }
}
