/** The order of a conversation: what its caller says leaves in the order in which the requests arrived, each once the one before it has its answer. In memory only. */
import type { FastifyRequest, onSendHookHandler, preHandlerHookHandler } from 'fastify'
import type { Client } from '../liveengage/client.ts'
import { messaging } from '../liveengage/upstreams.ts'
import { admitted } from './admission.ts'

/** The place of one request among those of its conversation, from its arrival to its answer. */
export class Turn {
  private readonly order: MessageOrder
  private readonly conversation: string
  /** Undefined: it is this one's turn. */
  private before: Turn | undefined
  private after: Turn | undefined
  private come: (() => void) | undefined
  private hasEnded = false

  constructor(order: MessageOrder, conversation: string) {
    this.order = order
    this.conversation = conversation
    this.before = order.last.get(conversation)
    if (this.before !== undefined) this.before.after = this
    order.last.set(conversation, this)
  }

  get hasCome(): boolean {
    return this.before === undefined
  }

  /** Resolves when everything before it has its answer. To be asked once. */
  arrival(): Promise<void> {
    return this.hasCome ? Promise.resolve() : new Promise((resolve) => (this.come = resolve))
  }

  /** Lets the next one go, or gives the place up. May be called again. */
  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    const { order, conversation, before, after } = this
    if (before !== undefined) before.after = after
    if (after === undefined) {
      if (before === undefined) order.last.delete(conversation)
      else order.last.set(conversation, before)
      return
    }
    after.before = before
    if (after.hasCome) after.come?.()
  }
}

export class MessageOrder {
  /** The latest request of each conversation that has one without an answer. */
  readonly last = new Map<string, Turn>()

  /** An account's id has no slash. */
  take(accountId: string, conversationId: string): Turn {
    return new Turn(this, `${accountId}/${conversationId}`)
  }
}

/** Takes a request's place: as soon as the whole request is there, and before anything that waits. */
export function takeTurn(order: MessageOrder, request: FastifyRequest): void {
  // A dry run sends nothing.
  if (request.isDryRun) return
  request.turn = order.take(admitted(request).caller.accountId, conversationOf(request))
}

/** A `preHandler`, before that which claims an Idempotency-Key. A form is read by its handler, which takes the turn itself. */
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

/** Also for a request that was refused, replayed or out of time before its turn came. */
export const endTurn: onSendHookHandler = (request, _reply, _payload, done) => {
  request.turn?.end()
  done()
}

/**
 * Sends once it is the request's turn. Until then it holds a place in the queue of its host.
 * @throws Problem `overloaded` where there is no place, `deadline-exceeded` where the turn did not come in time, and what `send` throws
 */
export function inTurn<T>(
  client: Pick<Client, 'hostOf'>,
  request: FastifyRequest,
  send: () => Promise<T>,
): Promise<T> {
  const { turn } = request
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
