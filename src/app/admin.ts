/** The admin listener: what the platform asks of the process, on a port of its own and without a key. */
import type { Registry } from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Drain } from '../http/drain.ts'
import { createListener } from '../http/listener.ts'
import { mountHealth } from '../routes/health.ts'
import { mountMetrics } from '../routes/metrics.ts'

/** @param drain of the main listener, whose state the probes tell */
export async function buildAdmin(
  config: Config,
  logger: Logger,
  drain: Drain,
  metrics: Registry,
): Promise<FastifyInstance> {
  const { app } = createListener(config, logger, { mainDrain: drain, shareOfFiles: 1 / 16 })
  mountHealth(app, drain, { isElsewhere: false })
  mountMetrics(app, metrics, { secrets: undefined, isElsewhere: false })
  // An answer here is out as soon as it is asked for; what is open at the end is idle or stuck, and must not hold up the stop.
  app.addHook('preClose', (done) => {
    app.server.closeAllConnections()
    done()
  })
  await app.ready()
  return app
}
