import dns from 'node:dns'
import promises from 'node:dns/promises'
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import t, { type Test } from 'tap'
import { listen, startRaw } from '../transport/fixtures/raw.ts'
import { makeCertificate, validity } from './fixtures/certificate.ts'
import { examine, pointedTo, startLivePerson } from './fixtures/examine.ts'

const rest = [
  ...['asyncMessagingEnt', 'sentinel', 'idp', 'swift'],
  ...['clock', 'app-jwt', 'consumer-jws', 'dry-run'],
  ...['webhook-manifest', 'webhook-url', 'state-store'],
]

/** The host of an https origin, which no one may be sent to in vain. */
const at = (host: string) => pointedTo({ origin: `https://${host}`, host })

/** A host with a certificate of its own making. */
async function startTls(t: Test, organization?: string): Promise<string> {
  const named = organization === undefined ? {} : { organization }
  const server = createTlsServer(
    makeCertificate({ ...named, host: 'localhost', ...validity(-1, 9) }),
  )
  t.teardown(() => server.close())
  return `localhost:${await listen(server)}`
}

t.test('a name that does not resolve fails the DNS, and the rest is not tried', async (t) => {
  const { code, findings, names } = await examine(at('nowhere.invalid'))
  t.equal(code, 1)
  t.strictSame(names, ['configuration', 'domain-api-dns', 'domain-api-tls', ...rest])
  t.match(findings['domain-api-dns'], {
    status: 'fail',
    detail: /^nowhere\.invalid: .*\((ENOTFOUND|EAI_AGAIN|ETIMEOUT)\)$/,
    remedy: /DNS of the container/,
  })
  for (const name of ['domain-api-tls', ...rest]) t.match(findings[name], { status: 'skip' })
})

/** A resolver for the doctor, for the rest of the test. */
function answerLookups(t: Test, lookup: () => Promise<unknown>): void {
  const { lookup: real } = promises
  t.teardown(() => {
    promises.lookup = real
    syncBuiltinESMExports()
  })
  t.intercept(promises, 'lookup', { value: lookup })
  syncBuiltinESMExports()
}

t.test('a resolver that does not answer fails the DNS in time', async (t) => {
  answerLookups(t, () => new Promise(() => undefined))
  const { findings } = await examine({ ...at('api.example.com'), CONNECT_TIMEOUT_MS: '500' })
  t.match(findings['domain-api-dns'], {
    status: 'fail',
    detail: 'api.example.com: no answer within 500 ms (ETIMEOUT)',
    remedy: /resolver does not answer/,
  })
})

t.test('a service whose host does not resolve is found out', async (t) => {
  let lookups = 0
  answerLookups(t, async () => {
    lookups += 1
    if (lookups === 1) return [{ address: '127.0.0.1' }]
    throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  })
  const upstream = await startLivePerson(t)
  const { findings } = await examine(pointedTo(upstream))
  t.match(findings['domain-api-dns'], { status: 'ok' })
  t.match(findings['swift'], {
    status: 'fail',
    detail: `allowed: ${upstream.host}: no such name (ENOTFOUND); needed for pictures`,
  })
})

t.test('a port that refuses is a matter of egress', async (t) => {
  const server = await startRaw(t, () => undefined)
  const { host } = new URL(server.origin)
  for (const scheme of ['http', 'https']) {
    const origin = `${scheme}://localhost:1`
    const { code, findings } = await examine(pointedTo({ origin, host }))
    t.equal(code, 1)
    t.match(findings['domain-api-dns'], { status: 'ok', detail: /^localhost:1 is .*(127\.0|::1)/ })
    t.match(findings['domain-api-tls'], {
      status: 'fail',
      detail: /^localhost:1: .*ECONNREFUSED/,
      remedy: /^Allow egress to this host and port\. .*set HTTPS_PROXY/,
    })
    t.match(findings['dry-run'], { status: 'skip', detail: 'needs asyncMessagingEnt' })
  }
})

t.test('of a host with several addresses that all refuse the code is told', async (t) => {
  const both = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]
  const lookup = (_host: string, _options: unknown, done: (...args: unknown[]) => void) =>
    done(null, both)
  t.intercept(dns, 'lookup', { value: lookup })
  const { findings } = await examine(pointedTo({ origin: 'http://localhost:1', host: 'localhost' }))
  t.match(findings['domain-api-tls'], {
    status: 'fail',
    detail: 'localhost:1: ECONNREFUSED (ECONNREFUSED)',
  })
})

t.test('a host that never finishes the handshake fails in time', async (t) => {
  const { origin } = await startRaw(t, () => undefined)
  const { host } = new URL(origin)
  const { findings } = await examine({ ...at(host), CONNECT_TIMEOUT_MS: '500' })
  t.match(findings['domain-api-tls'], {
    status: 'fail',
    detail: `${host}: no answer within 500 ms (ETIMEDOUT)`,
    remedy: /CONNECT_TIMEOUT_MS/,
  })
})

t.test('a certificate of an unknown issuer is shown, and the gateway’s CA advised', async (t) => {
  for (const [organization, issuer] of [
    ['Example Corp Gateway', 'Example Corp Gateway'],
    [undefined, 'a test'],
  ] as const) {
    const host = await startTls(t, organization)
    const { code, findings } = await examine(at(host))
    t.equal(code, 1)
    t.match(findings['domain-api-tls'], {
      status: 'fail',
      detail: new RegExp(
        `^${host}: .*\\(DEPTH_ZERO_SELF_SIGNED_CERT\\); it presented a certificate by ${issuer}, valid until \\d{4}-\\d\\d-\\d\\d$`,
      ),
      remedy: /NODE_EXTRA_CA_CERTS/,
    })
  }
})

t.test('what does not speak TLS is told apart from a bad certificate', async (t) => {
  const { host } = await startLivePerson(t)
  const { findings } = await examine(at(host))
  t.match(findings['domain-api-tls'], { status: 'fail', remedy: /does not speak TLS/ })
})

t.test('a host by its address is asked for without a server name', async (t) => {
  const names: unknown[] = []
  const server = createTlsServer({
    ...makeCertificate({ host: 'localhost', ...validity(-1, 9) }),
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  })
  t.teardown(() => server.close())
  const port = await listen(server)
  const ended = once(server, 'tlsClientError')
  const { findings } = await examine(at(`127.0.0.1:${port}`))
  await ended
  t.match(findings['domain-api-tls'], { status: 'fail', detail: /SELF_SIGNED/ })
  t.strictSame(names, [])
})
