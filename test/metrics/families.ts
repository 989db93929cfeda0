/** The families as they are defined, of a proxy that does nothing. */
import { createServer } from 'node:http'
import type { Test } from 'tap'
import { Drain } from '../../src/drain.ts'
import { EventLoopGuard } from '../../src/event-loop-guard.ts'
import { Client } from '../../src/liveengage/client.ts'
import { Credentials } from '../../src/liveengage/credentials.ts'
import { Domains } from '../../src/liveengage/domains.ts'
import { createLogger } from '../../src/logger.ts'
import type { Family } from '../../src/metrics/family.ts'
import { familiesOf } from '../../src/metrics.ts'
import { Outcomes } from '../../src/outcomes.ts'
import { Traffic } from '../../src/traffic.ts'
import { TypingExpiries } from '../../src/typing.ts'
import { openConnections } from '../liveengage/fixtures/connections.ts'

export function idleFamilies(t: Test): Family[] {
  const connections = openConnections(t)
  const domains = new Domains({
    connections,
    domainApiUrl: 'http://localhost:1',
    guard: () => undefined,
    ttlMs: 1_000,
    staleMs: 0,
    callTimeoutMs: 1_000,
  })
  const credentials = new Credentials({
    connections,
    domains,
    credentialsOf: () => undefined,
    callTimeoutMs: 1_000,
    onRenewalFailure: () => undefined,
  })
  const client = new Client({ connections, domains, credentials, clientFeatures: [] })
  return familiesOf({
    traffic: new Traffic(),
    drain: new Drain(createServer()),
    outcomes: new Outcomes(),
    typing: new TypingExpiries({
      client,
      timeoutMs: 1_000,
      atOnce: 1,
      logger: createLogger('silent'),
    }),
    connections,
    domains,
    credentials,
    eventLoop: new EventLoopGuard(),
    version: '0.0.0',
  })
}
