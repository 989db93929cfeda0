/** What a fault is: how the upstream, its gate or its idle connections misbehave for one message. */
import type { Exchange } from './exchange.ts'

/** Statuses by which LiveEngage says that it did not act. Where it acted all the same, LiveEngage lied, not the proxy. */
export function deniesProcessing(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408
}

/** What a gate does with a connection that comes in. */
export type GateMode =
  | 'open'
  | 'refuse'
  | 'reset'
  | 'close'
  | 'never-read'
  | 'wrong-name'
  | 'untrusted'
  | 'expired'
  | 'close-in-handshake'
  | 'reset-in-handshake'
  | 'hang-in-handshake'
  | 'plain-http'

export type Fault = {
  name: string
  /** Its row of the table. */
  class: string
  /** `short`: it lasts until the deadline; `long`: a resend after a second must fit in. */
  deadline: 'short' | 'normal' | 'long'
  /** How many failures a circuit breaker may see in it; so many healthy messages follow. */
  weight: 0 | 1 | 2
  /** LiveEngage says that it did not act, and did. */
  isLie?: boolean
  /** What its gate does meanwhile. */
  gate?: GateMode
  /** What happens to the idle connections, before the message is sent or at the same moment. */
  idle?: { end: 'close' | 'reset'; when: 'before' | 'meanwhile' }
  /** What the upstream does with each attempt; a success where it is absent. */
  play?: (exchange: Exchange) => Promise<void>
}

/** The documented behaviour. */
export async function succeed(exchange: Exchange): Promise<void> {
  if (await exchange.process()) exchange.answer(200)
}

export const healthy: Fault = { name: 'none', class: 'healthy', deadline: 'normal', weight: 0 }
