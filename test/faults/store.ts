/** The redis-server that the replicas share: a process of its own, which has every write on its disk before it answers. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text as readAll } from 'node:stream/consumers'
import { freePort } from './gate.ts'
import { endWithUs } from './proxy.ts'

export class Store {
  readonly port: number
  private readonly folder = mkdtempSync(join(tmpdir(), 'store-'))
  private child: ChildProcess | undefined

  static get isInstalled(): boolean {
    return spawnSync('redis-server', ['--version']).status === 0
  }

  private constructor(port: number) {
    this.port = port
  }

  static async open(): Promise<Store> {
    const store = new Store(await freePort('127.0.0.1'))
    await store.start()
    return store
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** SIGKILL, and another process with the same files. */
  async restart(): Promise<void> {
    await this.end('SIGKILL')
    await this.start()
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name)
  }

  /** @throws Error where the store does not say OK */
  async command(words: string): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.port })
    socket.end(`${words}\r\n`)
    const reply = await readAll(socket)
    if (!reply.startsWith('+OK')) throw new Error(`${words}: ${reply}`)
  }

  async close(): Promise<void> {
    await this.end('SIGTERM')
    rmSync(this.folder, { recursive: true })
  }

  private async start(): Promise<void> {
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      'maxmemory-policy': 'noeviction',
    }
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    endWithUs(child)
    this.child = child
    for await (const line of createInterface(child.stdout)) {
      if (line.includes('Ready to accept connections')) break
    }
    child.stdout.resume()
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child === undefined) return
    const isOver = once(this.child, 'exit')
    this.child.kill(signal)
    await isOver
  }
}
