/** What the proxy tells whoever traces it. Mostly nobody does: then there is no such object, and each door asks once for it. */
import type { Problem } from './problems.ts'

export type Tracing = {
  /** Begins the span of a request; its parent is the one that the headers name, if any. */
  startRequest(request: TracedRequest): RequestTrace
  /** Of calls that no request waits for: each is a trace of its own. */
  readonly background: Trace
  /** Exports what is left, no longer than this. */
  stop(withinMs: number): Promise<void>
}

export type TracedRequest = {
  id: string
  method: string
  /** The route's pattern. */
  route: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  localAddress: string | undefined
  localPort: number | undefined
  httpVersion: string
}

/** Travels with a call, in its terms. */
export type Trace = {
  /** Begins the span of a call that has its turn. */
  startCall(call: TracedCall): CallSpan
}

export type RequestTrace = Trace & {
  readonly id: string
  end(outcome: { status: number; problem: Problem | null; isReplayed: boolean }): void
}

export type TracedCall = {
  /** Of the peer. */
  service: string
  origin: string
  method: string
  path: string
}

export type CallSpan = {
  /** What the call takes along beside its own headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Ends it, once. @param status undefined where no answer came */
  end(status: number | undefined, problem?: Problem): void
}
