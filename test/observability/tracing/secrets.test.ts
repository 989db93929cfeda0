import { type Test, test } from 'tap'
import { startSandbox } from '../../../src/sandbox/sandbox.ts'
import { type ExportedSpan, startCollector, startTraced, trace } from '../../collector.ts'
import { startProxy, token } from '../../start.ts'

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)])

const own = { authorization: undefined, 'x-lp-on-behalf': undefined }
const forAda = { ...own, 'x-lp-consumer-id': 'ada' }

const send = 'POST /api/account/{accountId}/messaging/consumer/conversation/send'
const lookUp = (service: string) => `GET /api/account/{accountId}/service/${service}/baseURI.json`

async function sandboxed(t: Test) {
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const env = {
    LP_ACCOUNT_ID: sandbox.accountId,
    LP_CLIENT_ID: sandbox.clientId,
    LP_CLIENT_SECRET: sandbox.clientSecret,
  }
  return { sandbox, env }
}

function upload(): FormData {
  const form = new FormData()
  form.set('caption', 'planted caption')
  form.set('file', new Blob([png]), 'planted-name.png')
  return form
}

const namesOf = (spans: ExportedSpan[]) => spans.map(({ name }) => name)

test('look-ups and logins belong to the request that caused them', async (t) => {
  const { sandbox, env } = await sandboxed(t)
  const proxy = await startTraced(t, sandbox.origin, env)
  const reply = await proxy.call('POST', '/conversations', {}, forAda)
  t.equal(reply.status, 201)
  const again = await proxy.call(
    'POST',
    `/conversations/${reply.body.conversationId}/messages`,
    { text: 'Hi' },
    forAda,
  )
  t.equal(again.status, 201)
  const spans = await proxy.finish()
  const [first, ...calls] = spans.slice(0, -2)
  t.equal(first?.name, 'POST /conversations')
  t.strictSame(namesOf(calls).sort(), [
    lookUp('asyncMessagingEnt'),
    lookUp('idp'),
    lookUp('sentinel'),
    'POST /api/account/{accountId}/consumer',
    'POST /api/account/{accountId}/messaging/consumer/conversation',
    'POST /sentinel/api/account/{accountId}/app/token',
  ])
  t.strictSame([...new Set(calls.map(({ parentSpanId }) => parentSpanId))], [first?.spanId])
  t.strictSame(namesOf(spans.slice(-2)), ['POST /conversations/:id/messages', send])
  const told = sandbox.calls().map(({ headers }) => headers['traceparent'])
  const clients = spans.filter(({ kind }) => kind === 'client')
  t.strictSame(
    told.sort(),
    clients.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).sort(),
    'each call has its own',
  )
})

test('so do a renewal of a token and what follows it', async (t) => {
  const { sandbox, env } = await sandboxed(t)
  const proxy = await startTraced(t, sandbox.origin, env)
  const path = '/conversations/c/messages'
  t.equal((await proxy.call('POST', path, { text: 'Hi' }, forAda)).status, 201)
  const reply = await proxy.call('POST', path, { text: 'sandbox:401' }, forAda)
  t.match(reply.body, { code: 'credentials-rejected' })
  const spans = await proxy.finish()
  const [server, ...calls] = spans.slice(spans.findLastIndex(({ kind }) => kind === 'server'))
  t.strictSame(namesOf(calls), [send, 'POST /sentinel/api/account/{accountId}/app/token', send])
  t.strictSame([...new Set(calls.map(({ parentSpanId }) => parentSpanId))], [server?.spanId])
})

test('the storage’s calls are spans without the file’s name and without the permission', async (t) => {
  const { sandbox, env } = await sandboxed(t)
  const proxy = await startTraced(t, sandbox.origin, env)
  const stored = await proxy.call('POST', '/conversations/demo/files', upload(), forAda)
  t.equal(stored.status, 201)
  const { relativePath } = stored.body.file
  const file = await proxy.call(
    'GET',
    `/conversations/demo/files${relativePath}`,
    undefined,
    forAda,
  )
  t.equal(file.status, 200)
  const spans = await proxy.finish()
  const storage = spans.filter(
    ({ attributes }) => attributes['liveengage_proxy.service'] === 'storage',
  )
  t.match(storage, [
    { name: 'PUT /{relativePath}', attributes: { 'http.response.status_code': 201 } },
    { name: 'GET /{relativePath}', attributes: { 'http.response.status_code': 200 } },
  ])
  for (const { attributes, status } of storage) {
    t.match(attributes['url.full'], /^http:\/\/localhost:\d+\/REDACTED$/)
    t.equal(status, undefined)
  }
  const download = sandbox.calls().findLast(({ url }) => url.includes('temp_url_sig'))
  const { traceId, spanId } = storage[1] ?? {}
  t.equal(download?.headers['traceparent'], `00-${traceId}-${spanId}-01`)
})

for (const protocol of ['http/json', 'http/protobuf']) {
  test(`no secret, no word, no account, consumer or conversation is exported (${protocol})`, async (t) => {
    const { sandbox, env } = await sandboxed(t)
    const variables = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }
    const proxy = await startTraced(
      t,
      sandbox.origin,
      { ...env, API_KEYS: 'planted-key' },
      variables,
    )
    const headers = { ...own, 'x-lp-consumer-id': 'planted-consumer', 'x-api-key': 'planted-key' }
    const given = {
      'x-api-key': 'planted-key',
      'user-agent': 'planted-agent',
    }
    const id = '/conversations/planted-conversation'
    const text = (words: string) => ({ text: words })
    await proxy.call(
      'POST',
      '/conversations',
      { profile: { personal: { firstname: 'planted-name' } } },
      headers,
    )
    await proxy.call('POST', `${id}/messages`, text('planted words'), headers)
    await proxy.call('POST', `${id}/messages`, text('planted words'), given)
    for (const fault of ['400', '401', '500', 'reset', 'closed', 'html', 'lost']) {
      await proxy.call('POST', `${id}/messages`, text(`sandbox:${fault}`), headers)
    }
    await proxy.call('POST', `${id}/messages?planted=query`, { planted: 'words' }, headers)
    await proxy.call('POST', `${id}/messages`, '{"planted', headers)
    await proxy.call(
      'PUT',
      '/consumer/profile',
      { personal: { firstname: 'planted-name' } },
      headers,
    )
    const stored = await proxy.call('POST', `${id}/files`, upload(), headers)
    const { relativePath } = stored.body.file
    await proxy.call('GET', `${id}/files${relativePath}`, undefined, headers)
    await proxy.call('GET', `${id}/files/planted/file.png`, undefined, headers)
    const native = `/api/account/${sandbox.accountId}/messaging/consumer/conversation/send?v=3&planted=1`
    await proxy.call('POST', native, { planted: 'words' }, headers)
    proxy.server.server.closeAllConnections()
    await proxy.server.close()
    await proxy.tracing.stop(10_000)
    const exported = proxy.collector.text()
    t.match(exported, /POST \/conversations\/:id\/files/, 'spans are there')
    t.match(proxy.collector.exports[0]?.headers, {
      'content-type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    })
    const words = [
      'planted',
      token,
      sandbox.clientId,
      sandbox.clientSecret,
      'temp_url',
      relativePath,
    ]
    for (const word of words) t.notOk(exported.includes(word), word)
    t.notMatch(exported, /eyJ[\w-]+\.|async-images/)
    t.notMatch(exported, new RegExp(`account/${sandbox.accountId}`))
  })
}

test('the account is not in a span’s addresses', async (t) => {
  const { sandbox } = await sandboxed(t)
  const proxy = await startTraced(t, sandbox.origin, { LP_ACCOUNT_ID: '98765432' })
  await proxy.call('POST', '/conversations/c/messages', { text: 'Hi' })
  t.equal((await proxy.finish()).length, 3)
  t.notMatch(proxy.collector.text(), /98765432/)
})

test('while the collector refuses, requests go on; the log says so once, and when it is over', async (t) => {
  const { sandbox, env } = await sandboxed(t)
  const collector = await startCollector(t)
  const log: Record<string, unknown>[] = []
  const endpoint = new URL(collector.origin)
  endpoint.username = 'planted'
  endpoint.password = 'planted'
  const variables = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.href,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=planted',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  }
  collector.script.status = 400
  const proxy = await startProxy(t, sandbox.origin, env, await trace(t, variables, log))
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      const reply = await proxy.call('POST', '/conversations/c/messages', { text: 'Hi' })
      t.equal(reply.status, 201)
    }
  }
  await until(() => collector.exports.length >= 3)
  t.strictSame(
    log.map(({ msg, code }) => [msg, code]),
    [
      ['tracing is on', undefined],
      ['spans cannot be exported', 400],
    ],
  )
  collector.script.status = 200
  await until(() => log.length > 2)
  t.match(log.at(-1), { level: 'info', msg: 'spans are exported again' })
  t.notMatch(JSON.stringify([log, proxy.logs]), /planted/)
})

for (const [what, status] of [
  ['is not there', undefined],
  ['does not answer', 0],
] as const) {
  test(`a collector that ${what} costs a request nothing, and the end only its limit`, async (t) => {
    const { sandbox, env } = await sandboxed(t)
    const collector = await startCollector(t)
    if (status !== undefined) collector.script.status = status
    const log: Record<string, unknown>[] = []
    const endpoint = status === undefined ? 'http://127.0.0.1:9' : collector.origin
    const tracing = await trace(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, log)
    const proxy = await startProxy(t, sandbox.origin, env, tracing)
    const reply = await proxy.call('POST', '/conversations/c/messages', { text: 'Hi' })
    t.equal(reply.status, 201)
    const before = performance.now()
    await tracing.stop(100)
    // The exporter's own limit is ten seconds.
    t.ok(performance.now() - before < 5_000)
    t.match(log.at(-1), { level: 'warn', msg: 'the last spans could not be exported in time' })
  })
}

test('a call that no request waits for is a trace of its own', async (t) => {
  const collector = await startCollector(t)
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  }
  const { background, stop } = await trace(t, variables)
  const call = { service: 'IDP', origin: 'https://idp.example', method: 'POST', path: '/consumer' }
  const plain = { ...call, origin: 'http://idp.example' }
  const spans = [background.startCall(call), background.startCall(plain)]
  for (const span of spans) span.end(200)
  await stop(10_000)
  const [first, second] = collector.spans()
  t.match(first, { kind: 'client', attributes: { 'server.port': 443, 'url.scheme': 'https' } })
  t.match(second, { attributes: { 'server.port': 80, 'url.scheme': 'http' } })
  t.strictSame([first?.parentSpanId, second?.parentSpanId], [undefined, undefined])
  t.not(first?.traceId, second?.traceId)
  const { traceId, spanId } = first ?? {}
  t.strictSame(spans[0]?.headers, { traceparent: `00-${traceId}-${spanId}-01` })
})
