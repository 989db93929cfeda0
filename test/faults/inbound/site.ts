/** Everything around one proxy that takes notifications: installations of LivePerson on one side, an app for each on the other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answer, Client } from '../client.ts'
import type { Context, Running } from '../context.ts'
import type { Random } from '../random.ts'
import { type Door, Install } from './install.ts'
import { Ledger } from './ledger.ts'
import { type Notice, Notices } from './notices.ts'
import { TeamApp } from './team-app.ts'

/** The default of EVENTS_TIMEOUT_MS. */
export const deadlineMs = 2_000

export type Party = { install: Install; notices: Notices; app: TeamApp; random: Random }

export class Site {
  readonly ledger = new Ledger()
  /** Answers by status and code, and how often there was none. */
  readonly answers = new Map<string, number>()
  /** Of those that ran into the deadline: by how much they came after it. */
  readonly overrunMs: number[] = []
  readonly parties: Party[] = []
  notices = 0
  private readonly context: Context
  private readonly folder = mkdtempSync(join(tmpdir(), 'faults-'))
  private readonly door: Door
  private readonly eventsSecret: string
  private readonly purpose: string
  private current: Running | undefined

  /** @param purpose begins the names of its accounts */
  constructor(context: Context, purpose: string) {
    this.context = context
    this.purpose = purpose
    this.door = { client: new Client(0, context.answers), port: 0 }
    this.eventsSecret = `whsec_${context.marks.secret.padEnd(40, 'A')}`
  }

  async open(count: number): Promise<void> {
    const { marks } = this.context
    const credentials: Record<string, Record<string, string>> = {}
    for (let index = 0; index < count; index += 1) {
      const account = `${this.purpose}${index}`
      const clientId = `client-${account}`
      const clientSecret = `${account}-${marks.secret}`
      const app = new TeamApp(this.ledger, this.eventsSecret)
      const eventsUrl = `http://localhost:${await app.gate.open()}/events`
      credentials[account] = { clientId, clientSecret, eventsUrl }
      const random = this.context.random(account)
      const options = { account, clientId, clientSecret, door: this.door, ledger: this.ledger }
      const install = new Install({ ...options, onAnswer: (answer) => this.seeAnswer(answer) })
      const notices = new Notices(account, marks, random)
      this.parties.push({ install, notices, app, random })
    }
    writeFileSync(this.file, JSON.stringify(credentials))
  }

  private get file(): string {
    return join(this.folder, 'credentials.json')
  }

  /** Another process, and LivePerson's next calls go to it. */
  async start(): Promise<Running> {
    this.current = await this.context.start([{ port: 9 }], {
      WEBHOOK_PORT: '0',
      LP_CREDENTIALS_FILE: this.file,
      // No EVENTS_URL: each account has an app of its own.
      EVENTS_SECRET: this.eventsSecret,
    })
    this.door.client.close()
    this.door.port = this.current.proxy.webhookPort
    this.door.client = new Client(this.door.port, this.context.answers)
    return this.current
  }

  /** The process that there is now. */
  get running(): Running {
    if (this.current === undefined) throw new Error('nothing has been started')
    return this.current
  }

  async close(): Promise<void> {
    for (const { install } of this.parties) install.end()
    this.door.client.close()
    await this.context.stop(this.running)
    for (const { app } of this.parties) app.gate.close()
    rmSync(this.folder, { recursive: true })
  }

  /** It happens, and has to come to the app. Resolves when LivePerson is done with it. */
  happens({ install }: Party, notice: Notice): Promise<void> {
    this.ledger.expect(notice, install.account)
    this.notices += 1
    return install.happens(notice)
  }

  private seeAnswer(answer: Answer | undefined): void {
    const code = answer === undefined ? 'none' : (answer.problem?.code ?? String(answer.status))
    this.answers.set(code, (this.answers.get(code) ?? 0) + 1)
    if (answer !== undefined && (answer.ms > deadlineMs || code === 'app-timeout')) {
      this.overrunMs.push(Math.max(0, answer.ms - deadlineMs))
    }
  }
}
