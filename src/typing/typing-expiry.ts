/** Typing that ends by itself: which call starts its timer, and which calls end it sooner. In memory only. */
import { createHash } from 'node:crypto'
import type { Caller } from '../liveengage/caller.ts'
import type { Command } from '../liveengage/client.ts'
import { Problem } from '../problems/problem.ts'
import { type Pause, PauseQueue, type PauseQueueOptions } from './pause-queue.ts'

/** A conversation of one consumer. */
export type ConsumerConversation = { caller: Caller; conversationId: string }

export type TypingCall = ConsumerConversation & {
  command: Command
  /** After how many seconds its typing ends by itself. */
  expirySeconds?: number | undefined
}

/** One call that sets the chat state of a dialog, from its arrival on. */
type ChatStateCall = {
  readonly key: string
  readonly dialogId: string
  readonly caller: Caller
  readonly expirySeconds: number | undefined
  /** Ends its typing; set once LiveEngage has accepted the call. */
  pause?: Pause
}

export class TypingExpiries {
  readonly pauses: PauseQueue
  /**
   * The chat states of each dialog that may count, in the order of their calls. The newest counts. The ones before it wait: if the newer
   * ones were not sent after all, their time counts.
   */
  readonly dialogs = new Map<string, readonly ChatStateCall[]>()

  constructor(options: PauseQueueOptions) {
    this.pauses = new PauseQueue(options)
  }

  /** Makes a call by `send`, and ends or starts typing as the call implies. */
  follow<T>(call: TypingCall, send: () => Promise<T>): Promise<T> {
    const { command, expirySeconds } = call
    if (this.dialogs.size === 0 && expirySeconds === undefined) return send()
    if (command.type === 'ms.PublishEvent') {
      const { dialogId, event } = command.body
      if (event.type === 'ContentEvent') return this.message(call, dialogId, send)
      if (event.type === 'ChatStateEvent') return this.chatState(call, dialogId, send)
    }
    if (command.type === 'cm.UpdateConversationField') {
      const { conversationField: change } = command.body
      if (change.field === 'DialogChange') return this.close(call, send, change.dialog.dialogId)
      if (change.field === 'ConversationStateField') return this.close(call, send)
    }
    return send()
  }

  /** An accepted message ends typing that would end by itself; LiveEngage does not. Typing that started after the message stays. */
  async message<T>(
    conversation: ConsumerConversation,
    dialogId: string,
    send: () => Promise<T>,
  ): Promise<T> {
    if (this.dialogs.size === 0) return send()
    const calls = this.dialogs.get(keyOf(conversation, dialogId))
    const shown = calls?.findLast(({ pause }) => pause !== undefined)
    const answer = await send()
    if (shown?.pause !== undefined) this.end(shown, shown.pause)
    return answer
  }

  /** Sends every PAUSE that is left, and from now on each new one at once. Call it again to wait for those. */
  flush(): Promise<void> {
    return this.pauses.flush()
  }

  /** Forgets the PAUSEs that are left. */
  stop(): void {
    this.pauses.close()
  }

  private async chatState<T>(
    { caller, conversationId, expirySeconds }: TypingCall,
    dialogId: string,
    send: () => Promise<T>,
  ): Promise<T> {
    const key = keyOf({ caller, conversationId }, dialogId)
    const call: ChatStateCall = { key, dialogId, caller, expirySeconds }
    this.begin(call)
    try {
      const answer = await send()
      this.settle(call)
      return answer
    } catch (error) {
      if (error instanceof Problem && error.delivery === 'not-sent') this.drop(call)
      // It may be showing, and a PAUSE does no harm.
      else this.settle(call)
      throw error
    }
  }

  /** A closed dialog shows no typing. */
  private async close<T>(
    conversation: ConsumerConversation,
    send: () => Promise<T>,
    dialogId?: string,
  ): Promise<T> {
    const answer = await send()
    const prefix = `${keyOf(conversation).slice(0, -1)},`
    const keys =
      dialogId === undefined
        ? [...this.dialogs.keys()].filter((key) => key.startsWith(prefix))
        : [keyOf(conversation, dialogId)]
    for (const key of keys) {
      this.disarm(key)
      this.dialogs.delete(key)
    }
    return answer
  }

  /** The timer of an earlier call must not fire between this call and its answer: it would end the newer typing. */
  private begin(call: ChatStateCall): void {
    const { key } = call
    this.disarm(key)
    this.dialogs.set(key, [...this.callsOf(key), call])
  }

  /** LiveEngage has this call, or may have it: the earlier ones no longer count. */
  private settle(call: ChatStateCall): void {
    const { key, dialogId, caller, expirySeconds } = call
    const calls = this.callsOf(key)
    // A newer one was settled first, or the dialog was closed.
    if (!calls.includes(call)) return
    this.dialogs.set(key, calls.slice(calls.indexOf(call)))
    if (expirySeconds === undefined) this.drop(call)
    else {
      call.pause = {
        dialogId,
        caller,
        dueAt: performance.now() + expirySeconds * 1_000,
        attempts: 0,
        isUnderWay: false,
        onTried: (isOver) => (isOver ? this.drop(call) : this.rearm(key)),
      }
      this.rearm(key)
    }
  }

  private drop(call: ChatStateCall): void {
    const { key } = call
    const others = this.callsOf(key).filter((each) => each !== call)
    if (others.length === 0) this.dialogs.delete(key)
    else this.dialogs.set(key, others)
    this.rearm(key)
  }

  private end(call: ChatStateCall, pause: Pause): void {
    // If a newer call is on its way and turns out not to have been sent, this one ends then.
    pause.dueAt = performance.now()
    if (this.callsOf(call.key).at(-1) === call) this.pauses.sendNow(pause)
  }

  private callsOf(key: string): readonly ChatStateCall[] {
    return this.dialogs.get(key) ?? []
  }

  private disarm(key: string): void {
    const pause = this.callsOf(key).at(-1)?.pause
    if (pause !== undefined) this.pauses.disarm(pause)
  }

  private rearm(key: string): void {
    const pause = this.callsOf(key).at(-1)?.pause
    if (pause !== undefined) this.pauses.arm(pause)
  }
}

/** The dialogs of one consumer's conversation differ only in the last part. */
function keyOf(
  { caller, conversationId }: ConsumerConversation,
  ...dialog: [] | [dialogId: string]
): string {
  return JSON.stringify([caller.accountId, consumerKeyOf(caller), conversationId, ...dialog])
}

/** Names a consumer by a digest of the ConsumerJWS as sent, else by the caller's own id. The two never collide. */
export function consumerKeyOf({ consumerJws, consumerId }: Caller): string {
  return consumerJws === undefined
    ? `id:${consumerId}`
    : `jws:${createHash('sha256').update(consumerJws).digest('base64url')}`
}
