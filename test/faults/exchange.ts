/** One SEND as the upstream has it on the wire: everything that a script may do with it. */
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { ByteReader } from './byte-reader.ts'
import type { Head } from './head.ts'

/** No script holds a connection longer, should the other side never give up. */
const longestHoldMs = 30_000

/** An answer as bytes, with its right length unless `headers` has another. */
export function answer(
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Buffer {
  const all = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
}

export class Exchange {
  readonly head: Head
  private readonly socket: Socket
  /** Below TLS, where there is TLS. */
  private readonly tcp: Socket
  private readonly reader: ByteReader
  private readonly act: () => void
  private requestId = ''
  private isRead = false
  /** The request's, once it has been read. */
  body = ''

  /** @param act counts the message as processed */
  constructor(head: Head, socket: Socket, tcp: Socket, reader: ByteReader, act: () => void) {
    this.head = head
    this.socket = socket
    this.tcp = tcp
    this.reader = reader
    this.act = act
  }

  get isGone(): boolean {
    return this.socket.destroyed
  }

  /** Reads the request to its end. @returns false where it does not come */
  async read(): Promise<boolean> {
    if (this.isRead) return true
    const body = await this.reader.body(Number(this.head.headers.get('content-length') ?? 0))
    if (body === undefined) return false
    this.body = body.toString()
    const { id }: { id: string } = JSON.parse(this.body)
    this.requestId = id
    this.isRead = true
    return true
  }

  /** Does what was asked for: from here on the message is with the agent. Needs the whole request. */
  async process(): Promise<boolean> {
    const isWhole = await this.read()
    if (isWhole) this.act()
    return isWhole
  }

  /** The documented success. */
  success(): { reqId: string; code: unknown; body: unknown } {
    return { reqId: this.requestId, code: 'OK', body: { sequence: 7 } }
  }

  answer(status: number, body: unknown = this.success(), headers?: Record<string, string>): void {
    this.write(answer(status, typeof body === 'string' ? body : JSON.stringify(body), headers))
  }

  /** @returns false once nobody takes any more */
  write(bytes: string | Buffer): boolean {
    return !this.socket.destroyed && this.socket.write(bytes)
  }

  /** Waits until what was written has gone out, or the connection has. */
  async drained(): Promise<void> {
    while (!this.socket.destroyed && this.socket.writableLength > 0) await setTimeout(1)
  }

  close(): void {
    this.socket.end()
    this.socket.destroySoon()
  }

  reset(): void {
    this.tcp.resetAndDestroy()
    this.socket.destroy()
  }

  /** Waits, at most until the connection is gone. */
  async pause(ms: number): Promise<void> {
    const ends = performance.now() + Math.min(ms, longestHoldMs)
    while (!this.socket.destroyed && performance.now() < ends) {
      await setTimeout(Math.min(10, ends - performance.now()))
    }
  }

  /** Does nothing more until the other side has given up. */
  async hold(): Promise<void> {
    await this.pause(longestHoldMs)
    this.reset()
  }
}
