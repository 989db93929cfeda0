/** The port to a tracer: what a call reports. */
import type { Problem } from '../problems/problem.ts'

/** Travels with a call, in its terms. */
export type Trace = {
  /** Begins the span of a call that has its slot. */
  startCall(call: TracedCall): CallSpan
}

export type TracedCall = {
  service: string
  origin: string
  method: string
  path: string
}

export type CallSpan = {
  /** Sent beside the call's own headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Ends it, once. @param status undefined if no answer came */
  end(status: number | undefined, problem?: Problem): void
}
