/** The door to the store: a relay that passes commands and answers on freely, late, or not at all. */
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Gate } from './gate.ts'

/** `cut`: each command arrives, and then its connection is reset, before the answer. */
export type Passage = 'free' | 'late commands' | 'late answers' | 'nothing' | 'cut'

/** Longer than the proxy waits for a command. */
const lateMs = 400

export class StoreGate {
  passage: Passage = 'free'
  /** Commands and answers that did not pass freely. */
  harmed = 0
  readonly gate = new Gate({ open: (socket) => this.relay(socket) })
  private readonly storePort: number

  constructor(storePort: number) {
    this.storePort = storePort
  }

  /** @returns the URL of the store behind it */
  async open(): Promise<string> {
    return `redis://127.0.0.1:${await this.gate.open()}`
  }

  private relay(proxy: Socket): void {
    const store = connect({ host: '127.0.0.1', port: this.storePort, noDelay: true })
    store.on('error', () => undefined)
    store.once('close', () => proxy.destroySoon())
    const commands = inOrder(store)
    const answers = inOrder(proxy)
    proxy.on('data', (chunk: Buffer) => {
      if (this.isHarming('nothing')) return
      commands.write(chunk, this.isHarming('late commands') ? lateMs : 0)
      if (this.isHarming('cut')) proxy.resetAndDestroy()
    })
    store.on('data', (chunk: Buffer) => {
      answers.write(chunk, this.isHarming('late answers') ? lateMs : 0)
    })
    // What is late comes all the same, although nobody waits for it any more.
    proxy.once('close', () => commands.end())
  }

  private isHarming(passage: Passage): boolean {
    if (this.passage !== passage) return false
    this.harmed += 1
    return true
  }
}

/** Writes each chunk behind the one before it, also if that one is late. */
function inOrder(socket: Socket): { write(chunk: Buffer, ms: number): void; end(): void } {
  let last = Promise.resolve()
  return {
    write(chunk, ms) {
      const due = performance.now() + ms
      const before = last
      last = (async () => {
        await before
        if (ms > 0) await setTimeout(due - performance.now())
        if (socket.writable) socket.write(chunk)
      })()
    },
    end() {
      void last.then(() => socket.end())
    },
  }
}
