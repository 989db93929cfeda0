/** The team's app on raw sockets: each event meets what its plan says, and the app remembers which ones it took. */
import type { Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { ByteReader } from '../byte-reader.ts'
import { serveConnection } from '../connection.ts'
import { Exchange } from '../exchange.ts'
import { type Fault, succeed } from '../fault.ts'
import { Gate } from '../gate.ts'
import type { Head } from '../head.ts'
import type { Ledger } from './ledger.ts'

export class TeamApp {
  readonly gate = new Gate({ open: (socket) => this.serve(socket) })
  /** Whose faults came to be. */
  readonly met = new Set<string>()
  private readonly ledger: Ledger
  private readonly webhook: Webhook
  private readonly plans = new Map<string, Fault[]>()

  constructor(ledger: Ledger, secret: string) {
    this.ledger = ledger
    this.webhook = new Webhook(secret)
  }

  /** What the attempts at this event meet, in order; after the last all goes well. @param key the event's id, or a chat state's notice */
  plan(key: string, faults: readonly Fault[]): void {
    this.plans.set(key, [...faults])
  }

  private serve(socket: Socket): void {
    serveConnection(socket, async (head, reader) => {
      const id = head.headers.get('webhook-id') ?? ''
      const key = this.ledger.knows(id) ? id : (head.headers.get('x-request-id') ?? '')
      const fault = this.plans.get(key)?.shift()
      if (fault !== undefined) this.met.add(key)
      await (fault?.play ?? succeed)(this.exchange(id, head, socket, reader))
    })
  }

  private exchange(id: string, head: Head, socket: Socket, reader: ByteReader): Exchange {
    const act = () => this.see(id, head, exchange.body)
    const exchange = new EventExchange(head, socket, socket, reader, act, () =>
      this.ledger.taken(id),
    )
    return exchange
  }

  private see(id: string, head: Head, body: string): void {
    try {
      this.webhook.verify(body, Object.fromEntries(head.headers))
    } catch {
      this.ledger.unproved.push(id)
    }
    const event: { id: string; data: { sender?: { id?: string } } } = JSON.parse(body)
    if (event.id !== id) this.ledger.unproved.push(id)
    this.ledger.arrived(id, event.data.sender?.id)
  }
}

const endOfHead = '\r\n\r\n'

/** One event: what counts as taken is the head of an answer with 2xx, as soon as it is written. */
class EventExchange extends Exchange {
  private readonly onTaken: () => void
  private written = ''
  private isSaid = false

  constructor(
    head: Head,
    socket: Socket,
    tcp: Socket,
    reader: ByteReader,
    act: () => void,
    onTaken: () => void,
  ) {
    super(head, socket, tcp, reader, act)
    this.onTaken = onTaken
  }

  override write(bytes: string | Buffer): boolean {
    if (!this.isSaid && !this.isGone) this.listen(bytes.toString('latin1'))
    return super.write(bytes)
  }

  private listen(bytes: string): void {
    this.written += bytes
    for (;;) {
      const end = this.written.indexOf(endOfHead)
      if (end === -1) return
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(this.written)?.[1])
      this.written = this.written.slice(end + endOfHead.length)
      if (status < 200) continue
      this.isSaid = true
      if (status < 300) this.onTaken()
      return
    }
  }
}
