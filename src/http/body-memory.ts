/** Bounds the memory that request bodies hold together: while they arrive neither queue nor slots bound them, and later both count only their number. */
import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'
import { ArrivingBodies } from './arriving-bodies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    bodyMemory: BodyMemory
  }
}

/** All bodies together: as their heads announce them, and once they are whole, as they are. */
const usualTotalBytes = 8 * 1024 * 1024

/** A body of this size always finds room, so that large bodies, or slow ones, keep nobody's message out. */
export const freeBytes = 8 * 1024

export class BodyMemory {
  private readonly limitBytes: number
  private readonly totalBytes: number
  private takenBytes = 0
  private readonly arriving = new ArrivingBodies()

  /**
   * @param limitBytes the largest body, which one of unknown length may turn out to be
   * @param totalBytes what all bodies may hold together
   */
  constructor(limitBytes: number, totalBytes = usualTotalBytes) {
    this.limitBytes = limitBytes
    this.totalBytes = totalBytes
  }

  /**
   * Reserves memory for the body of a request, which is larger than `freeBytes` or may be.
   * @throws Problem `overloaded` where too little is left. With an `Idempotency-Key` the request is only marked: a retry whose
   * outcome is known must be told that, and whether it is one is known only later
   */
  reserve(request: FastifyRequest): void {
    const { headers } = request
    const isAnnounced = headers['transfer-encoding'] === undefined
    const bytes = isAnnounced ? Number(headers['content-length'] ?? 0) : this.limitBytes
    // Refused as too large, or an upload, which MAX_UPLOADS bounds.
    if (bytes > this.limitBytes) return
    request.state.lacksBodyMemory = !this.hasRoomFor(bytes)
    if (request.state.lacksBodyMemory && headers['idempotency-key'] === undefined) {
      throw new Problem('overloaded')
    }
    this.takenBytes += bytes
    request.state.bodyBytes = bytes
    this.arriving.add(request)
  }

  /** Makes room, if there is too little, by ending requests whose bodies have stopped on their way. */
  private hasRoomFor(bytes: number): boolean {
    while (this.takenBytes + bytes > this.totalBytes) {
      const stopped = this.arriving.endStopped()
      if (stopped === undefined) return false
      this.release(stopped)
    }
    return true
  }

  /** Gives back what a whole body has turned out not to need. */
  shrink(request: FastifyRequest, bytes: number): void {
    this.arriving.remove(request)
    const needed = bytes <= freeBytes ? 0 : bytes
    this.takenBytes -= request.state.bodyBytes - needed
    request.state.bodyBytes = needed
  }

  /** Gives all of it back, once there is an answer. */
  release(request: FastifyRequest): void {
    this.shrink(request, 0)
  }
}
