import { LRUCache } from 'lru-cache'
import { platformError } from './refusals.ts'

const MAX_CONVERSATIONS = 10_000
const MAX_CONSUMERS = 10_000
const MAX_EVENTS = 1_000
const MAX_CONVERSATION_BYTES = 4 * 2 ** 20
const MAX_TOTAL_BYTES = 64 * 2 ** 20

/** One accepted request, as it may be shown: without tokens. `sequence` only where LiveEngage counts. */
export type AcceptedEvent = {
  sequence?: number
  type: string
  body: unknown
  metadata?: unknown
  clientProperties?: unknown
  receivedAt: string
}

/** Who calls: the consumer named by the ConsumerJWS, within one account. */
export type Caller = { account: string; consumer: string }

export type Conversation = {
  readonly account: string
  readonly id: string
  /** Who opened it by CONVERSATION; one first seen in a SEND belongs to nobody. */
  readonly owner: string | undefined
  open: boolean
  nextSequence: number
  readonly kept: { event: AcceptedEvent; bytes: number }[]
  bytes: number
}

export type Conversations = {
  /** The one open conversation of a consumer. Source: lp-devassist-connectors. */
  openOf: (caller: Caller) => Conversation | undefined
  open: (caller: Caller, id: string) => Conversation
  /** The conversation, made when never seen before; a stranger is refused with 401. Source: Overview page. */
  reach: (caller: Caller, id: string) => Conversation
  record: (conversation: Conversation, event: AcceptedEvent, bytes: number) => void
  /** Oldest first. Conversations of several accounts may bear one id. */
  eventsOf: (id: string) => AcceptedEvent[]
}

/** All in memory and bounded; what was not touched for longest is forgotten first. */
export function createConversations(): Conversations {
  const conversations = new LRUCache<string, Conversation>({
    max: MAX_CONVERSATIONS,
    maxSize: MAX_TOTAL_BYTES,
    sizeCalculation: ({ bytes }) => 1 + bytes,
  })
  /** Keys only, so that a forgotten conversation is not kept alive here. */
  const openByConsumer = new LRUCache<string, string>({ max: MAX_CONSUMERS })

  function create(account: string, id: string, owner?: string): Conversation {
    const conversation = { account, id, owner, open: true, nextSequence: 0, kept: [], bytes: 0 }
    conversations.set(keyOf(account, id), conversation)
    return conversation
  }

  return {
    openOf(caller) {
      const key = openByConsumer.get(keyOf(caller.account, caller.consumer))
      const conversation = conversations.get(key ?? '')
      return conversation?.open ? conversation : undefined
    },
    open(caller, id) {
      openByConsumer.set(keyOf(caller.account, caller.consumer), keyOf(caller.account, id))
      return create(caller.account, id, caller.consumer)
    },
    reach({ account, consumer }, id) {
      const conversation = conversations.get(keyOf(account, id)) ?? create(account, id)
      if (conversation.owner !== undefined && conversation.owner !== consumer) {
        // The status is documented, an errorCode is not.
        throw platformError({ code: 401, title: 'Unauthorized' })
      }
      return conversation
    },
    record(conversation, event, bytes) {
      const { account, id, kept } = conversation
      kept.push({ event, bytes })
      conversation.bytes += bytes
      while (kept.length > MAX_EVENTS || conversation.bytes > MAX_CONVERSATION_BYTES) {
        for (const oldest of kept.splice(0, 1)) conversation.bytes -= oldest.bytes
      }
      // Set anew, because the cache measures an entry only when it comes in.
      conversations.delete(keyOf(account, id))
      conversations.set(keyOf(account, id), conversation)
    },
    eventsOf(id) {
      return [...conversations.rvalues()]
        .filter((conversation) => conversation !== undefined)
        .filter((conversation) => conversation.id === id)
        .flatMap(({ kept }) => kept.map(({ event }) => event))
    },
  }
}

function keyOf(account: string, id: string): string {
  return `${account}/${id}`
}
