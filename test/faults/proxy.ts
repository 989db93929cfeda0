/** The built program as a process of its own: what an operator starts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './gate.ts'
import { isListening } from './is-listening.ts'
import { type Marks, Watch } from './marks.ts'

const repository = new URL('../../../', import.meta.url)
const program = fileURLToPath(new URL('dist/server.js', repository))

/** How much of what a process prints is kept. */
const keptCharacters = 20_000_000

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
// A signal's own way to end a process does not pass there.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** No child outlives this process. */
export function endWithUs(child: ChildProcess): void {
  children.add(child)
  child.once('exit', () => children.delete(child))
}

export type Memory = { nowMb: number; peakMb: number }

/** What the system does not give it. */
export type Scarcity = {
  /** `ulimit -n`. */
  openFiles?: number
  /** Whatever it prints on stdout fails with ENOSPC. */
  isDiskFull?: boolean
}

/** A shell that makes it so becomes the program itself. */
function commandUnder({ openFiles, isDiskFull = false }: Scarcity): [string, ...string[]] {
  if (openFiles === undefined && !isDiskFull) return [process.execPath, program]
  const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles} && `
  const script = `${limit}exec "$0" "$@"${isDiskFull ? ' >/dev/full' : ''}`
  return ['sh', '-c', script, process.execPath, program]
}

export class ProxyProcess {
  port = 0
  /** 0 where WEBHOOK_PORT is not set. */
  webhookPort = 0
  private readonly child: ChildProcess
  private readonly watch: Watch
  private readonly printedParts: string[] = []
  private kept = 0
  private isEnded = false

  /** @throws Error with what it printed, where it does not start */
  static async start(
    env: Record<string, string>,
    marks: Marks,
    scarcity: Scarcity = {},
  ): Promise<ProxyProcess> {
    if (!existsSync(program)) throw new Error('dist/server.js is missing: npm run build')
    if (scarcity.isDiskFull === true) return ProxyProcess.startUnheard(env, marks, scarcity)
    const proxy = new ProxyProcess(env, marks, scarcity)
    proxy.port = await proxy.listens('listening at')
    if ('WEBHOOK_PORT' in env) proxy.webhookPort = await proxy.listens('taking notifications at')
    return proxy
  }

  /** One that cannot say where it listens. */
  private static async startUnheard(
    env: Record<string, string>,
    marks: Marks,
    scarcity: Scarcity,
  ): Promise<ProxyProcess> {
    const port = await freePort('127.0.0.1')
    const proxy = new ProxyProcess({ ...env, PORT: String(port) }, marks, scarcity)
    proxy.port = port
    while (!(await isListening(port))) {
      if (proxy.isEnded) throw new Error(`the proxy did not start: ${proxy.printed()}`)
      await setTimeout(20)
    }
    return proxy
  }

  private constructor(env: Record<string, string>, marks: Marks, scarcity: Scarcity) {
    this.watch = new Watch(marks.all)
    const [command, ...args] = commandUnder(scarcity)
    this.child = spawn(command, args, {
      cwd: repository,
      env: {
        PATH: process.env['PATH'] ?? '',
        PORT: '0',
        DOCS: 'off',
        // The Host of requests that are written by hand.
        ALLOWED_HOSTNAMES: 'proxy,x',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endWithUs(this.child)
    this.child.stdout?.on('data', (chunk: Buffer) => this.see(chunk.toString()))
    this.child.stderr?.on('data', (chunk: Buffer) => this.see(chunk.toString()))
    this.child.once('close', () => {
      this.isEnded = true
      this.child.emit('printed')
    })
  }

  private see(words: string): void {
    this.watch.see(words)
    this.kept += words.length
    if (this.kept < keptCharacters) this.printedParts.push(words)
    this.child.emit('printed')
  }

  /** Waits for the log to say so. @returns the port */
  private async listens(words: string): Promise<number> {
    const pattern = new RegExp(`${words} http://[^:]+:(\\d+)`)
    for (;;) {
      const [, port] = pattern.exec(this.printed()) ?? []
      if (port !== undefined) return Number(port)
      if (this.isEnded) throw new Error(`the proxy did not start: ${this.printed()}`)
      await once(this.child, 'printed')
    }
  }

  printed(): string {
    return this.printedParts.join('')
  }

  /** Tokens, secrets and consumers' words in what it printed. */
  get leaks(): number {
    return this.watch.found
  }

  get isAlive(): boolean {
    return !this.isEnded && this.child.exitCode === null
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Stops it where it is: what comes in from now on, it does not see. */
  async freeze(): Promise<void> {
    this.signal('SIGSTOP')
    while (!/^State:\s+T/m.test(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))) {
      await setImmediate()
    }
  }

  /** Waits for its end and all that it printed. @returns the exit code, or null where a signal ended it */
  async ended(): Promise<number | null> {
    if (!this.isEnded) await once(this.child, 'close')
    return this.child.exitCode
  }

  /** Ends it as an operator does. */
  async stop(): Promise<number | null> {
    const over = this.ended()
    this.signal('SIGTERM')
    return over
  }

  memory(): Memory {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8')
    const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
    return { nowMb: read('VmRSS'), peakMb: read('VmHWM') }
  }

  openFiles(): number {
    return readdirSync(`/proc/${this.child.pid}/fd`).length
  }
}
