/** The connections of one listener: what each carries, and how much one may ask for at once. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { lingerThenClose } from '../lingering-close.ts'
import type { Problem } from '../problems/problem.ts'

/** A connection, and what it carries. */
export type Activity = {
  readonly socket: Socket
  /** Where it is among all of them. */
  place: number
  /** Requests that await their answer. */
  unanswered: number
  /** A request too many has come; nothing behind it is answered. */
  isRefused: boolean
  /** The latest request, until it is both whole and answered. */
  latest: { request: IncomingMessage; response: ServerResponse } | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  idleSince: number
  /** Bytes that had come when it was last looked at. */
  bytesRead: number
  /** When more bytes were last seen, on the same clock. */
  movedAt: number
}

const activityKey = Symbol('activity')

declare module 'node:net' {
  interface Socket {
    [activityKey]?: Activity
  }
}

/** Requests of one connection that may await their answer; a client that pipelines more writes without reading. */
export const maxUnanswered = 32

/** How long a caller may take no byte of its answer. Node notices it after at most twice this time. */
const longestStallMs = 20_000

/** The same for a connection that was refused: it gets no other answer. */
const refusedStallMs = 2_000

const sweepIntervalMs = 1_000

/** A body that has not moved for so long may lose its place to another. */
const longestPauseMs = 5_000

/** Where the number of connections comes near to the most, each new one takes the place of an idle one. */
const nearMost = 0.9

export class Connections {
  /** In any order. As in the queue of a host, no Set or Map: what came and went through it would live on. */
  readonly all: Activity[] = []
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
    // Node would destroy the socket; here a caller that waits for its answer is left alone.
    server.on('timeout', endUnlessBusy)
    server.on('listening', () => {
      this.sweeper = setInterval(() => {
        watchReaders(this.all)
        watchWriters(this.all)
      }, sweepIntervalMs).unref()
    })
    server.on('close', () => clearInterval(this.sweeper))
  }

  /** Requests that await their answer. */
  get unanswered(): number {
    let sum = 0
    for (const { unanswered } of this.all) sum += unanswered
    return sum
  }

  private watch(socket: Socket): void {
    const { length: place } = this.all
    if (place >= this.most * nearMost) this.closeIdlest()
    const now = performance.now()
    const watched = {
      socket,
      place,
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
    socket.once('close', () => {
      const last = this.all.pop()
      if (last === undefined || last === watched) return
      // The last one takes its place.
      last.place = watched.place
      this.all[last.place] = last
    })
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
 * Lets the body of a connection's latest request fail. Whoever reads it answers for the request, under its id and on its turn.
 * @returns whether somebody does
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

/** Replaces `destroySoon`, by which Node closes a connection after its last answer: while the caller still writes, a reset would take the answer away. */
function closeWhenRead(activity: Activity): void {
  const { socket } = activity
  const { destroySoon } = socket
  socket.destroySoon = () => {
    const isStillWritten = activity.latest?.request.complete === false
    if (isStillWritten || activity.isRefused) lingerThenClose(socket)
    else destroySoon.call(socket)
  }
}

/** @param socket null of a request whose body was made to fail, whatever its type says */
export function activityOf(socket: Socket | null): Activity | undefined {
  return socket?.[activityKey]
}

/** Whether no other request has come behind the one of this answer. */
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
    // Its answer came before its body; it is held no longer than that takes.
    else request.once('close', forget)
  })
}

/** Asks Node to tell of callers that take no byte of what is ready for them. */
export function watchReaders(connections: readonly Activity[]): void {
  for (const { socket, isRefused } of connections) {
    const stallMs = isRefused ? refusedStallMs : longestStallMs
    if (socket.writableLength > 0 && socket.timeout !== stallMs) socket.setTimeout(stallMs)
  }
}

/** Sees which callers have written since it last looked. */
function watchWriters(connections: readonly Activity[]): void {
  const now = performance.now()
  for (const each of connections) {
    const { bytesRead } = each.socket
    if (bytesRead === each.bytesRead) continue
    each.bytesRead = bytesRead
    each.movedAt = now
  }
}

/** @param socket on which nothing has moved for as long as it may */
function endUnlessBusy(socket: Socket): void {
  const isBusy = (socket[activityKey]?.unanswered ?? 0) > 0
  if (!isBusy || socket.writableLength > 0) socket.destroy()
}
