/** What calls mean for typing that was started with a time: which of them arms its end, and which come before it. In memory only. */
import { consumerKey } from './caller.ts'
import type { Caller, Command } from './liveengage/client.ts'
import { type Pause, Pauses, type PausesOptions } from './pauses.ts'
import { Problem } from './problems.ts'

/** A conversation, as one consumer has it. */
export type Place = { caller: Caller; conversationId: string }

export type TypingCall = Place & {
  command: Command
  /** After how many seconds what it shows is to end by itself. */
  expirySeconds?: number | undefined
}

/** One chat state of a dialog, from the arrival of its call on. */
type Turn = {
  readonly key: string
  readonly dialogId: string
  readonly caller: Caller
  readonly expirySeconds: number | undefined
  /** What ends it; there is none before LiveEngage has taken it. */
  pause?: Pause
}

export class TypingExpiries {
  readonly pauses: Pauses
  /**
   * Of each dialog the chat states that may count, as their calls arrived. The newest does. Those before it wait: should the newer
   * ones turn out not to have been sent, theirs is the time that holds.
   */
  private readonly dialogs = new Map<string, readonly Turn[]>()

  constructor(options: PausesOptions) {
    this.pauses = new Pauses(options)
  }

  /** Makes a call by `send` and does what it means for typing. With nothing to end, that is no more than the call. */
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

  /** A message that was accepted ends the typing that was to end by itself when it came: LiveEngage does not. Newer typing stays. */
  async message<T>(place: Place, dialogId: string, send: () => Promise<T>): Promise<T> {
    if (this.dialogs.size === 0) return send()
    const turns = this.dialogs.get(keyOf(place, dialogId))
    const shown = turns?.findLast(({ pause }) => pause !== undefined)
    const answer = await send()
    if (shown?.pause !== undefined) this.end(shown, shown.pause)
    return answer
  }

  /** Sends every PAUSE that is left; what calls still in flight arm from now on is sent at once. May be called again, to wait for it. */
  flush(): Promise<void> {
    return this.pauses.flush()
  }

  /** Forgets what is left. */
  stop(): void {
    this.pauses.close()
  }

  private async chatState<T>(
    { caller, conversationId, expirySeconds }: TypingCall,
    dialogId: string,
    send: () => Promise<T>,
  ): Promise<T> {
    const key = keyOf({ caller, conversationId }, dialogId)
    const turn: Turn = { key, dialogId, caller, expirySeconds }
    this.begin(turn)
    try {
      const answer = await send()
      this.settle(turn)
      return answer
    } catch (error) {
      if (error instanceof Problem && error.delivery === 'not-sent') this.drop(turn)
      // It may be showing, and a PAUSE does no harm.
      else this.settle(turn)
      throw error
    }
  }

  /** A closed dialog shows no typing. */
  private async close<T>(place: Place, send: () => Promise<T>, dialogId?: string): Promise<T> {
    const answer = await send()
    const prefix = `${keyOf(place).slice(0, -1)},`
    const keys =
      dialogId === undefined
        ? [...this.dialogs.keys()].filter((key) => key.startsWith(prefix))
        : [keyOf(place, dialogId)]
    for (const key of keys) {
      this.hold(key)
      this.dialogs.delete(key)
    }
    return answer
  }

  /** The timer of the turn before must not fire between this call and its answer: it would end the newer typing. */
  private begin(turn: Turn): void {
    const { key } = turn
    this.hold(key)
    this.dialogs.set(key, [...this.turnsOf(key), turn])
  }

  /** LiveEngage has this turn, or may have it: those before it count no more. */
  private settle(turn: Turn): void {
    const { key, dialogId, caller, expirySeconds } = turn
    const turns = this.turnsOf(key)
    // A newer one was settled first, or the dialog was closed.
    if (!turns.includes(turn)) return
    this.dialogs.set(key, turns.slice(turns.indexOf(turn)))
    if (expirySeconds === undefined) this.drop(turn)
    else {
      turn.pause = {
        dialogId,
        caller,
        dueAt: performance.now() + expirySeconds * 1_000,
        attempts: 0,
        isUnderWay: false,
        onTried: (isOver) => (isOver ? this.drop(turn) : this.rearm(key)),
      }
      this.rearm(key)
    }
  }

  private drop(turn: Turn): void {
    const { key } = turn
    const others = this.turnsOf(key).filter((each) => each !== turn)
    if (others.length === 0) this.dialogs.delete(key)
    else this.dialogs.set(key, others)
    this.rearm(key)
  }

  private end(turn: Turn, pause: Pause): void {
    // Where a newer turn is on its way and turns out not to have been sent, this one ends then.
    pause.dueAt = performance.now()
    if (this.turnsOf(turn.key).at(-1) === turn) this.pauses.sendNow(pause)
  }

  private turnsOf(key: string): readonly Turn[] {
    return this.dialogs.get(key) ?? []
  }

  private hold(key: string): void {
    const pause = this.turnsOf(key).at(-1)?.pause
    if (pause !== undefined) this.pauses.disarm(pause)
  }

  private rearm(key: string): void {
    const pause = this.turnsOf(key).at(-1)?.pause
    if (pause !== undefined) this.pauses.arm(pause)
  }
}

/** The same consumer's dialogs of a conversation share all but the last part. */
function keyOf({ caller, conversationId }: Place, ...dialog: [] | [dialogId: string]): string {
  return JSON.stringify([caller.accountId, consumerKey(caller), conversationId, ...dialog])
}
