/** Stops a server without losing an answer: what is in flight is answered, what is idle is closed. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type Socket, Server as TcpServer } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** A connection, and what it carries. */
export type Activity = {
  readonly socket: Socket
  /** Where it is among all of them. */
  place: number
  /** Requests that await their answer. */
  unanswered: number
  /** The latest request, until it is both whole and answered. */
  latest: { request: IncomingMessage; response: ServerResponse } | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  idleSince: number
}

const activity = Symbol('activity')

declare module 'node:net' {
  interface Socket {
    [activity]?: Activity
  }
}

const sweepIntervalMs = 100

/** A connection that has been idle this long while draining carries no request that is still on its way. */
const idleGraceMs = 1_000

export class Drain {
  private readonly server: Server
  /** In any order. As in the line of a host, no Set or Map: what came and went through it would live on. */
  private readonly connections: Activity[] = []
  /** Requests that are worked on. A caller who hangs up ends nothing, and may have a message on its way. */
  private work = 0
  private phase: 'serving' | 'draining' | 'closing' = 'serving'

  constructor(server: Server) {
    this.server = server
    server.on('connection', (socket) => this.watch(socket))
    // Before Fastify, which may answer at once.
    server.prependListener('request', (request, response) => {
      const activity = this.activityOf(request.socket)
      if (activity !== undefined) follow(activity, request, response)
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

  /** Whether an answer should close its connection: while draining, unless another request has come behind it. */
  isLast(socket: Socket, response: ServerResponse): boolean {
    const latest = this.activityOf(socket)?.latest
    return this.isDraining && (latest === undefined || latest.response === response)
  }

  /** Requests that await their answer. */
  get unanswered(): number {
    let sum = 0
    for (const { unanswered } of this.connections) sum += unanswered
    return sum
  }

  /** Work on a request begins; its `end` comes whether the caller is still there or not. */
  begin(): void {
    this.work += 1
  }

  end(): void {
    this.work -= 1
  }

  activityOf(socket: Socket): Activity | undefined {
    return socket[activity]
  }

  /**
   * Serves on for `delayMs`, then takes no new connections and ends when the last answer is out, every connection closed and nothing
   * worked on any more. @param onClosing called once no new request gets in
   */
  async run(delayMs: number, onClosing: () => unknown = () => undefined): Promise<void> {
    this.phase = 'draining'
    await setTimeout(delayMs)
    // A timer runs before the listener is read: connections that have been made by now are taken first.
    await setImmediate()
    // http.Server's own close would also cut idle connections at once, on which a request may be on its way.
    TcpServer.prototype.close.call(this.server)
    const graceEnds = performance.now() + idleGraceMs
    while (this.connections.length > 0 && performance.now() < graceEnds)
      await setTimeout(sweepIntervalMs)
    // A timer runs before the sockets are read; what has arrived by now makes its connection a busy one first.
    await setImmediate()
    this.phase = 'closing'
    onClosing()
    while (this.connections.length > 0 || this.work > 0) {
      this.sweep()
      await setTimeout(sweepIntervalMs)
      await setImmediate()
    }
  }

  /** Ends what is left, answered or not: a caller that does not read its answer must not hold up the end. */
  cut(): void {
    for (const { socket } of this.connections) socket.destroy()
  }

  private watch(socket: Socket): void {
    const { length: place } = this.connections
    const watched = {
      socket,
      place,
      unanswered: 0,
      latest: undefined,
      idleSince: performance.now(),
    }
    socket[activity] = watched
    this.connections.push(watched)
    socket.once('close', () => {
      const last = this.connections.pop()
      if (last === undefined || last === watched) return
      // The last one takes its place.
      last.place = watched.place
      this.connections[last.place] = last
    })
  }

  private sweep(): void {
    const longestIdle = performance.now() - idleGraceMs
    for (const { socket, unanswered, idleSince } of this.connections) {
      if (unanswered === 0 && idleSince <= longestIdle) socket.destroy()
    }
  }
}

function follow(activity: Activity, request: IncomingMessage, response: ServerResponse): void {
  const exchange = { request, response }
  activity.unanswered += 1
  activity.latest = exchange
  const forget = () => {
    if (activity.latest === exchange) activity.latest = undefined
  }
  response.once('close', () => {
    activity.unanswered -= 1
    activity.idleSince = performance.now()
    if (request.complete) forget()
    // Its answer came before its body; it is held no longer than that takes.
    else request.once('close', forget)
  })
}
