/** Makes LivePerson's notifications for one app installation, and says which events the app has to get for each. */
import { createHash } from 'node:crypto'
import type { Marks } from '../marks.ts'
import type { Random } from '../random.ts'

export type Notice = {
  /** Also the request's id: by it the app's script knows a chat state, whose own id nobody can know. */
  name: string
  conversation: string
  /** Whether LivePerson keeps the order of its conversation. */
  isOrdered: boolean
  raw: string
  /** Of the events, in their order; none for what is left out, and for a chat state. */
  eventIds: readonly string[]
  isChatState: boolean
}

/** What the app must get, and what it must not. */
const wanted = ['text', 'text', 'text', 'two', 'receipt', 'state', 'survey', 'typing'] as const
const unwanted = ['private', 'echo', 'unknown', 'deleted'] as const
type Kind = (typeof wanted)[number] | (typeof unwanted)[number]

const orderedConversations = 4
/** 1 January 2026. */
const startTs = 1_767_225_600_000

type Change = {
  sequence: number
  conversationId: string
  dialogId: string
  event: Record<string, unknown>
}

type Made = { type: string; changes: readonly unknown[]; eventIds: string[] }

export class Notices {
  private readonly account: string
  private readonly marks: Marks
  private readonly random: Random
  private readonly sequences = new Map<string, number>()
  private count = 0

  constructor(account: string, marks: Marks, random: Random) {
    this.account = account
    this.marks = marks
    this.random = random
  }

  /** One that has an event for the app. */
  wanted(): Notice {
    return this.make(this.random.pick(wanted), this.conversation())
  }

  any(): Notice {
    const isWanted = this.random.next() < 0.8
    return isWanted ? this.wanted() : this.make(this.random.pick(unwanted), this.conversation())
  }

  /** Two of a conversation whose order LivePerson does not keep. */
  loosePair(): [Notice, Notice] {
    return [this.make('text', 'loose', false), this.make('two', 'loose', false)]
  }

  /** A text of its own conversation or the next of one, with so many characters. */
  text(conversation: string, characters: number): Notice {
    return this.make('text', conversation, true, characters)
  }

  private conversation(): string {
    return `c${this.random.between(1, orderedConversations)}`
  }

  private make(kind: Kind, conversation: string, isOrdered = true, characters = 40): Notice {
    this.count += 1
    const name = `${this.account}-n${this.count}`
    const { type, changes, eventIds } = this.fill(kind, `${this.account}-${conversation}`, {
      text: `${name} ${this.marks.words} 👋🏽 `.padEnd(characters, 'x'),
      name,
    })
    const json = JSON.stringify({ kind: 'notification', body: { changes }, type })
    // LivePerson's own bytes may have an emoji escaped.
    const raw = this.random.next() < 0.5 ? json : escapeEmojis(json)
    const isChatState = kind === 'typing'
    return { name, conversation, isOrdered, raw, eventIds, isChatState }
  }

  private fill(kind: Kind, dialog: string, what: { text: string; name: string }): Made {
    switch (kind) {
      case 'two':
        return this.messages([this.say(dialog, what.text), this.say(dialog, what.text)])
      case 'receipt': {
        const event = { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [0] }
        return this.messages([this.change(dialog, event)])
      }
      case 'survey': {
        const question = this.say(`${dialog}-survey`, what.text)
        return this.messages([{ ...question, conversationId: dialog }])
      }
      case 'private':
        return leftOut([{ ...this.say(dialog, what.text), messageAudience: 'AGENTS_AND_MANAGERS' }])
      case 'echo':
        return leftOut([
          { ...this.say(dialog, what.text), originatorMetadata: { role: 'CONSUMER' } },
        ])
      case 'unknown':
        return leftOut([this.change(dialog, { type: 'NewEvent', message: what.text })])
      case 'typing':
        return leftOut([
          {
            originatorId: what.name,
            originatorMetadata: { role: 'ASSIGNED_AGENT' },
            event: { type: 'ChatStateEvent', chatState: 'COMPOSING' },
            conversationId: dialog,
            dialogId: dialog,
          },
        ])
      case 'state':
        return this.state(dialog, 'UPSERT')
      case 'deleted':
        return { ...this.state(dialog, 'DELETE'), eventIds: [] }
      default:
        return this.messages([this.say(dialog, what.text)])
    }
  }

  private say(dialogId: string, message: string) {
    return this.change(dialogId, { type: 'ContentEvent', contentType: 'text/plain', message })
  }

  private change(dialogId: string, event: Record<string, unknown>) {
    const sequence = this.sequences.get(dialogId) ?? 0
    this.sequences.set(dialogId, sequence + 1)
    return {
      sequence,
      originatorId: 'agent-1',
      originatorMetadata: { id: 'agent-1', role: 'ASSIGNED_AGENT' },
      serverTimestamp: startTs + this.count,
      event,
      conversationId: dialogId,
      dialogId,
      messageAudience: 'ALL',
    }
  }

  /** The ids are those of the contract, written down once more. */
  private messages(changes: readonly Change[]): Made {
    const eventIds = changes.map(
      ({ dialogId, sequence }) => `lp-${this.account}-${dialogId}-${sequence}`,
    )
    return { type: 'ms.MessagingEventNotification', changes, eventIds }
  }

  private state(convId: string, type: 'UPSERT' | 'DELETE'): Made {
    const metaDataLastUpdateTs = startTs + this.count
    const details = { state: 'OPEN', stage: 'OPEN', startTs, metaDataLastUpdateTs }
    const result = { convId, conversationDetails: details }
    const digest = createHash('sha256').update(JSON.stringify(result)).digest('hex').slice(0, 12)
    return {
      type: 'cqm.ExConversationChangeNotification',
      changes: [{ type, result }],
      eventIds: [`lp-${this.account}-${convId}-${metaDataLastUpdateTs}-${digest}`],
    }
  }
}

function leftOut(changes: unknown[]): Made {
  return { type: 'ms.MessagingEventNotification', changes, eventIds: [] }
}

function escapeEmojis(json: string): string {
  return json.replace(
    /[\ud800-\udfff]/g,
    (half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
