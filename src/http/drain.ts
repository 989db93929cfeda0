/** Stops a server without losing an answer: what is in flight is answered, what is idle is closed. */
import type { Server } from 'node:http'
import { Server as TcpServer } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Connections } from './connections.ts'

const sweepIntervalMs = 100

/** If a connection has been idle this long while draining, no request is on its way on it. */
const idleGraceMs = 1_000

export class Drain {
  private readonly server: Server
  private readonly connections: Connections
  /** From the signal on: every answer closes its connection, and `/readyz` says no. */
  isDraining = false
  /** New requests are refused. */
  isClosing = false
  /** Requests in progress. One goes on if its caller hangs up, since its message may be on its way. */
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
   * Keeps serving for `delayMs`, then takes no new connections. Ends when the last answer is out, every connection is closed and no
   * request is in progress. @param onClosing called once no new request gets in
   */
  async run(delayMs: number, onClosing: () => unknown = () => undefined): Promise<void> {
    this.isDraining = true
    await setTimeout(delayMs)
    // A timer runs before the listener is read: take the connections that have been made by now.
    await setImmediate()
    // http.Server's own close would also cut idle connections at once, on which a request may be on its way.
    TcpServer.prototype.close.call(this.server)
    const graceEnds = performance.now() + idleGraceMs
    while (this.connections.open.length > 0 && performance.now() < graceEnds)
      await setTimeout(sweepIntervalMs)
    // A timer runs before the sockets are read: let what has arrived mark its connection as busy.
    await setImmediate()
    this.isClosing = true
    onClosing()
    while (this.connections.open.length > 0 || this.work > 0) {
      this.sweep()
      await setTimeout(sweepIntervalMs)
      await setImmediate()
    }
  }

  /** Closes what is left: a caller that does not read its answer must not delay the end. @returns requests that lost their answer */
  cut(): number {
    const { unanswered } = this
    for (const { socket } of this.connections.open) socket.destroy()
    return unanswered
  }

  private sweep(): void {
    const longestIdle = performance.now() - idleGraceMs
    for (const { socket, unanswered, idleSince } of this.connections.open) {
      if (unanswered === 0 && idleSince <= longestIdle) socket.destroy()
    }
  }
}
