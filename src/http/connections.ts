/** The connections of one listener: the requests on each, and how many one may have at once. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { lingerThenClose } from '../lingering-close.ts'
import type { Problem } from '../problems/problem.ts'

/** A connection and its requests. */
export type Activity = {
  readonly socket: Socket
  /** Requests that await their answer. */
  unanswered: number
  /** It has sent one request too many; nothing after that is answered. */
  isRefused: boolean
  /** The latest request, until it is both complete and answered. */
  latest: { request: IncomingMessage; response: ServerResponse } | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  idleSince: number
  /** Bytes received at the last check. */
  bytesRead: number
  /** When a check last found more bytes, on the same clock. */
  movedAt: number
}

const activityKey = Symbol('activity')

declare module 'node:net' {
  interface Socket {
    [activityKey]?: Activity
  }
}

/** The most unanswered requests of one connection. A client that pipelines more does not read its answers. */
export const maxUnanswered = 32

/** How long a caller may read no byte of its answer. Node notices it after at most twice this time. */
const longestStallMs = 20_000

/** The same for a connection that was refused: it gets no other answer. */
const refusedStallMs = 2_000

const sweepIntervalMs = 1_000

/** A body that has stopped for this long may lose its place. */
const longestPauseMs = 5_000

/** The share of the limit above which each new connection replaces an idle one. */
const nearMost = 0.9

/** So many closed connections are never worth a look. */
const fewest = 256

export class Connections {
  /**
   * With some that have closed. There is no listener for that: it would be the second one on each socket. V8 would then take every list of
   * two listeners for long-lived, and keep it and its request until the next full collection. Measured on Node.js 26 with 512 connections:
   * 5.3 KB of each message would stay instead of 0.3, and a collection would take 7 ms instead of 2.
   */
  private all: Activity[] = []
  /** At this length of `all` the closed ones leave it; else they do once a second. */
  private longest = fewest
  private readonly most: number
  private sweeper: NodeJS.Timeout | undefined

  /** @param most connections at once; Node refuses any more */
  constructor(server: Server, most: number) {
    this.most = most
    server.maxConnections = most
    server.on('connection', (socket) => this.watch(socket))
    // Before Fastify, which may answer at once.
    server.prependListener('request', (request, response) => {
      const activity = activityOf(request.socket)
      if (activity !== undefined) follow(activity, request, response)
    })
    // Node would destroy the socket. A caller that waits for its answer must keep it.
    server.on('timeout', endUnlessBusy)
    server.on('listening', () => {
      this.sweeper = setInterval(() => {
        const { open } = this
        watchReaders(open)
        watchWriters(open)
      }, sweepIntervalMs).unref()
    })
    server.on('close', () => clearInterval(this.sweeper))
  }

  /** Those that are open now. */
  get open(): readonly Activity[] {
    this.all = this.all.filter(({ socket }) => !socket.closed)
    this.longest = 2 * this.all.length + fewest
    return this.all
  }

  /** Requests that await their answer. */
  get unanswered(): number {
    return this.open.reduce((sum, { unanswered }) => sum + unanswered, 0)
  }

  private watch(socket: Socket): void {
    const many = this.most * nearMost
    if (this.all.length >= Math.min(this.longest, many) && this.open.length >= many) {
      this.closeIdlest()
    }
    const now = performance.now()
    const watched = {
      socket,
      unanswered: 0,
      isRefused: false,
      latest: undefined,
      idleSince: now,
      bytesRead: 0,
      movedAt: now,
    }
    socket[activityKey] = watched
    closeWhenRead(watched)
    this.all.push(watched)
  }

  private closeIdlest(): void {
    let idlest: Activity | undefined
    for (const each of this.all) {
      if (each.unanswered > 0 || each.socket.destroyed) continue
      if (idlest === undefined || each.idleSince < idlest.idleSince) idlest = each
    }
    idlest?.socket.destroy()
  }
}

/** Whether its caller has written nothing for some seconds. */
export function hasStopped({ socket, bytesRead, movedAt }: Activity): boolean {
  return socket.bytesRead === bytesRead && performance.now() - movedAt >= longestPauseMs
}

/**
 * Lets the body of a connection's latest request fail. The reader of the body then answers the request, with its id and in order.
 * @returns whether there is a reader
 */
export function failBody(
  { request, response }: NonNullable<Activity['latest']>,
  problem: Problem,
): boolean {
  if (request.complete || response.writableEnded || request.listenerCount('error') === 0) {
    return false
  }
  response.shouldKeepAlive = false
  request.emit('error', problem)
  return true
}

/** Replaces `destroySoon`, with which Node closes a connection after its last answer. If the caller still writes, a reset would destroy that answer. */
function closeWhenRead(activity: Activity): void {
  const { socket } = activity
  const { destroySoon } = socket
  socket.destroySoon = () => {
    const isStillWritten = activity.latest?.request.complete === false
    if (isStillWritten || activity.isRefused) lingerThenClose(socket)
    else destroySoon.call(socket)
  }
}

/** @param socket null after the body of its request was made to fail, despite its type */
export function activityOf(socket: Socket | null): Activity | undefined {
  return socket?.[activityKey]
}

/** Whether this answer is that of the latest request. */
export function isLatest(socket: Socket | null, response: ServerResponse): boolean {
  const latest = activityOf(socket)?.latest
  return latest === undefined || latest.response === response
}

function follow(activity: Activity, request: IncomingMessage, response: ServerResponse): void {
  const exchange = { request, response }
  activity.unanswered += 1
  activity.latest = exchange
  const forget = () => {
    if (activity.latest === exchange) activity.latest = undefined
  }
  // `close` comes once anyway; `once` would cost more than `on`.
  response.on('close', () => {
    activity.unanswered -= 1
    activity.idleSince = performance.now()
    if (request.complete) forget()
    // The answer came before the end of the body: wait for that.
    else request.once('close', forget)
  })
}

/** Asks Node to report callers that read no byte of their answers. */
export function watchReaders(connections: readonly Activity[]): void {
  for (const { socket, isRefused } of connections) {
    const stallMs = isRefused ? refusedStallMs : longestStallMs
    if (socket.writableLength > 0 && socket.timeout !== stallMs) socket.setTimeout(stallMs)
  }
}

/** Notes which callers have written since the last check. */
function watchWriters(connections: readonly Activity[]): void {
  const now = performance.now()
  for (const each of connections) {
    const { bytesRead } = each.socket
    if (bytesRead === each.bytesRead) continue
    each.bytesRead = bytesRead
    each.movedAt = now
  }
}

/** @param socket one whose timeout has passed */
function endUnlessBusy(socket: Socket): void {
  const isBusy = (socket[activityKey]?.unanswered ?? 0) > 0
  if (!isBusy || socket.writableLength > 0) socket.destroy()
}
