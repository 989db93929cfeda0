/** The order of a conversation: messages are sent in the order of their requests, each once the one before it has its answer. In memory only. */
import type { FastifyRequest, onSendHookHandler, preHandlerHookHandler } from 'fastify'
import type { Client } from '../liveengage/client.ts'
import { messaging } from '../liveengage/upstreams.ts'
import { admitted } from './admission.ts'

/** The place of one request among those of its conversation, from its arrival to its answer. */
export class Turn {
  readonly conversation: string
  private readonly latest: Turn[]
  /** Undefined: it is this one's turn. */
  private before: Turn | undefined
  private after: Turn | undefined
  private come: (() => void) | undefined
  private hasEnded = false

  /** @param latest the latest turns of some conversations, this one's included */
  constructor(conversation: string, latest: Turn[]) {
    this.conversation = conversation
    this.latest = latest
    const place = latest.findIndex((turn) => turn.conversation === conversation)
    // An array has no element at -1, and V8 takes its time to find that out.
    const before = place < 0 ? undefined : latest[place]
    this.before = before
    if (before === undefined) latest.push(this)
    else {
      before.after = this
      latest[place] = this
    }
  }

  get hasCome(): boolean {
    return this.before === undefined
  }

  /** Resolves when everything before it has its answer. Call it once. */
  arrival(): Promise<void> {
    return this.hasCome ? Promise.resolve() : new Promise((resolve) => (this.come = resolve))
  }

  /** Lets the next one go, or gives up the place. May be called again. */
  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    const { latest, before, after } = this
    if (before !== undefined) before.after = after
    if (after !== undefined) {
      after.before = before
      if (after.hasCome) after.come?.()
    } else if (before !== undefined) latest[latest.indexOf(this)] = before
    else latest.splice(latest.indexOf(this), 1)
  }
}

const tableSize = 1_024

export class MessageOrder {
  /**
   * The latest turn of each conversation that has a request without an answer, by the hash of its name. Not a Map: what passes through
   * an old one stays in memory until V8's next full collection (measured under load: 142 MB instead of 121).
   */
  private readonly table: Turn[][] = Array.from({ length: tableSize }, () => [])

  /** Conversations that have a request without an answer. */
  get size(): number {
    return this.table.reduce((sum, { length }) => sum + length, 0)
  }

  /** Takes the next turn in a conversation. The slash keeps the names apart: an account's id has none. */
  take(accountId: string, conversationId: string): Turn {
    const conversation = `${accountId}/${conversationId}`
    return new Turn(conversation, this.table[hashOf(conversation)] ?? [])
  }
}

function hashOf(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index += 1) {
    hash = (hash * 31 + text.charCodeAt(index)) % tableSize
  }
  return hash
}

/** Takes a request's place as soon as the whole request is there, before anything that waits. */
export function takeTurn(order: MessageOrder, request: FastifyRequest): void {
  // A dry run sends nothing.
  if (request.state.isDryRun) return
  request.state.turn = order.take(admitted(request).caller.accountId, conversationOf(request))
}

/** A `preHandler` that runs before the claim of an Idempotency-Key. The handler of a form takes the turn itself. */
export function turnTaker(order: MessageOrder): preHandlerHookHandler {
  return (request, _reply, done) => {
    takeTurn(order, request)
    done()
  }
}

function conversationOf({ params }: FastifyRequest): string {
  const isNamed = typeof params === 'object' && params !== null && 'id' in params
  return isNamed ? String(params.id) : ''
}

/** Also for a request that was refused, replayed or out of time before its turn. */
export const endTurn: onSendHookHandler = (request, _reply, _payload, done) => {
  request.state.turn?.end()
  done()
}

/**
 * Sends once it is the request's turn. Until then it holds a place in the queue of its host.
 * @throws Problem `overloaded` if there is no place, `deadline-exceeded` if the turn did not come in time, and what `send` throws
 */
export function inTurn<T>(
  client: Pick<Client, 'hostOf'>,
  request: FastifyRequest,
  send: () => Promise<T>,
): Promise<T> {
  const { turn } = request.state
  return turn === null || turn.hasCome ? send() : afterOthers(client, request, turn, send)
}

async function afterOthers<T>(
  client: Pick<Client, 'hostOf'>,
  request: FastifyRequest,
  turn: Turn,
  send: () => Promise<T>,
): Promise<T> {
  const context = admitted(request)
  const host = await client.hostOf(context)
  await host.holdPlace(messaging, context.terms, turn.arrival())
  return send()
}
