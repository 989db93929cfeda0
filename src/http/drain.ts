/** Stops a server without losing an answer: what is in flight is answered, what is idle is closed. */
import type { Server } from 'node:http'
import { Server as TcpServer } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Connections } from './connections.ts'

const sweepIntervalMs = 100

/** A connection that has been idle this long while draining carries no request that is still on its way. */
const idleGraceMs = 1_000

export class Drain {
  private readonly server: Server
  private readonly connections: Connections
  /** From the signal on: every answer closes its connection, and `/readyz` says no. */
  isDraining = false
  /** New requests are refused. */
  isClosing = false
  /** Requests that are worked on. A caller who hangs up ends nothing, and may have a message on its way. */
  work = 0

  constructor(server: Server, connections: Connections) {
    this.server = server
    this.connections = connections
  }

  /** Requests that await their answer. */
  get unanswered(): number {
    return this.connections.unanswered
  }

  /**
   * Serves on for `delayMs`, then takes no new connections and ends when the last answer is out, every connection closed and nothing
   * worked on any more. @param onClosing called once no new request gets in
   */
  async run(delayMs: number, onClosing: () => unknown = () => undefined): Promise<void> {
    this.isDraining = true
    await setTimeout(delayMs)
    // A timer runs before the listener is read: connections that have been made by now are taken first.
    await setImmediate()
    // http.Server's own close would also cut idle connections at once, on which a request may be on its way.
    TcpServer.prototype.close.call(this.server)
    const graceEnds = performance.now() + idleGraceMs
    while (this.connections.all.length > 0 && performance.now() < graceEnds)
      await setTimeout(sweepIntervalMs)
    // A timer runs before the sockets are read; what has arrived by now makes its connection a busy one first.
    await setImmediate()
    this.isClosing = true
    onClosing()
    while (this.connections.all.length > 0 || this.work > 0) {
      this.sweep()
      await setTimeout(sweepIntervalMs)
      await setImmediate()
    }
  }

  /** Ends what is left: a caller that does not read its answer must not hold up the end. @returns requests that lost their answer so */
  cut(): number {
    const { unanswered } = this
    for (const { socket } of this.connections.all) socket.destroy()
    return unanswered
  }

  private sweep(): void {
    const longestIdle = performance.now() - idleGraceMs
    for (const { socket, unanswered, idleSince } of this.connections.all) {
      if (unanswered === 0 && idleSince <= longestIdle) socket.destroy()
    }
  }
}
