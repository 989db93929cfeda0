/** One of several: an address that stays, a process that is replaced, and a door of its own to the LiveEngage of all. */
import { EventEmitter, once } from 'node:events'
import type { ReplicaPorts } from './balancer.ts'
import type { Context } from './context.ts'
import type { Fault } from './fault.ts'
import { Gate } from './gate.ts'
import { ProxyProcess } from './proxy.ts'
import { Upstream } from './upstream.ts'

/** How long LiveEngage takes for each message. */
const liveEngageMs = 50

/** A balancer that sends it nothing for so long will never. */
const longestIdleMs = 20_000

export class Replica {
  /** Messages that LiveEngage has taken from it. */
  readonly taken = new Set<string>()
  private current: ProxyProcess | undefined
  private inProgress = 0
  private readonly events = new EventEmitter()
  private readonly door: Upstream
  private readonly gate = new Gate({ open: (socket) => this.door.serve(socket) })
  private readonly context: Context
  private readonly host: string
  private readonly ports: ReplicaPorts
  private env: Record<string, string> = {}

  constructor(context: Context, host: string, ports: ReplicaPorts) {
    this.context = context
    this.host = host
    this.ports = ports
    this.door = new Upstream(context.oracle, context.marks)
  }

  /** @param account whose host is the door */
  async open(account: string, env: Record<string, string>): Promise<void> {
    const port = await this.gate.open()
    this.door.hosts.set(account, `localhost:${port}`)
    this.env = {
      HOST: this.host,
      PORT: String(this.ports.port),
      ADMIN_HOST: this.host,
      ADMIN_PORT: String(this.ports.adminPort),
      LP_DOMAIN_API_URL: await this.door.open(),
      LP_ALLOWED_HOSTS: `localhost:${port}`,
      ...env,
    }
    await this.start()
  }

  /** A new process at the old address. */
  async start(): Promise<void> {
    this.current = await ProxyProcess.start(this.env, this.context.marks)
  }

  get proxy(): ProxyProcess {
    if (this.current === undefined) throw new Error('it has not been started')
    return this.current
  }

  /** SENDs at its door that bore no token of this run. */
  get strangers(): number {
    return this.door.strangers
  }

  /** Should this message come to its door, LiveEngage takes its time. */
  await(id: string): void {
    this.door.plan(id, [this.slowly(id)])
  }

  private slowly(id: string): Fault {
    return {
      name: `an answer after ${liveEngageMs} ms`,
      class: 'slow',
      deadline: 'normal',
      weight: 0,
      play: async (exchange) => {
        if (!(await exchange.process())) return
        this.taken.add(id)
        this.inProgress += 1
        this.events.emit('taken')
        await exchange.pause(liveEngageMs)
        this.inProgress -= 1
        exchange.answer(200)
      },
    }
  }

  /** Waits until LiveEngage has so many of its messages in hand. @throws Error where that does not come about */
  async isBusy(messages: number): Promise<void> {
    const signal = AbortSignal.timeout(longestIdleMs)
    do await once(this.events, 'taken', { signal })
    while (this.inProgress < messages)
  }

  /** Waits for its end. @returns the exit code, or null where a signal ended it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.proxy.signal(signal)
    const code = await this.proxy.ended()
    this.context.countLeaksOf(this.proxy)
    return code
  }

  close(): void {
    this.gate.close()
    this.door.domainApi.close()
  }
}
