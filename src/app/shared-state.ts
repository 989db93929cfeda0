/** Opens the store that the replicas share. Its code is loaded only if there is one. */
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import { RedisConnection } from '../idempotency/redis-connection.ts'
import { RedisStore } from '../idempotency/redis-store.ts'

export type SharedState = { store: RedisStore; connection: RedisConnection }

/** @returns once the first attempt to connect has ended, well or not: the proxy also starts without it */
export async function openSharedState(
  { requestTimeoutMs }: Pick<Config, 'requestTimeoutMs'>,
  secrets: Pick<Secrets, 'stateUrl'>,
  logger: Logger,
): Promise<SharedState> {
  const connection = new RedisConnection({
    url: () => String(secrets.stateUrl),
    report: (isUp, cause, node) => {
      if (isUp) logger.info({ node }, 'the store of the Idempotency-Keys answers')
      else logger.error({ cause, node }, 'the store of the Idempotency-Keys does not answer')
    },
  })
  await connection.connect()
  const store = new RedisStore((...call) => connection.run(...call), requestTimeoutMs)
  return { store, connection }
}
