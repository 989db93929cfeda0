/** Builds the client of LiveEngage and its parts. */
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { Client } from '../liveengage/client.ts'
import { Domains } from '../liveengage/domains.ts'
import { FileStorage } from '../liveengage/file-storage.ts'
import { createHostAllowlist } from '../liveengage/host-allowlist.ts'
import { Credentials } from '../liveengage/tokens/credentials.ts'
import { Hosts } from '../transport/hosts.ts'
import type { Trace } from '../transport/trace.ts'

/** A look-up that fails is tried once more, and both must fit into a request's time. */
const lookUpShare = 0.4

export type LiveEngage = {
  hosts: Hosts
  domains: Domains
  credentials: Credentials
  client: Client
  storage: FileStorage
}

/** @param trace of calls that no request waits for */
export function createLiveEngage(
  config: Config,
  logger: Logger,
  trace: Trace | undefined,
): LiveEngage {
  const { domainApiUrl, requestTimeoutMs, clientFeatures } = config
  const scheme = domainApiUrl.startsWith('https:') ? 'https:' : 'http:'
  const hosts = new Hosts({
    connections: config.maxConnections,
    queue: config.maxQueue,
    queueMs: config.maxQueueMs,
    accountShare: config.maxAccountShare,
    connectTimeoutMs: config.connectTimeoutMs,
    egress: config.egress,
    usesTls: scheme === 'https:',
    callTimeoutMs: requestTimeoutMs,
  })
  const callTimeoutMs = requestTimeoutMs * lookUpShare
  const domains = new Domains({
    hosts,
    domainApiUrl,
    allowlist: createHostAllowlist(config.allowedHosts, scheme),
    ttlMs: config.domainTtlMs,
    staleMs: config.domainStaleMs,
    callTimeoutMs,
    trace,
  })
  const credentials = new Credentials({
    hosts,
    domains,
    callTimeoutMs,
    trace,
    onRenewalFailure: ({ code, message }, accountId) => {
      logger.error({ accountId, code, detail: message }, 'the AppJWT was not renewed')
    },
  })
  const client = new Client({ hosts, domains, credentials, clientFeatures })
  const storage = new FileStorage({ client, hosts, domains })
  return { hosts, domains, credentials, client, storage }
}
