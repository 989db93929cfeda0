/**
 * The shared store: one node, or the nodes of a cluster. The nodes of a cluster say which of them has a key: a node that is asked for a
 * key of another node names that node. A store that is no cluster never does.
 */
import { ErrorReply } from '@redis/client'
import { Problem } from '../problems/problem.ts'
import { type Client, isReply, RedisNode, Silence, within } from './redis-node.ts'
import { addressOf, type Redirect, redirectOf, slotOf, urlAt } from './redis-redirects.ts'
import type { Script } from './redis-scripts.ts'
import { type StoreFailure, StoreStatistics } from './store-statistics.ts'

const usualCommandMs = 250
const probeIntervalMs = 5_000
/** How often one command is sent. Two nodes that disagree may name each other. */
const mostAsks = 5
/** A node that is down for so many probes, and that no other node named meanwhile, has left the cluster. */
const mostProbesUnnamed = 12

export type RedisConnectionOptions = {
  /** Called for each connection, since the password may have changed. */
  url: () => string
  /** Called at each change, and if the first attempt fails. @param node its address, unless it is that of the URL */
  report: (isUp: boolean, cause: string | undefined, node: string | undefined) => void
  /** How long one command may take, 250 milliseconds by default. */
  commandMs?: number
}

type Member = { node: RedisNode; address: () => string; probesUnnamed: number }

export class RedisConnection {
  readonly statistics = new StoreStatistics()
  private readonly options: RedisConnectionOptions
  private readonly commandMs: number
  /** The node of the URL. */
  private readonly first: Member
  /** The other nodes that a node named, by address. */
  private readonly others = new Map<string, Member>()
  /** The node of each slot, as far as known. */
  private readonly holders = new Map<number, Member>()
  private readonly probe: NodeJS.Timeout

  constructor(options: RedisConnectionOptions) {
    this.options = options
    this.commandMs = options.commandMs ?? usualCommandMs
    this.first = this.newMember(options.url, undefined)
    this.probe = setInterval(() => {
      this.forgetWhoLeft()
      void this.ping().catch(() => undefined)
    }, probeIntervalMs).unref()
  }

  /** Connects. @returns when the first attempt has ended, well or not; if not, more attempts follow */
  connect(): Promise<void> {
    return this.first.node.connect()
  }

  /** @throws Problem `idempotency-store-unavailable` */
  run(script: Script, key: string, args: readonly string[]): Promise<unknown> {
    return this.counted(() => this.carry(script, key, args))
  }

  /** Each known node. @throws Problem `idempotency-store-unavailable` */
  ping(): Promise<unknown> {
    return Promise.all(this.members().map((member) => this.plain(member, ['PING'])))
  }

  /** @returns the section of INFO about the memory of the URL's node @throws Problem `idempotency-store-unavailable` */
  memory(): Promise<unknown> {
    return this.plain(this.first, ['INFO', 'memory'])
  }

  close(): void {
    clearInterval(this.probe)
    for (const { node } of this.members()) node.close()
  }

  private members(): Member[] {
    return [this.first, ...this.others.values()]
  }

  private newMember(url: () => string, name: string | undefined): Member {
    const node = new RedisNode({
      url,
      report: (isUp, cause) => {
        this.judge()
        this.options.report(isUp, cause, name)
      },
      commandMs: this.commandMs,
    })
    return { node, address: () => addressOf(url()), probesUnnamed: 0 }
  }

  private judge(): void {
    this.statistics.isUp = this.members().every(({ node }) => node.isUp)
  }

  private plain({ node }: Member, command: string[]): Promise<unknown> {
    return this.counted(() => node.ask((client) => client.sendCommand(command), this.commandMs))
  }

  private async counted(work: () => Promise<unknown>): Promise<unknown> {
    const { statistics } = this
    const startedAt = performance.now()
    try {
      const reply = await work()
      statistics.seconds.add((performance.now() - startedAt) / 1000)
      return reply
    } catch (cause) {
      statistics.failures[failureOf(cause)] += 1
      throw new Problem('idempotency-store-unavailable', { cause })
    }
  }

  /** Asks the node that should have the key, then the node it names. All of it has the time of one command. */
  private async carry(script: Script, key: string, args: readonly string[]): Promise<unknown> {
    const deadline = performance.now() + this.commandMs
    const rest = () => Math.max(Math.ceil(deadline - performance.now()), 1)
    const slot = slotOf(key)
    const asked = new Set<Member>()
    let member = this.holderOf(slot)
    let isAsk = false
    let ms = this.commandMs
    for (let asks = 1; ; asks += 1) {
      asked.add(member)
      try {
        return await member.node.ask((client) => evaluate(client, script, key, args, isAsk), ms)
      } catch (error) {
        const redirect = redirectOf(error)
        const next =
          redirect === undefined ? this.another(error, asked) : this.named(redirect, member)
        if (next === undefined || asks === mostAsks) throw error
        member = next
        isAsk = redirect?.isAsk === true
        if (redirect?.isAsk === false) this.holders.set(slot, member)
      }
      // Wait only for a node that was just named for the first time. A lost one reconnects by itself.
      await within(rest(), member.node.firstAttempt)
      ms = rest()
    }
  }

  /** If the right one is unknown, any other can name it. */
  private holderOf(slot: number): Member {
    const holder = this.holders.get(slot)
    if (holder?.node.isUp === true) return holder
    return this.members().find(({ node }) => node.isUp) ?? this.first
  }

  /** A node that has left its cluster, or is cut off, names none. */
  private another(error: unknown, asked: ReadonlySet<Member>): Member | undefined {
    if (!isReply(error, 'CLUSTERDOWN')) return undefined
    return this.members().find((member) => member.node.isUp && !asked.has(member))
  }

  private named(redirect: Redirect, by: Member): Member {
    const host = redirect.host || new URL(`redis://${by.address()}`).hostname
    const url = () => urlAt(this.options.url(), host, redirect.port)
    const address = addressOf(url())
    if (address === this.first.address()) return this.first
    const known = this.others.get(address)
    const member = known ?? this.newMember(url, address)
    member.probesUnnamed = 0
    if (known === undefined) {
      this.others.set(address, member)
      void member.node.connect()
    }
    return member
  }

  private forgetWhoLeft(): void {
    for (const [address, member] of this.others) {
      member.probesUnnamed = member.node.isUp ? 0 : member.probesUnnamed + 1
      if (member.probesUnnamed < mostProbesUnnamed) continue
      member.node.close()
      this.others.delete(address)
    }
    this.judge()
  }
}

async function evaluate(
  client: Client,
  script: Script,
  key: string,
  args: readonly string[],
  isAsk: boolean,
): Promise<unknown> {
  const send = (...command: string[]) => {
    // Holds for the next command of the connection.
    if (isAsk) client.sendCommand(['ASKING']).catch(() => undefined)
    return client.sendCommand([...command, '1', key, ...args])
  }
  try {
    return await send('EVALSHA', script.digest)
  } catch (error) {
    if (!isReply(error, 'NOSCRIPT')) throw error
    return send('EVAL', script.text)
  }
}

function failureOf(cause: unknown): StoreFailure {
  if (cause instanceof Silence) return 'slow'
  return cause instanceof ErrorReply ? 'refused' : 'down'
}
