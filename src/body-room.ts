/** How much of bodies may be held at a time: on their way in no line and no slot bounds them, and later both count only their number. */
import type { FastifyRequest } from 'fastify'
import { Problem } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of room that its body holds. */
    bodyRoom: number
    /** There was too little. */
    lacksRoom: boolean
  }
  interface FastifyInstance {
    bodyRoom: BodyRoom
  }
}

/** All bodies together: as their heads announce them, and once they are whole, as they are. */
const roomBytes = 8 * 1024 * 1024

/** One of this size always finds room, so that large ones, or those that trickle in, keep nobody's message out. */
const alwaysBytes = 8 * 1024

export class BodyRoom {
  private readonly limitBytes: number
  private takenBytes = 0

  /** @param limitBytes the largest body, which one that is not announced may turn out to be */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /**
   * Takes room for the body of a request.
   * @throws Problem `overloaded` where there is too little left. With an `Idempotency-Key` the request is only marked: a retry whose
   * outcome is known must be told that, and who it is shows later
   */
  take(request: FastifyRequest): void {
    const { headers } = request
    const isAnnounced = headers['transfer-encoding'] === undefined
    const bytes = isAnnounced ? Number(headers['content-length'] ?? 0) : this.limitBytes
    if (bytes <= alwaysBytes || bytes > this.limitBytes) return
    request.lacksRoom = this.takenBytes + bytes > roomBytes
    if (request.lacksRoom && headers['idempotency-key'] === undefined) {
      throw new Problem('overloaded')
    }
    this.takenBytes += bytes
    request.bodyRoom = bytes
  }

  /** Gives back what a body that is whole has turned out not to need. */
  keep(request: FastifyRequest, bytes: number): void {
    if (request.bodyRoom === 0) return
    const needed = bytes <= alwaysBytes ? 0 : bytes
    this.takenBytes -= request.bodyRoom - needed
    request.bodyRoom = needed
  }

  /** Gives it back, once there is an answer. */
  release(request: FastifyRequest): void {
    this.keep(request, 0)
  }
}
