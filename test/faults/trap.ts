/** Whom nobody may ever contact: the origin that redirects and lying look-ups name, and whoever has the wrong certificate. */
import { createServer, type Socket } from 'node:net'
import { listenOnFreePort } from './gate.ts'
import { type Marks, Watch } from './marks.ts'

export class Trap {
  port = 0
  contacts = 0
  private readonly watch: Watch
  private readonly server = createServer((socket) => {
    this.contacts += 1
    this.listenTo(socket)
  })

  constructor(marks: Marks) {
    this.watch = new Watch(marks.all)
  }

  async open(): Promise<void> {
    this.port = await listenOnFreePort(this.server)
    this.server.unref()
  }

  /** Counts as a contact whatever is written to an impostor after its handshake. */
  impersonate(socket: Socket): void {
    socket.once('data', () => {
      this.contacts += 1
    })
    this.listenTo(socket)
  }

  private listenTo(socket: Socket): void {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => this.watch.see(chunk.toString('latin1')))
  }

  get origin(): string {
    return `http://localhost:${this.port}`
  }

  /** Tokens and words that arrived. */
  get stolen(): number {
    return this.watch.found
  }
}
