/** Reads a socket piece by piece, as a script wants it. */
import type { Socket } from 'node:net'
import { parseHead } from './head.ts'

export type RawAnswer = { status: number; closes: boolean; body: string }

export class ByteReader {
  private held: Buffer[] = []
  private size = 0
  private isOver = false
  private wake: () => void = () => undefined

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.held.push(chunk)
      this.size += chunk.length
      this.wake()
    })
    for (const event of ['end', 'error', 'close']) {
      socket.on(event, () => {
        this.isOver = true
        this.wake()
      })
    }
  }

  /** The bytes up to and with the blank line, or undefined where the connection ends before it. */
  async head(): Promise<string | undefined> {
    for (;;) {
      const all = this.join()
      const end = all.indexOf('\r\n\r\n')
      if (end !== -1) return this.take(end + 4).toString('latin1')
      if (!(await this.more())) return undefined
    }
  }

  /** So many bytes, or undefined where the connection ends before them. */
  async body(length: number): Promise<Buffer | undefined> {
    while (this.size < length) if (!(await this.more())) return undefined
    return this.take(length)
  }

  /** One whole answer, or undefined where the connection ends before it. */
  async answer(): Promise<RawAnswer | undefined> {
    const bytes = await this.head()
    if (bytes === undefined) return undefined
    // Its first line has its status where a request's has its path.
    const { path: status, headers } = parseHead(bytes)
    const body = await this.body(Number(headers.get('content-length') ?? 0))
    if (body === undefined) return undefined
    return {
      status: Number(status),
      closes: headers.get('connection') === 'close',
      body: body.toString(),
    }
  }

  /** Waits for bytes. @returns false at the end */
  private async more(): Promise<boolean> {
    const { size } = this
    if (this.isOver) return false
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
    return this.size > size
  }

  private take(length: number): Buffer {
    const all = this.join()
    this.held = [all.subarray(length)]
    this.size -= length
    return all.subarray(0, length)
  }

  private join(): Buffer {
    const [first] = this.held
    const all = first !== undefined && this.held.length === 1 ? first : Buffer.concat(this.held)
    this.held = [all]
    return all
  }
}
