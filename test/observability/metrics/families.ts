/** The families as they are defined, of a proxy that does nothing. */
import { createServer } from 'node:http'
import type { Test } from 'tap'
import { Connections } from '../../../src/http/connections.ts'
import { Drain } from '../../../src/http/drain.ts'
import { EventLoopLag } from '../../../src/http/event-loop-lag.ts'
import { RequestCounters } from '../../../src/http/request-record.ts'
import { MemoryStore } from '../../../src/idempotency/memory-store.ts'
import { Client } from '../../../src/liveengage/client.ts'
import { Domains } from '../../../src/liveengage/domains.ts'
import { Credentials } from '../../../src/liveengage/tokens/credentials.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import type { Family } from '../../../src/observability/metrics/family.ts'
import { familiesOf } from '../../../src/observability/metrics/metrics.ts'
import { TypingExpiries } from '../../../src/typing/typing-expiry.ts'
import { Counters } from '../../../src/webhooks/counters.ts'
import { openHosts } from '../../transport/fixtures/hosts.ts'

export function idleFamilies(t: Test): Family[] {
  const hosts = openHosts(t)
  const domains = new Domains({
    hosts,
    domainApiUrl: 'http://localhost:1',
    allowlist: () => undefined,
    ttlMs: 1_000,
    staleMs: 0,
    callTimeoutMs: 1_000,
  })
  const credentials = new Credentials({
    hosts,
    domains,
    callTimeoutMs: 1_000,
    onRenewalFailure: () => undefined,
  })
  const client = new Client({ hosts, domains, credentials, clientFeatures: [] })
  const server = createServer()
  return familiesOf({
    counters: new RequestCounters(),
    drain: new Drain(server, new Connections(server, 1)),
    store: new MemoryStore(),
    state: undefined,
    typing: new TypingExpiries({
      client,
      timeoutMs: 1_000,
      atOnce: 1,
      logger: createLogger('silent'),
    }),
    hosts,
    domains,
    credentials,
    notifications: new Counters(),
    eventLoop: new EventLoopLag(),
    log: { dropped: 0 },
    version: '0.0.0',
  })
}
