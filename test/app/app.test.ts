import t from 'tap'
import { start, startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { openWire } from '../wire.ts'

const messages = '/conversations/c1/messages'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test('X-Request-Id is kept where it is sound, else replaced, and always returned', async (t) => {
  const { call, url } = await start(t, { BODY_LIMIT_BYTES: '1024' })
  const calls: [number, (headers: Record<string, string>) => ReturnType<typeof call>][] = [
    [201, (headers) => call('POST', messages, { text: 'a' }, headers)],
    [200, (headers) => call('GET', '/livez', undefined, headers)],
    [400, (headers) => call('POST', messages, {}, headers)],
    [401, (headers) => call('POST', messages, {}, { ...headers, authorization: '' })],
    [404, (headers) => call('GET', '/nothing', undefined, headers)],
    [405, (headers) => call('GET', messages, undefined, headers)],
    [413, (headers) => call('POST', messages, { text: 'a'.repeat(2_000) }, headers)],
    [414, (headers) => call('POST', `/conversations/${'a'.repeat(129)}/messages`, {}, headers)],
    [415, (headers) => call('POST', messages, 'a', { ...headers, 'content-type': 'text/plain' })],
    [400, (headers) => call('POST', '/conversations/%/messages', {}, headers)],
  ]
  for (const [status, run] of calls) {
    for (const id of ['a', 'A-Z_0.9', 'a'.repeat(64)]) {
      const { status: actual, headers, body } = await run({ 'x-request-id': id })
      t.equal(actual, status)
      t.equal(headers['x-request-id'], id)
      if (status >= 400) {
        t.match(body, { requestId: id, instance: `urn:request:${id}` })
      }
    }
    for (const id of ['', 'a'.repeat(65), 'a b', 'a/b', 'é', 'a,b']) {
      const { headers } = await run({ 'x-request-id': id })
      t.match(headers['x-request-id'], uuid, `${status} ${id}`)
    }
  }
  const wire = await openWire(
    t,
    url,
    'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\nX-Request-Id: b\r\nConnection: close\r\n\r\n',
  )
  t.notMatch(await wire.ended(), /x-request-id: (a|b|a, b)\r\n/)
})

t.test('every answer has the standard headers', async (t) => {
  const { call } = await start(t)
  const answers = await Promise.all([
    call('POST', messages, { text: 'a' }),
    call('POST', messages, {}),
    call('DELETE', '/conversations/c1/typing'),
    call('POST', `${messages}?dryRun=true`, { text: 'a' }),
    call('POST', messages, { text: 'a' }, { authorization: '' }),
    call('POST', messages, { text: 'sandbox:429' }),
    call('POST', messages, { text: 'sandbox:500' }),
    call('GET', '/nothing'),
    call('GET', messages),
    call('GET', '/conversations/%/messages'),
    call('GET', '/livez'),
    call('GET', '/readyz'),
    call('GET', '/problems'),
    call('GET', '/openapi.json'),
  ])
  for (const { status, headers, body } of answers) {
    t.equal(headers['cache-control'], 'no-store', String(status))
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.ok(headers['x-request-id'])
    if (status >= 400) {
      t.match(headers['content-type'], /^application\/problem\+json/)
      t.equal(body.status, status)
    }
    if (status === 429 || status === 503) t.ok(Number(headers['retry-after']) >= 1)
    t.equal(headers['www-authenticate'] !== undefined, status === 401)
  }
})

t.test('nothing of the inbound headers goes on that is not chosen by name', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  await call(
    'POST',
    messages,
    { text: 'a' },
    { cookie: 'a', 'x-api-key': 'b', 'x-forwarded-for': 'c', 'x-request-id': 'd' },
  )
  t.strictSame(Object.keys(upstream.sends().at(0)?.headers ?? {}).sort(), [
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'x-lp-on-behalf',
  ])
})

t.test('DOCS turns the documents off, or the UI alone', async (t) => {
  for (const [docs, spec, ui] of [
    ['on', 200, 200],
    ['spec', 200, 404],
    ['off', 404, 404],
  ] as const) {
    const { url } = await start(t, { DOCS: docs })
    t.equal((await fetch(`${url}/openapi.json`)).status, spec, docs)
    t.equal((await fetch(`${url}/docs`)).status, ui, docs)
  }
})
