/** The origin that nobody may ever contact: redirects and lying look-ups name it. */
import { createServer } from 'node:net'
import { listenOnFreePort } from './gate.ts'
import { type Marks, Watch } from './marks.ts'

export class Trap {
  port = 0
  contacts = 0
  private readonly watch: Watch
  private readonly server = createServer((socket) => {
    this.contacts += 1
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => this.watch.see(chunk.toString('latin1')))
  })

  constructor(marks: Marks) {
    this.watch = new Watch(marks.all)
  }

  async open(): Promise<void> {
    this.port = await listenOnFreePort(this.server)
    this.server.unref()
  }

  get origin(): string {
    return `http://localhost:${this.port}`
  }

  /** Tokens and words that arrived. */
  get stolen(): number {
    return this.watch.found
  }
}
