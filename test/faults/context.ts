/** What every phase of a run shares. */
import { Client } from './client.ts'
import type { Gate } from './gate.ts'
import { createMarks, type Marks, Watch } from './marks.ts'
import { Oracle } from './oracle.ts'
import { ProxyProcess, type Scarcity } from './proxy.ts'
import { createRandom, type Random } from './random.ts'
import { Report } from './report.ts'
import type { Size } from './sizes.ts'
import { Trap } from './trap.ts'
import { Upstream } from './upstream.ts'

export type Running = {
  proxy: ProxyProcess
  client: Client
  /** Of `/livez` with nothing else to do, before and after the rest. */
  noiseMs: number[]
}

const noiseSamples = 100

export type Overrun = { id: string; ms: number; code: string }

export class Context {
  readonly seed: number
  readonly size: Size
  readonly marks: Marks
  /** Sees every answer of every proxy. */
  readonly answers: Watch
  readonly oracle = new Oracle()
  readonly report: Report
  readonly upstream: Upstream
  readonly trap: Trap
  /** Milliseconds by which answers came after their deadline, of all that ran into it. */
  readonly overruns: Overrun[] = []
  /** Of `/livez` alone, with nothing else to do: what this machine adds to each measurement. */
  readonly noiseMs: number[] = []
  /** How long each phase took. */
  readonly seconds = new Map<string, number>()
  private domainApi = ''
  private printedLeaks = 0

  constructor(seed: number, size: Size) {
    this.seed = seed
    this.size = size
    this.report = new Report(size.name === 'full')
    this.marks = createMarks(seed)
    this.answers = new Watch(this.marks.all)
    this.upstream = new Upstream(this.oracle, this.marks)
    this.trap = new Trap(this.marks)
  }

  async open(): Promise<void> {
    this.domainApi = await this.upstream.open()
    await this.trap.open()
  }

  random(purpose: string): Random {
    return createRandom(this.seed, purpose)
  }

  /** A proxy in front of these gates. */
  async start(
    gates: readonly { port: number }[],
    env: Record<string, string> = {},
    scarcity: Scarcity = {},
  ): Promise<Running> {
    const hosts = gates.map(({ port }) => `localhost:${port}`).join(',')
    const proxy = await ProxyProcess.start(
      { LP_DOMAIN_API_URL: this.domainApi, LP_ALLOWED_HOSTS: hosts, ...env },
      this.marks,
      scarcity,
    )
    const running = { proxy, client: new Client(proxy.port, this.answers), noiseMs: [] }
    await this.measureNoise(running)
    return running
  }

  /** Ends it, and looks through all that it printed. */
  async stop(running: Running): Promise<void> {
    const { proxy, client } = running
    await this.measureNoise(running)
    client.close()
    const isAlive = proxy.isAlive
    const code = await proxy.stop()
    this.printedLeaks += proxy.leaks
    if (!isAlive || code !== 0) {
      this.report.promise('the process ends with 0, and only when told to', false, `${code}`, '0')
    }
  }

  get leaks(): { printed: number; answered: number } {
    return { printed: this.printedLeaks, answered: this.answers.found }
  }

  countLeaksOf(proxy: ProxyProcess): void {
    this.printedLeaks += proxy.leaks
  }

  /** An open gate in front of the upstream, known by this account. */
  async host(account: string, gate: Gate): Promise<Gate> {
    const port = gate.port === 0 ? await gate.open() : gate.port
    this.upstream.hosts.set(account, `localhost:${port}`)
    return gate
  }

  private async measureNoise({ client, noiseMs }: Running): Promise<void> {
    for (let count = 0; count < noiseSamples; count += 1) {
      const answer = await client.call({
        method: 'GET',
        path: '/livez',
        headers: {},
        deadlineMs: 5_000,
      })
      if (answer === undefined) return
      this.noiseMs.push(answer.ms)
      noiseMs.push(answer.ms)
    }
  }
}
