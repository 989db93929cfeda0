import { once } from 'node:events'
import { get as getPlain } from 'node:http'
import { createServer as createTlsServer, get as getTls } from 'node:https'
import t from 'tap'
import { createCollectorAgent } from '../../../src/observability/tracing/collector-agent.ts'
import { startCollector, startTraced, trace } from '../../collector.ts'
import { makeCertificate, validity } from '../../doctor/fixtures/certificate.ts'
import { startEgressProxy } from '../../egress-proxy.ts'
import { listen } from '../../transport/fixtures/raw.ts'
import { startUpstream } from '../../upstream.ts'

t.test('spans reach a collector beyond the egress proxy', async (t) => {
  const collector = await startCollector(t)
  const egress = await startEgressProxy(t)
  egress.ports.set('collector.test:4318', Number(new URL(collector.origin).port))
  const tracing = await trace(t, {
    HTTP_PROXY: egress.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test:4318',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  })
  tracing.background
    .startCall({
      ...{ method: 'GET', origin: 'http://localhost', path: '/x', service: 'domain-api' },
    })
    .end(200)
  await tracing.stop(5_000)
  t.equal(collector.spans().length, 1)
  t.strictSame(
    egress.seen.map(({ authority }) => authority),
    ['collector.test:4318'],
  )
})

t.test('a collector on loopback is reached directly', async (t) => {
  const egress = await startEgressProxy(t)
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin, {}, { HTTP_PROXY: egress.url })
  t.equal((await proxy.call('GET', '/livez')).status, 200)
  t.equal((await proxy.call('POST', '/conversations/c1/messages', { text: 'Hi' })).status, 201)
  t.ok((await proxy.finish()).length > 0)
  t.equal(egress.seen.length, 0)
})

t.test('TLS is verified through the tunnel', async (t) => {
  const server = createTlsServer(makeCertificate({ host: 'collector.test', ...validity(-1, 9) }))
  t.teardown(() => server.close())
  const egress = await startEgressProxy(t)
  egress.ports.set('collector.test:443', await listen(server))
  const agent = createCollectorAgent('https:', { httpsProxy: egress.url })
  const [error] = await once(getTls('https://collector.test/v1/traces', { agent }), 'error')
  t.match(error, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
})

t.test('a refused tunnel fails the export', async (t) => {
  const egress = await startEgressProxy(t)
  const agent = createCollectorAgent('http:', { httpProxy: egress.url })
  const [error] = await once(getPlain('http://collector.test/v1/traces', { agent }), 'error')
  t.match(error, { code: 'EGRESS_PROXY_502' })
})
