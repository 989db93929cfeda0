/** Bounds the memory of all request bodies. Queue and slots do not bound it: they count requests, and only once the bodies have arrived. */
import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'
import { ArrivingBodies } from './arriving-bodies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    bodyMemory: BodyMemory
  }
}

/** All bodies together, by announced length, and by real length once they are complete. */
const usualTotalBytes = 8 * 1024 * 1024

/** A body of this size always finds room, so that large or slow bodies do not block messages. */
export const freeBytes = 8 * 1024

export class BodyMemory {
  private readonly limitBytes: number
  private readonly totalBytes: number
  private takenBytes = 0
  private readonly arriving = new ArrivingBodies()

  /**
   * @param limitBytes the largest body, assumed for one of unknown length
   * @param totalBytes the limit for all bodies together
   */
  constructor(limitBytes: number, totalBytes = usualTotalBytes) {
    this.limitBytes = limitBytes
    this.totalBytes = totalBytes
  }

  /**
   * Reserves memory for the body of a request, which is larger than `freeBytes` or may be.
   * @throws Problem `overloaded` if too little is left. A request with an `Idempotency-Key` is only marked: it may be a retry
   * whose outcome is known, and the proxy learns that only later
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

  /** Makes room, if there is too little, by ending requests whose bodies have stopped. */
  private hasRoomFor(bytes: number): boolean {
    while (this.takenBytes + bytes > this.totalBytes) {
      const stopped = this.arriving.endStopped()
      if (stopped === undefined) return false
      this.release(stopped)
    }
    return true
  }

  /** Gives back what a complete body does not need. */
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
