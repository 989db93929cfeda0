import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { type ExportedSpan, startTraced } from '../../collector.ts'
import { startProxy, token } from '../../start.ts'
import { controlClock } from '../../transport/fixtures/clock.ts'
import { hostIs, json, ok, type Script, startUpstream } from '../../upstream.ts'
import { openWire, post } from '../../wire.ts'

const path = '/conversations/c1/messages'
const text = { text: 'Hi' }

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callersSpan = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${callersSpan}-01`

const lookUp = 'GET /api/account/{accountId}/service/asyncMessagingEnt/baseURI.json'
const send = 'POST /api/account/{accountId}/messaging/consumer/conversation/send'

const headerOf = ({ traceId, spanId }: ExportedSpan) => `00-${traceId}-${spanId}-01`

/** Every span by name, with the name of its parent. */
function treeOf(spans: ExportedSpan[]): [string, string | undefined][] {
  const nameOf = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name
  return spans.map(({ name, parentSpanId }) => [name, nameOf(parentSpanId)])
}

const portOf = (origin: string) => Number(new URL(origin).port)

test('a request is one server span, each call that it causes a client span in it', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  const reply = await proxy.call('POST', path, text, { 'x-request-id': 'r1' })
  t.equal(reply.status, 201)
  const spans = await proxy.finish()
  t.strictSame(treeOf(spans), [
    ['POST /conversations/:id/messages', undefined],
    [lookUp, 'POST /conversations/:id/messages'],
    [send, 'POST /conversations/:id/messages'],
  ])
  t.equal(new Set(spans.map((span) => span.traceId)).size, 1)
  const [server, domain, message] = spans
  t.strictSame(server?.attributes, {
    'http.request.method': 'POST',
    'http.route': '/conversations/:id/messages',
    'url.scheme': 'http',
    'server.address': '127.0.0.1',
    'server.port': portOf(proxy.url),
    'network.protocol.version': '1.1',
    'http.response.status_code': 201,
    'liveengage_proxy.request.id': 'r1',
  })
  const address = {
    'server.address': 'localhost',
    'server.port': portOf(upstream.origin),
    'url.scheme': 'http',
    'http.response.status_code': 200,
  }
  t.strictSame(domain?.attributes, {
    ...address,
    'http.request.method': 'GET',
    'url.full': `${upstream.origin}/api/account/REDACTED/service/asyncMessagingEnt/baseURI.json`,
    'url.template': '/api/account/{accountId}/service/asyncMessagingEnt/baseURI.json',
    'liveengage_proxy.service': 'domain-api',
  })
  t.strictSame(message?.attributes, {
    ...address,
    'http.request.method': 'POST',
    'url.full': `${upstream.origin}/api/account/REDACTED/messaging/consumer/conversation/send`,
    'url.template': '/api/account/{accountId}/messaging/consumer/conversation/send',
    'liveengage_proxy.service': 'messaging',
  })
  t.strictSame(
    spans.map(({ kind, status, rest }) => ({ kind, status, ...rest })),
    ['server', 'client', 'client'].map((kind) => ({
      kind,
      status: undefined,
      events: [],
      links: [],
      message: undefined,
    })),
  )
  for (const { startedAt, endedAt } of [domain, message].filter((span) => span !== undefined)) {
    t.ok(startedAt >= (server?.startedAt ?? 0n) && endedAt <= (server?.endedAt ?? 0n))
  }
  t.match(
    proxy.logs.find(({ msg }) => msg === 'request'),
    { requestId: 'r1', traceId: server?.traceId },
    'the log names the trace',
  )
})

test('the resource is named as the SDK’s variables say, else after the proxy', async (t) => {
  const upstream = await startUpstream(t)
  const variables = {
    OTEL_SERVICE_NAME: 'chat-out',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=hunter2',
  }
  const plain = await startTraced(t, upstream.origin)
  const named = await startTraced(t, upstream.origin, {}, variables)
  for (const proxy of [plain, named]) {
    await proxy.call('POST', path, text)
    await proxy.finish()
  }
  t.match(plain.collector.resource(), {
    'service.name': 'liveengage-proxy',
    'service.version': /^\d+\.\d+\.\d+/,
    'telemetry.sdk.name': 'opentelemetry',
  })
  t.match(named.collector.resource(), {
    'service.name': 'chat-out',
    'deployment.environment.name': 'test',
  })
  t.match(named.collector.exports[0], { path: '/v1/traces', headers: { 'x-tenant': 'hunter2' } })
  t.notMatch(JSON.stringify([named.logs, named.tracingLog]), /hunter2/)
})

test('a caller’s trace goes on, and each call to LiveEngage carries it once', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  const headers = { traceparent, tracestate: 'vendor=1', baggage: 'user=ada', 'x-b3': '1' }
  await proxy.call('POST', path, text, headers)
  const spans = await proxy.finish()
  const [server, domain, message] = spans
  t.match(server, { traceId, parentSpanId: callersSpan, traceState: 'vendor=1' })
  const [lookedUp, sent] = upstream.seen
  // Node would join two of them.
  t.equal(lookedUp?.headers['traceparent'], domain && headerOf(domain))
  t.equal(sent?.headers['traceparent'], message && headerOf(message))
  for (const { headers } of upstream.seen) {
    t.equal(headers['tracestate'], 'vendor=1')
    t.equal(headers['baggage'], undefined)
    t.equal(headers['x-b3'], undefined)
  }
})

test('a traceparent that is none, or that comes twice, begins a trace of the proxy’s own', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  for (const header of ['hunter2', `${traceparent}, ${traceparent}`]) {
    t.equal((await proxy.call('POST', path, text, { traceparent: header })).status, 201)
  }
  const servers = (await proxy.finish()).filter(({ kind }) => kind === 'server')
  t.equal(servers.length, 2)
  for (const span of servers) {
    t.equal(span.parentSpanId, undefined)
    t.not(span.traceId, traceId)
  }
})

test('without tracing no such header is passed on', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  await proxy.call('POST', path, text, { traceparent, tracestate: 'vendor=1' })
  t.equal(upstream.seen.length, 2)
  for (const { headers } of upstream.seen) {
    t.strictSame([headers['traceparent'], headers['tracestate']], [undefined, undefined])
  }
  const line = proxy.logs.find(({ msg }) => msg === 'request') ?? {}
  t.notOk('traceId' in line)
})

test('with OTEL_PROPAGATORS=none spans are made, and no header is taken or given', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin, {}, { OTEL_PROPAGATORS: 'none' })
  await proxy.call('POST', path, text, { traceparent })
  const spans = await proxy.finish()
  t.equal(spans.length, 3)
  t.not(spans[0]?.traceId, traceId)
  for (const { headers } of upstream.seen) t.equal(headers['traceparent'], undefined)
})

test('a request that the sampler leaves out exports nothing, and LiveEngage is told so', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(
    t,
    upstream.origin,
    {},
    {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    },
  )
  await proxy.call('POST', path, text)
  t.match(upstream.sends()[0]?.headers['traceparent'], /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  await proxy.call('POST', path, text, { traceparent: traceparent.replace(/01$/, '00') })
  t.match(upstream.sends()[1]?.headers['traceparent'], new RegExp(`^00-${traceId}-.{16}-00$`))
  await proxy.call('POST', path, text, { traceparent })
  const spans = await proxy.finish()
  t.strictSame(
    spans.map((span) => span.traceId),
    [traceId, traceId],
    'the one whose caller was sampled is there',
  )
})

test('each resend is a client span of its own', async (t) => {
  const upstream = await startUpstream(t)
  upstream.script.send = (...args) => {
    upstream.script.send = ok
    json(429, {}, { 'retry-after': '1' })(...args)
  }
  const proxy = await startTraced(t, upstream.origin)
  t.equal((await proxy.call('POST', path, text)).status, 201)
  const spans = await proxy.finish()
  const server = spans[0]
  const sends = spans.filter(({ name }) => name === send)
  t.match(sends, [
    { status: 'error', attributes: { 'http.response.status_code': 429, 'error.type': '429' } },
    { status: undefined, attributes: { 'http.response.status_code': 200 } },
  ])
  t.strictSame(
    sends.map(({ parentSpanId }) => parentSpanId),
    [server?.spanId, server?.spanId],
  )
  t.strictSame(
    upstream.sends().map(({ headers }) => headers['traceparent']),
    sends.map(headerOf),
  )
  t.equal(server?.status, undefined)
})

test('a failure is named by its problem, on the request and on the call', async (t) => {
  const upstream = await startUpstream(t, {
    send: (seen, response, request) => {
      if (seen.body.includes('reset')) request.socket.destroy()
      else if (seen.body.includes('broken')) json(500, {})(seen, response, request)
      else if (seen.body.includes('closed')) {
        json(400, { code: 'BAD_REQUEST', body: 'Bad Request, Conversation is close' })(
          seen,
          response,
          request,
        )
      }
    },
  })
  const proxy = await startTraced(t, upstream.origin)
  const impatient = { 'x-request-timeout-ms': '300' }
  t.equal((await proxy.call('POST', path, { text: 'reset' })).status, 502)
  t.equal((await proxy.call('POST', path, { text: 'broken' })).status, 502)
  t.equal((await proxy.call('POST', path, { text: 'closed' })).status, 409)
  t.equal((await proxy.call('POST', path, { text: 'never' }, impatient)).status, 504)
  const spans = (await proxy.finish()).filter(({ name }) => name !== lookUp)
  const told = spans.map(({ kind, status, attributes }) => [
    kind,
    status,
    attributes['http.response.status_code'],
    attributes['error.type'],
    attributes['liveengage_proxy.problem.code'],
    attributes['liveengage_proxy.delivery'],
  ])
  t.strictSame(told, [
    ['server', 'error', 502, 'liveengage-failed', 'liveengage-failed', 'unknown'],
    ['client', 'error', undefined, 'liveengage-failed', undefined, 'unknown'],
    ['server', 'error', 502, 'liveengage-failed', 'liveengage-failed', 'unknown'],
    ['client', 'error', 500, '500', undefined, undefined],
    ['server', undefined, 409, undefined, 'conversation-closed', 'not-sent'],
    ['client', 'error', 400, '400', undefined, undefined],
    ['server', 'error', 504, 'liveengage-timeout', 'liveengage-timeout', 'unknown'],
    ['client', 'error', undefined, 'liveengage-timeout', undefined, 'unknown'],
  ])
  for (const { rest } of spans) {
    t.strictSame(rest, { events: [], links: [], message: undefined }, 'no exception, no words')
  }
})

test('what cannot be connected to is a client span for each attempt', async (t) => {
  const upstream = await startUpstream(t, { domain: hostIs('localhost:9') })
  const env = { LP_ALLOWED_HOSTS: `${upstream.host},localhost:9` }
  const proxy = await startTraced(t, upstream.origin, env)
  t.equal((await proxy.call('POST', path, text)).status, 503)
  const spans = await proxy.finish()
  t.strictSame(
    spans.map(({ name, attributes }) => [name.split(' ')[0], attributes['error.type']]),
    [
      ['POST', 'liveengage-unreachable'],
      ['GET', undefined],
      ['POST', 'liveengage-unreachable'],
      ['GET', undefined],
      ['POST', 'liveengage-unreachable'],
    ],
  )
  const parents = new Set(spans.slice(1).map(({ parentSpanId }) => parentSpanId))
  t.strictSame([...parents], [spans[0]?.spanId])
})

test('what is refused before any call is a server span alone; what is no call’s route has none', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin, { API_KEYS: 'key' })
  const key = { 'x-api-key': 'key' }
  t.equal((await proxy.call('POST', path, text)).status, 401)
  t.equal((await proxy.call('POST', path, {}, key)).status, 400)
  const twice = post(path, '{}', 'Host: other\r\nConnection: close\r\n')
  t.match(await (await openWire(t, proxy.url, twice)).ended(), /^HTTP\/1\.1 400 /)
  for (const other of ['/livez', '/readyz', '/problems', '/openapi.json', '/docs', '/nothing']) {
    await proxy.call('GET', other)
  }
  const spans = await proxy.finish()
  t.strictSame(
    spans.map(({ status, attributes }) => [
      status,
      attributes['http.route'],
      attributes['http.response.status_code'],
      attributes['liveengage_proxy.problem.code'],
    ]),
    [
      [undefined, '/conversations/:id/messages', 401, 'api-key-required'],
      [undefined, '/conversations/:id/messages', 400, 'invalid-request'],
      [undefined, '/conversations/:id/messages', 400, 'invalid-request'],
    ],
  )
})

test('the native routes are traced, LiveEngage’s own failures as what they are', async (t) => {
  const upstream = await startUpstream(t, { send: json(500, { code: 'INTERNAL' }) })
  const proxy = await startTraced(t, upstream.origin)
  const native = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
  t.equal((await proxy.call('POST', native, { kind: 'req' })).status, 500)
  const [server, , message] = await proxy.finish()
  t.equal(server?.name, 'POST /api/account/:accountId/messaging/consumer/conversation/send')
  t.match(server, {
    status: 'error',
    attributes: { 'error.type': '500', 'http.response.status_code': 500 },
  })
  t.notOk(server && 'liveengage_proxy.problem.code' in server.attributes)
  t.equal(message?.name, send)
})

test('an answer that is given again is no call and says so', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  for (const _ of [1, 2]) await proxy.call('POST', path, text, { 'idempotency-key': 'k1' })
  const spans = (await proxy.finish()).filter(({ name }) => name !== lookUp)
  t.strictSame(
    spans.map(({ kind, attributes }) => [kind, attributes['liveengage_proxy.replayed']]),
    [
      ['server', undefined],
      ['client', undefined],
      ['server', true],
    ],
  )
})

test('a caller who hangs up does not end the request: its span waits for LiveEngage', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  const arrival = new Promise<() => void>((resolve) => {
    upstream.script.send = (...args) => resolve(() => ok(...args))
  })
  const hangUp = new Promise((resolve) => {
    proxy.server.server.once('connection', (socket) => socket.once('close', resolve))
  })
  const wire = await openWire(t, proxy.url, post(path, '{"text":"Hi"}'))
  const answer = await arrival
  wire.socket.destroy()
  await hangUp
  answer()
  while (!proxy.logs.some(({ msg }) => msg === 'request')) await delay(5)
  const spans = await proxy.finish()
  const [server, , message] = spans
  t.match(server?.attributes, { 'http.response.status_code': 201 })
  t.ok((server?.endedAt ?? 0n) >= (message?.endedAt ?? 0n))
})

test('a look-up ahead of need is a trace of its own', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  await proxy.call('POST', path, text)
  await controlClock(t).pass(60_000)
  await proxy.call('POST', path, text)
  while (upstream.lookups().length < 2) await delay(5)
  const spans = await proxy.finish()
  const ahead = spans.filter(({ name }) => name === lookUp)[1]
  t.equal(ahead?.parentSpanId, undefined)
  t.equal(upstream.lookups()[1]?.headers['traceparent'], ahead && headerOf(ahead))
})

test('a PAUSE that ends typing by itself is a trace of its own', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startTraced(t, upstream.origin)
  await proxy.call('POST', '/conversations/c1/typing', { expiresInSeconds: 60 })
  await proxy.endTyping()
  const spans = await proxy.finish()
  const [composing, pause] = spans.filter(({ name }) => name === send)
  t.equal(composing?.parentSpanId, spans[0]?.spanId)
  t.equal(pause?.parentSpanId, undefined)
  t.strictSame(
    upstream.sends().map(({ headers }) => headers['traceparent']),
    [composing, pause].map((span) => span && headerOf(span)),
  )
})

/** Names these hosts, by service. */
const hostsAre = (hosts: (service: string) => string): Script => {
  return (seen, ...rest) => {
    const [, service = ''] = /\/service\/(\w+)\//.exec(seen.url) ?? []
    json(200, { service, account: '12345678', baseURI: hosts(service) })(seen, ...rest)
  }
}

/** LiveEngage gives a URL, and its storage half a picture. */
async function startDownload(t: Test) {
  const half = new EventEmitter()
  const queryParams = { temp_url_sig: 'planted', temp_url_expires: '1' }
  const upstream = await startUpstream(t, {
    domain: hostsAre(() => upstream.host),
    send: (seen, response, request) => {
      if (seen.method === 'POST') {
        const { id } = JSON.parse(seen.body)
        const url = { relativePath: '/a.png', queryParams }
        json(200, { reqId: id, code: 'OK', body: url })(seen, response, request)
      } else {
        response.writeHead(200, { 'content-type': 'image/png', 'content-length': '20' })
        response.write('0123456789')
        half.emit('sent', () => response.destroy())
        response.once('close', () => half.emit('over'))
      }
    },
  })
  const sent = once(half, 'sent')
  const over = once(half, 'over')
  const proxy = await startTraced(t, upstream.origin)
  const abort = new AbortController()
  const headers = { authorization: token, 'x-lp-on-behalf': token }
  const reply = await fetch(`${proxy.url}/conversations/c/files/a.png`, {
    headers,
    signal: abort.signal,
  })
  const [breakOff] = await sent
  return { proxy, reply, breakOff, over, hangUp: () => abort.abort() }
}

test('a download that breaks off is a failed call', async (t) => {
  const { proxy, reply, breakOff } = await startDownload(t)
  breakOff()
  await t.rejects(reply.arrayBuffer())
  const download = (await proxy.finish()).at(-1)
  t.match(download, {
    name: 'GET /{relativePath}',
    status: 'error',
    attributes: { 'http.response.status_code': 200, 'error.type': 'liveengage-failed' },
  })
})

test('a download whose reader goes away is not', async (t) => {
  const { proxy, reply, hangUp, over } = await startDownload(t)
  hangUp()
  await t.rejects(reply.arrayBuffer())
  await over
  const download = (await proxy.finish()).at(-1)
  t.match(download, {
    name: 'GET /{relativePath}',
    status: undefined,
    attributes: { 'http.response.status_code': 200 },
  })
})

test('a download that cannot begin is a failed call without a status', async (t) => {
  const url = { relativePath: '/a.png', queryParams: { temp_url_sig: 's', temp_url_expires: '1' } }
  const upstream = await startUpstream(t, {
    domain: hostsAre((service) => (service === 'swift' ? 'localhost:9' : upstream.host)),
    send: (seen, ...rest) =>
      json(200, { reqId: JSON.parse(seen.body).id, code: 'OK', body: url })(seen, ...rest),
  })
  const env = { LP_ALLOWED_HOSTS: `${upstream.host},localhost:9` }
  const proxy = await startTraced(t, upstream.origin, env)
  t.equal((await proxy.call('GET', '/conversations/c/files/a.png')).status, 503)
  const downloads = (await proxy.finish()).filter(({ name }) => name === 'GET /{relativePath}')
  t.equal(downloads.length, 2)
  for (const { status, attributes } of downloads) {
    t.equal(status, 'error')
    t.equal(attributes['error.type'], 'liveengage-unreachable')
    t.notOk('http.response.status_code' in attributes)
  }
})
