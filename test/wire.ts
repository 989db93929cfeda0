/** One connection on which a test writes the bytes itself. */
import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { token } from './start.ts'

export type Wire = {
  socket: Socket
  /** Everything that came so far. */
  received(): string
  /** Waits until what came matches. */
  until(pattern: RegExp): Promise<string>
  /** Waits until the other side has ended the connection. @returns everything that came */
  ended(): Promise<string>
}

/** @param url of the proxy @param bytes to begin with */
export async function openWire(t: Test, url: string, bytes: string | Buffer = ''): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  const news = new EventEmitter()
  let received = ''
  let isOver = false
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    news.emit('news')
  })
  // A reset ends a connection too; 'close' follows.
  socket.on('error', () => undefined)
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      isOver = true
      news.emit('news')
    })
  }
  await once(socket, 'connect')
  socket.write(bytes)
  return {
    socket,
    received: () => received,
    async until(pattern) {
      while (!pattern.test(received)) {
        if (isOver) throw new Error(`the connection ended after: ${received}`)
        await once(news, 'news')
      }
      return received
    },
    async ended() {
      while (!isOver) await once(news, 'news')
      return received
    },
  }
}

/** Both tokens and a Host. */
export const credentials = `Host: localhost\r\nAuthorization: ${token}\r\nX-LP-ON-BEHALF: ${token}\r\n`

/** A whole POST as bytes. @param headers each with its line end */
export function post(path: string, body: string, headers = ''): string {
  const length = Buffer.byteLength(body)
  return `POST ${path} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\n${headers}Content-Length: ${length}\r\n\r\n${body}`
}
