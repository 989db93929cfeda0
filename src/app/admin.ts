/** The admin listener: probes and metrics for the platform, on its own port and without a key. */
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
  // Answers here are immediate. What is still open at the end is idle or stuck, and must not delay the stop.
  app.addHook('preClose', (done) => {
    app.server.closeAllConnections()
    done()
  })
  await app.ready()
  return app
}
