/** Requests that hold a place while their bodies arrive. If a body stops, its request loses the place to the next one. */
import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'
import { activityOf, failBody, hasStopped } from './connections.ts'

export class ArrivingBodies {
  private readonly requests = new Set<FastifyRequest>()

  add(request: FastifyRequest): void {
    this.requests.add(request)
  }

  remove(request: FastifyRequest): void {
    this.requests.delete(request)
  }

  /** Ends one request whose body has stopped for some seconds, with `request-timeout`. @returns that request */
  endStopped(): FastifyRequest | undefined {
    for (const request of this.requests) {
      const activity = activityOf(request.raw.socket)
      // An incomplete body is the latest on its connection.
      if (activity?.latest?.request !== request.raw || !hasStopped(activity)) continue
      if (failBody(activity.latest, new Problem('request-timeout'))) return request
    }
    return undefined
  }
}
