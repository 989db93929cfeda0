/** Limits on what the process holds for a caller, and for how long. */
import type { Server } from 'node:http'
import type { FastifyHttpOptions } from 'fastify'
import type { Config } from '../config/config.ts'
import { longestId } from '../liveengage/protocol/values.ts'
import { readMostOpenFiles } from './open-files.ts'

const maxConnections = 16_384

/** How many connections a listener takes. @param shareOfFiles its share of the open files, since outbound calls need some too */
export function mostConnections(shareOfFiles: number): number {
  return Math.min(maxConnections, Math.floor(readMostOpenFiles() * shareOfFiles))
}

/** Longer than a caller's pool keeps a connection, so that it is not closed under a request on its way. */
export const idleTimeoutMs = 75_000

export function inputLimits(config: Config): FastifyHttpOptions<Server> {
  return {
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: 8_000,
    keepAliveTimeout: idleTimeoutMs,
    http: {
      maxHeaderSize: 16_384,
      headersTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      // Refused here, as a problem.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: longestId },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        // Each error has its value, because a null that stands for no value has its own message. No value is ever shown.
        verbose: true,
        // Checking the schemas takes a quarter of the time of compiling them. They are our own, and the tests use them all.
        // V8 optimizes the code by itself.
        meta: false,
        validateSchema: false,
        code: { optimize: false },
      },
    },
  }
}
