/** The terms of one outgoing call: its account, its priority and its deadline. */
import type { Trace } from './trace.ts'

/** Under pressure `low` may wait only while the queue is under a quarter full, `normal` under half, `high` to its end. */
export type Priority = 'low' | 'normal' | 'high'

export type Terms = {
  readonly accountId: string
  readonly priority: Priority
  /** On the clock of `performance.now()`, milliseconds. */
  readonly deadline: number
  /** The caller's connection. A call whose caller has hung up does not leave the queue. */
  readonly connection?: { readonly destroyed: boolean } | undefined
  /** How long the request has been upstream; its calls share one. */
  readonly upstreamTime?: UpstreamTime
  /** Called once the call has its slot, just before its first byte. If it throws, the call fails with that, and nothing is written. */
  readonly beforeWrite?: (() => Promise<void>) | undefined
  /** The parent of the call's span, if tracing is on. */
  readonly trace?: Trace | undefined
}

/** Milliseconds; written by the calls of a request, one after another. */
export type UpstreamTime = {
  /** Of the calls that have ended. */
  endedMs: number
  /** When the call under way began, on the clock of `performance.now()`; undefined if there is none. */
  startedAt: number | undefined
}
