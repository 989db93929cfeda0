/** A scripted LiveEngage: Domain API, Sentinel, IDP and SEND on raw sockets, each message misbehaving as its plan says. */
import type { Socket } from 'node:net'
import type { ByteReader } from './byte-reader.ts'
import { serveConnection } from './connection.ts'
import { answer, Exchange } from './exchange.ts'
import { type Fault, succeed } from './fault.ts'
import { Gate } from './gate.ts'
import type { Head } from './head.ts'
import type { Marks } from './marks.ts'
import type { Oracle } from './oracle.ts'

/** What a call to the Domain API, Sentinel or IDP meets. `attempt` counts from 1. */
export type SideScript = (call: SideCall) => Promise<void> | void
export type SideCall = {
  socket: Socket
  head: Head
  body: string
  account: string
  attempt: number
  /** Answers as documented. */
  succeed(): void
}

export class Upstream {
  /** `localhost:<port>` per account; others have none. */
  readonly hosts = new Map<string, string>()
  readonly domainApi = new Gate({ open: (socket) => this.serve(socket) })
  /** For accounts or consumers whose look-up or login is to fail. */
  readonly sideScripts = new Map<string, SideScript>()
  /** What a message meets that has no plan. */
  usual: NonNullable<Fault['play']> = succeed
  /** How long an AppJWT lives. */
  appJwtSeconds = 3_600
  /** What is added to a ConsumerJWS, to make it as long as LivePerson's. */
  consumerJwsPadding = ''
  /** SENDs that arrived with a token that is none of ours. */
  strangers = 0
  private readonly plans = new Map<string, readonly Fault[]>()
  private readonly attempts = new Map<string, number>()
  private minted = 0

  private readonly oracle: Oracle
  private readonly marks: Marks

  constructor(oracle: Oracle, marks: Marks) {
    this.oracle = oracle
    this.marks = marks
  }

  async open(): Promise<string> {
    return `http://localhost:${await this.domainApi.open()}`
  }

  /** What the attempts at this message meet, in order; after the last all goes well. */
  plan(id: string, faults: readonly Fault[]): void {
    this.plans.set(id, faults)
  }

  forget(id: string): void {
    this.plans.delete(id)
    this.attempts.delete(id)
  }

  /** Serves one connection to its end. @param tcp the connection below TLS */
  serve(socket: Socket, tcp: Socket = socket): void {
    serveConnection(socket, async (head, reader) => {
      if (head.path.includes('/messaging/')) await this.send(head, socket, tcp, reader)
      else await this.aside(head, socket, reader)
    })
  }

  private async send(head: Head, socket: Socket, tcp: Socket, reader: ByteReader): Promise<void> {
    const id = this.marks.idIn(head.headers.get('x-lp-on-behalf') ?? '')
    if (id === undefined) {
      this.strangers += 1
      socket.destroy()
      return
    }
    this.oracle.arrived(id)
    const attempt = this.countAttempt(id)
    const play = this.plans.get(id)?.[attempt - 1]?.play ?? this.usual
    await play(new Exchange(head, socket, tcp, reader, () => this.oracle.processed(id)))
  }

  private async aside(head: Head, socket: Socket, reader: ByteReader): Promise<void> {
    const bytes = await reader.body(Number(head.headers.get('content-length') ?? 0))
    const body = bytes?.toString() ?? ''
    const [, account = ''] = /\/account\/([^/]+)\//.exec(head.path) ?? []
    const isLogin = head.path.includes('/consumer?')
    const subject = isLogin ? readConsumer(body) : account
    const script = this.sideScripts.get(`${isLogin ? 'idp' : kindOf(head.path)} ${subject}`)
    const attempt = this.countAttempt(`${head.path} ${subject}`)
    const succeed = () => void socket.write(this.sideAnswer(head, account, subject))
    const call = { socket, head, body, account, attempt, succeed }
    if (script === undefined) succeed()
    else await script(call)
  }

  private sideAnswer(head: Head, account: string, subject: string): Buffer {
    if (head.path.startsWith('/sentinel/')) return answer(200, JSON.stringify(this.appJwt(account)))
    if (head.path.includes('/consumer?')) {
      const token = `${this.marks.consumerJws(subject)}${this.consumerJwsPadding}`
      return answer(201, JSON.stringify({ token }))
    }
    const [, service] = /\/service\/(\w+)\//.exec(head.path) ?? []
    const baseURI = this.hosts.get(account)
    return baseURI === undefined
      ? answer(404, '{}')
      : answer(200, JSON.stringify({ service, account, baseURI }))
  }

  private appJwt(account: string): { access_token: string; token_type: string } {
    this.minted += 1
    const { secret } = this.marks
    const seconds = Math.floor(Date.now() / 1000)
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const exp = seconds + this.appJwtSeconds
    const claims = { aud: account, iat: seconds, exp, serial: this.minted, secret }
    const access = `${encode({ alg: 'none' })}.${encode(claims)}.${secret}`
    return { access_token: access, token_type: 'Bearer' }
  }

  private countAttempt(of: string): number {
    const attempt = (this.attempts.get(of) ?? 0) + 1
    this.attempts.set(of, attempt)
    return attempt
  }
}

function kindOf(path: string): string {
  return path.startsWith('/sentinel/') ? 'sentinel' : 'domain'
}

function readConsumer(body: string): string {
  const { ext_consumer_id: id }: { ext_consumer_id: string } = JSON.parse(body)
  return id
}
