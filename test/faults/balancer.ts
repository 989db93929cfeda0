/** HAProxy with the configuration that is shipped as an example: only its addresses and ports are others. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from './gate.ts'
import { isListening } from './is-listening.ts'
import { type Marks, Watch } from './marks.ts'
import { endWithUs } from './proxy.ts'

const shipped = new URL('../../../deploy/haproxy/haproxy.cfg', import.meta.url)

// Debian's is where only root looks.
const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` }

const longestStartMs = 10_000

/** The replicas of the example, and what stands in for each here: the whole of 127/8 is this machine. */
export const replicaHosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'] as const

/** The same of every replica, as in the example. */
export type ReplicaPorts = { port: number; adminPort: number }

export class Balancer {
  port = 0
  /** All that it printed. */
  printed = ''
  private readonly watch: Watch
  private child: ChildProcess | undefined

  static get isInstalled(): boolean {
    return spawnSync('haproxy', ['-v'], { env }).status === 0
  }

  constructor(marks: Marks) {
    this.watch = new Watch(marks.all)
  }

  /** @throws Error with what it printed, where it does not start */
  async start(ports: ReplicaPorts): Promise<void> {
    this.port = await freePort('127.0.0.1')
    const folder = mkdtempSync(join(tmpdir(), 'replicas-'))
    const file = join(folder, 'haproxy.cfg')
    const webhookPort = await freePort('127.0.0.1')
    const example = readFileSync(shipped, 'utf8')
    writeFileSync(file, addressed(example, { port: this.port, webhookPort }, ports))
    const child = spawn('haproxy', ['-db', '-f', file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    endWithUs(child)
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.watch.see(chunk.toString())
        this.printed += chunk.toString()
      })
    }
    const ends = performance.now() + longestStartMs
    while (!(await isListening(this.port))) {
      if (child.exitCode !== null || performance.now() > ends) {
        throw new Error(`haproxy did not start: ${this.printed}`)
      }
      await setTimeout(20)
    }
    rmSync(folder, { recursive: true })
  }

  /** Tokens, secrets and consumers' words in what it printed. */
  get leaks(): number {
    return this.watch.found
  }

  async stop(): Promise<void> {
    if (this.child === undefined || this.child.exitCode !== null) return
    const isOver = once(this.child, 'close')
    this.child.kill('SIGTERM')
    await isOver
  }
}

/** @throws Error where the example has not exactly one of what is to be replaced */
function addressed(
  example: string,
  own: { port: number; webhookPort: number },
  { port, adminPort }: ReplicaPorts,
) {
  const replacements = [
    ['bind :3000', `bind 127.0.0.1:${own.port}`],
    ['bind :9080', `bind 127.0.0.1:${own.webhookPort}`],
    ['check port 9090 ', `check port ${adminPort} `],
    ...replicaHosts.map((host, at) => [` 10.0.0.1${at + 1}:3000`, ` ${host}:${port}`]),
  ] as const
  return replacements.reduce((text, [was = '', is = '']) => {
    if (text.split(was).length !== 2) throw new Error(`haproxy.cfg has not one "${was}"`)
    return text.replace(was, is)
  }, example)
}
