/** Stops a server without losing an answer: what is in flight is answered, what is idle is closed. */
import type { Server } from 'node:http'
import { type Socket, Server as TcpServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

type Activity = { requests: number; idleSince: number }

const sweepIntervalMs = 100

/** A connection that has been idle this long while draining carries no request that is still on its way. */
const idleGraceMs = 1_000

export class Drain {
  private readonly server: Server
  private readonly sockets = new Map<Socket, Activity>()
  private phase: 'serving' | 'draining' | 'closing' = 'serving'

  constructor(server: Server) {
    this.server = server
    server.on('connection', (socket) => {
      this.sockets.set(socket, { requests: 0, idleSince: performance.now() })
      socket.once('close', () => this.sockets.delete(socket))
    })
    server.on('request', ({ socket }, response) => {
      const activity = this.sockets.get(socket)
      if (activity === undefined) return
      activity.requests += 1
      response.once('close', () => {
        activity.requests -= 1
        activity.idleSince = performance.now()
      })
    })
  }

  /** From the signal on: every answer closes its connection, and `/readyz` says no. */
  get isDraining(): boolean {
    return this.phase !== 'serving'
  }

  /** New requests are refused. */
  get isClosing(): boolean {
    return this.phase === 'closing'
  }

  /** Whether a request of this connection awaits its answer. */
  isBusy(socket: Socket): boolean {
    return (this.sockets.get(socket)?.requests ?? 0) > 0
  }

  /** Serves on for `delayMs`, then takes no new connections and ends when the last answer is out and every connection closed. */
  async run(delayMs: number): Promise<void> {
    this.phase = 'draining'
    await setTimeout(delayMs)
    // http.Server's own close would also cut idle connections at once, on which a request may be on its way.
    TcpServer.prototype.close.call(this.server)
    const graceEnds = performance.now() + idleGraceMs
    while (this.sockets.size > 0) {
      await setTimeout(sweepIntervalMs)
      if (performance.now() < graceEnds) continue
      this.phase = 'closing'
      this.sweep()
    }
    this.phase = 'closing'
  }

  private sweep(): void {
    const longestIdle = performance.now() - idleGraceMs
    for (const [socket, { requests, idleSince }] of this.sockets) {
      if (requests === 0 && idleSince <= longestIdle) socket.destroy()
    }
  }
}
