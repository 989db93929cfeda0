import { LRUCache } from 'lru-cache'
import { atMost, atMostOf } from '../../at-most.ts'

const maxConversations = 10_000
const maxConsumers = 10_000
const maxSurveys = 10_000
const maxEntries = 1_000
const maxConversationBytes = 4 * 2 ** 20
const maxTotalBytes = 64 * 2 ** 20

/** Who calls: the consumer named by the ConsumerJWS, within one account. */
export type Caller = { account: string; consumer: string; externalId?: string }

export type Role = 'CONSUMER' | 'ASSIGNED_AGENT' | 'AGENT' | 'READER' | 'MANAGER' | 'CONTROLLER'
export type Party = { id: string; role: Role }
export type Audience = 'ALL' | 'AGENTS_AND_MANAGERS'

/** One thing that happened, as it may be shown: without tokens. `sequence` only if LiveEngage counts it. */
export type Entry = {
  /** Counts up within one sandbox. */
  number: number
  by: Party
  dialogId: string
  sequence?: number
  type: string
  body: unknown
  metadata?: unknown
  clientProperties?: unknown
  audience?: Audience
  remarks?: readonly string[]
  receivedAt: string
}

export type Dialog = {
  readonly id: string
  readonly type: 'MAIN' | 'POST_SURVEY'
  readonly appInstallId: string
  readonly startedAt: number
  readonly parties: (Party & { state: 'ACTIVE' | 'SUGGESTED' })[]
  open: boolean
  /** Messages and receipts of a dialog share one count. Source: Messaging Window PCS tutorial. */
  nextSequence: number
  updatedAt: number
  endedAt?: number
  closedBy?: string
  closedCause?: string
}

export type Conversation = {
  readonly account: string
  readonly id: string
  readonly consumer: string
  /** The caller's own id of the consumer, if a token names it. */
  readonly externalId: string | undefined
  /** Who opened it by CONVERSATION; one first seen in a SEND has no owner. */
  readonly owner: string | undefined
  /** Another channel's conversation is another app install's. */
  readonly appInstallId: string
  readonly startedAt: number
  readonly main: Dialog
  survey?: Dialog
  agent?: { id: string; name: string; state: 'ACTIVE' | 'SUGGESTED' }
  skillId: string
  ttr: { ttrType: string; value: number }
  profile?: unknown
  csat?: { csatRate: number; csatResolutionConfirmation: boolean; status: string }
  closeReason?: string
  updatedAt: number
  endedAt?: number
  /** Whether the consumer's side can show a second dialog, such as a survey. */
  hasDialogs: boolean
  readonly kept: { entry: Entry; bytes: number }[]
  bytes: number
}

export type NewConversation = {
  account: string
  id: string
  consumer: string
  externalId?: string | undefined
  owner?: string
  appInstallId: string
}

export type Conversations = {
  /** The one open conversation of a consumer. Source: lp-devassist-connectors. */
  openOf: (caller: Caller) => Conversation | undefined
  create: (conversation: NewConversation) => Conversation
  /** By the id of one of its dialogs; the main dialog's is the conversation's own. */
  ofDialog: (account: string, dialogId: string) => Conversation | undefined
  /** Conversations of several accounts may bear one id. */
  withId: (id: string) => Conversation[]
  addSurvey: (conversation: Conversation, survey: Dialog) => void
  record: (conversation: Conversation, entry: Omit<Entry, 'number'>, bytes: number) => Entry
  /** The most recently used first. */
  all: () => Conversation[]
  size: () => number
  clear: () => void
}

/** All in memory and bounded; the least recently used go first. */
export function createConversations(now: () => number): Conversations {
  const conversations = new LRUCache<string, Conversation>(
    atMostOf(maxConversations, maxTotalBytes, ({ bytes }) => bytes),
  )
  /** Keys only, so that a forgotten conversation is not kept alive here. */
  const openByConsumer = new LRUCache<string, string>(atMost(maxConsumers))
  const bySurvey = new LRUCache<string, string>(atMost(maxSurveys))
  let lastNumber = 0

  function all(): Conversation[] {
    return [...conversations.values()]
  }

  return {
    openOf(caller) {
      const key = openByConsumer.get(keyOf(caller.account, caller.consumer))
      const conversation = key === undefined ? undefined : conversations.get(key)
      return conversation !== undefined && isOpen(conversation) ? conversation : undefined
    },
    create({ account, id, consumer, externalId, owner, appInstallId }) {
      const startedAt = now()
      const conversation: Conversation = {
        account,
        id,
        consumer,
        externalId,
        owner,
        appInstallId,
        startedAt,
        main: {
          id,
          type: 'MAIN',
          appInstallId,
          startedAt,
          parties: [{ id: consumer, role: 'CONSUMER', state: 'ACTIVE' }],
          open: true,
          nextSequence: 0,
          updatedAt: startedAt,
        },
        skillId: '-1',
        ttr: { ttrType: 'NORMAL', value: 600 },
        updatedAt: startedAt,
        hasDialogs: false,
        kept: [],
        bytes: 0,
      }
      conversations.set(keyOf(account, id), conversation)
      if (owner !== undefined) openByConsumer.set(keyOf(account, owner), keyOf(account, id))
      return conversation
    },
    ofDialog(account, dialogId) {
      const key = keyOf(account, dialogId)
      return conversations.get(bySurvey.get(key) ?? key)
    },
    withId: (id) => all().filter((conversation) => conversation.id === id),
    addSurvey(conversation, survey) {
      conversation.survey = survey
      bySurvey.set(
        keyOf(conversation.account, survey.id),
        keyOf(conversation.account, conversation.id),
      )
    },
    record(conversation, event, bytes) {
      const { account, id, kept } = conversation
      const entry = { number: ++lastNumber, ...event }
      kept.push({ entry, bytes })
      conversation.bytes += bytes
      while (kept.length > maxEntries || conversation.bytes > maxConversationBytes) {
        for (const oldest of kept.splice(0, 1)) conversation.bytes -= oldest.bytes
      }
      // Set anew, because the cache measures an entry only when it comes in.
      conversations.delete(keyOf(account, id))
      conversations.set(keyOf(account, id), conversation)
      return entry
    },
    all,
    size: () => conversations.size,
    clear() {
      conversations.clear()
      openByConsumer.clear()
      bySurvey.clear()
    },
  }
}

/** `state` is the main dialog, `stage` the whole conversation. Source: Messaging Window PCS tutorial. */
export function isOpen({ main, survey }: Conversation): boolean {
  return main.open || survey?.open === true
}

export function dialogOf({ main, survey }: Conversation, dialogId: string): Dialog {
  return survey?.id === dialogId ? survey : main
}

function keyOf(account: string, id: string): string {
  return `${account}/${id}`
}
