/** Requests that hold a place while their bodies arrive. One whose body has stopped loses it to the next that needs it. */
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

  /** Ends one request whose body has not moved for some seconds: its answer is `request-timeout`. @returns that request */
  endStopped(): FastifyRequest | undefined {
    for (const request of this.requests) {
      const activity = activityOf(request.raw.socket)
      // A body that is not whole is the latest on its connection.
      if (activity?.latest?.request !== request.raw || !hasStopped(activity)) continue
      if (failBody(activity.latest, new Problem('request-timeout'))) return request
    }
    return undefined
  }
}
