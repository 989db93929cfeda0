/** What callers ask and get, as a scrape shows it. */
import t, { type Test } from 'tap'
import { problems } from '../../../src/problems/catalogue.ts'
import { type Scrape, scrape, scrapeUntil } from '../../scrape.ts'
import { start, startProxy, token } from '../../start.ts'
import { json, ok, type Script, startUpstream } from '../../upstream.ts'
import { openWire } from '../../wire.ts'

const messages = '/conversations/c1/messages'
const native = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
const text = { text: 'Hi' }
const sendMessage = { route: '/conversations/:id/messages', action: 'sendMessage' }
const unrouted = { route: 'none', action: 'none' }

const hangUp: Script = (_seen, _response, { socket }) => socket.destroy()
const hang: Script = () => undefined

async function startScripted(t: Test, env: Record<string, string> = {}) {
  const upstream = await startUpstream(t)
  return { ...(await startProxy(t, upstream.origin, { MESSAGE_ORDER: 'none', ...env })), upstream }
}

t.test('each answer is counted once, by route, action, status and code', async (t) => {
  const { call, url, upstream } = await startScripted(t)
  const send = (body: unknown, headers = {}) => call('POST', messages, body, headers)
  const cases: [
    name: string,
    labels: Record<string, string>,
    ask: () => Promise<unknown>,
    script?: Script,
  ][] = [
    ['a message', { ...sendMessage, status: '201', code: 'none' }, () => send(text)],
    [
      'a dry run',
      { ...sendMessage, status: '200', code: 'none' },
      () => call('POST', `${messages}?dryRun=true`, text),
    ],
    [
      'what is not valid',
      { ...sendMessage, status: '400', code: 'invalid-request' },
      () => send({ text: '' }),
    ],
    [
      'a token that is missing',
      { ...sendMessage, status: '401', code: 'credentials-missing' },
      () => send(text, { authorization: undefined }),
    ],
    [
      'LiveEngage’s refusal',
      { ...sendMessage, status: '400', code: 'rejected-by-liveengage' },
      () => send(text),
      json(403, '{}'),
    ],
    [
      'LiveEngage’s failure',
      { ...sendMessage, status: '502', code: 'liveengage-failed' },
      () => send(text),
      json(500, '{}'),
    ],
    [
      'LiveEngage’s failure as it is',
      { action: 'nativeSend', status: '500', code: 'none' },
      () => call('POST', native, '{}'),
      json(500, '{}'),
    ],
    [
      'an action without a body',
      { action: 'stopTyping', route: '/conversations/:id/typing', status: '204', code: 'none' },
      () => call('DELETE', '/conversations/c1/typing'),
    ],
    [
      'another action of that path',
      { action: 'startTyping', route: '/conversations/:id/typing', status: '204', code: 'none' },
      () => call('POST', '/conversations/c1/typing'),
    ],
    ['no such route', { ...unrouted, code: 'route-not-found' }, () => call('GET', '/nothing')],
    [
      'another method',
      { ...unrouted, status: '405', code: 'method-not-allowed' },
      () => call('PATCH', messages),
    ],
    [
      'a path that is none',
      { ...unrouted, status: '400', code: 'invalid-request' },
      () => call('GET', '/%zz'),
    ],
    [
      'bytes that are no request',
      { ...unrouted, status: '400', code: 'invalid-request' },
      async () => (await openWire(t, url, 'nothing\r\n\r\n')).ended(),
    ],
    [
      'a page without an action',
      { route: '/openapi.json', action: 'none', status: '200', code: 'none' },
      () => call('GET', '/openapi.json'),
    ],
    ['a probe', { action: 'getLiveness', status: '200' }, () => call('GET', '/livez')],
    [
      'a probe by HEAD',
      { action: 'getLiveness', status: '200' },
      () => fetch(`${url}/livez`, { method: 'HEAD' }),
    ],
  ]
  for (const [name, labels, ask, script = ok] of cases) {
    upstream.script.send = script
    const count = async () => {
      const { value } = await scrape(url)
      return {
        same: value('requests_total', labels) || 0,
        all:
          (value('requests_total') || 0) - (value('requests_total', { action: 'getMetrics' }) || 0),
      }
    }
    const before = await count()
    await ask()
    const after = await count()
    t.strictSame([after.same - before.same, after.all - before.all], [1, 1], name)
  }
})

t.test('a request’s time is told whole, with LiveEngage, and as the proxy’s own', async (t) => {
  const { call, url, upstream } = await startScripted(t)
  const delayMs = 60
  upstream.script.send = (...args) => void setTimeout(() => ok(...args), delayMs)
  await call('POST', messages, text)
  await call('POST', messages, text)
  await call('POST', messages, { text: '' })
  const { value } = await scrape(url)
  const sums = ['duration', 'upstream', 'own'].map((part) =>
    value(`request_${part}_seconds_sum`, { action: 'sendMessage' }),
  )
  const [whole = 0, upstreamPart = 0, own = 0] = sums
  const counts = ['duration', 'upstream', 'own'].map((part) =>
    value(`request_${part}_seconds_count`, { action: 'sendMessage' }),
  )
  t.strictSame(counts, [3, 2, 2], 'what LiveEngage never had has no time with it')
  // A timer may be a millisecond early.
  t.ok(upstreamPart >= (2 * (delayMs - 1)) / 1000, `${upstreamPart}`)
  t.ok(own > 0 && own < whole)
  t.ok(own + upstreamPart <= whole + 1e-9, `${own} + ${upstreamPart} in ${whole}`)
  for (const part of ['duration', 'upstream', 'own']) {
    const labels = { action: 'sendMessage', le: '+Inf' }
    const name = `request_${part}_seconds`
    t.equal(value(`${name}_bucket`, labels), value(`${name}_count`, { action: 'sendMessage' }))
  }
  t.equal(
    value('request_upstream_seconds_bucket', { action: 'sendMessage', le: '0.05' }),
    0,
    'each took longer',
  )
})

t.test('the time of an exchange that the deadline cuts short is LiveEngage’s', async (t) => {
  const { call, url, upstream } = await startScripted(t)
  upstream.script.send = hang
  const reply = await call('POST', messages, text, { 'x-request-timeout-ms': '150' })
  t.equal(reply.status, 504)
  const { value } = await scrape(url)
  t.ok(value('request_upstream_seconds_sum', { action: 'sendMessage' }) >= 0.05)
  t.equal(value('upstream_calls_total', { service: 'messaging', outcome: 'none' }), 1)
})

t.test('an outcome that nobody knows is counted by its code', async (t) => {
  const { call, url, upstream } = await startScripted(t, { REQUEST_TIMEOUT_MS: '400' })
  const send = (headers = {}) => call('POST', messages, text, headers)
  const shown = (await scrape(url)).series.filter(({ name }) => /deliveries_unknown/.test(name))
  // A key in use says that of the first request, which counts for itself; the app's are of the webhook listener.
  const others = ['idempotency-key-in-use', 'app-refused', 'app-timeout']
  const codes = Object.entries(problems)
    .filter(([code, { delivery }]) => delivery === 'unknown' && !others.includes(code))
    .map(([code]) => code)
  t.strictSame(
    shown.map(({ labels, value }) => `${labels['code']} ${value}`).sort(),
    [...codes, 'none'].map((code) => `${code} 0`).sort(),
    'each is there from the start',
  )
  upstream.script.send = hangUp
  await send()
  await send({ 'idempotency-key': 'k' })
  t.match(await send({ 'idempotency-key': 'k' }), { status: 502 })
  upstream.script.send = hang
  await send()
  for (const status of [503, 408]) {
    upstream.script.send = json(status, '{}')
    await call('POST', native, '{}')
  }
  for (const script of [json(429, '{}', { 'retry-after': '60' }), json(403, '{}'), ok]) {
    upstream.script.send = script
    await send()
    await call('POST', native, '{}')
  }
  await call('GET', '/conversations/c1/files/f')
  const { value } = await scrape(url)
  const counts = Object.fromEntries(
    ['liveengage-failed', 'liveengage-timeout', 'internal-error', 'none'].map((code) => [
      code,
      value('deliveries_unknown_total', { code }),
    ]),
  )
  t.strictSame(counts, {
    'liveengage-failed': 2,
    'liveengage-timeout': 1,
    'internal-error': 0,
    none: 2,
  })
  t.equal(value('deliveries_unknown_total'), 5, 'a replay is not a second one')
  t.equal(value('requests_replayed_total'), 1)
  t.equal(value('idempotency_outcomes'), 1)
})

t.test('requests are in flight until they are answered', async (t) => {
  const { call, url, upstream } = await startScripted(t)
  await call('POST', messages, text)
  const held: (() => void)[] = []
  const arrived = new Promise<void>((resolve) => {
    upstream.script.send = (...args) => {
      held.push(() => ok(...args))
      if (held.length === 2) resolve()
    }
  })
  const replies = [call('POST', messages, text), call('POST', messages, text)]
  await arrived
  const during = await scrape(url)
  t.equal(during.value('requests_in_flight'), 3, 'with the scrape')
  t.equal(during.value('upstream_in_flight', { service: 'messaging' }), 2)
  t.equal(during.value('upstream_in_flight'), 2)
  for (const answer of held) answer()
  await Promise.all(replies)
  const after = await scrape(url)
  t.equal(after.value('requests_in_flight'), 1)
  t.equal(after.value('upstream_in_flight'), 0)
})

t.test('no label has more values than the code has names for', async (t) => {
  const { call, url, sandbox } = await start(t, {
    LP_CLIENT_ID: 'sandbox-client',
    LP_CLIENT_SECRET: 'sandbox-secret',
    LP_ALLOWED_ACCOUNTS: '12345678,other',
  })
  const shape = async () => {
    const { series } = await scrape(url)
    return series.map(({ name, labels }) => JSON.stringify([name, labels])).sort()
  }
  const own = { authorization: undefined, 'x-lp-on-behalf': undefined }
  const round = async (name: string) => {
    await call('POST', `/conversations/${name}/messages`, { text: name })
    await call('POST', '/conversations', {}, { ...own, 'x-lp-consumer-id': `consumer-${name}` })
    await call('POST', `/conversations/${name}/messages`, {}, { 'x-lp-account-id': 'other' })
    await call('GET', `/${name}`)
    await call('GET', `/problems/${name}`)
    await call('GET', `/conversations/${name}/files/${name}`)
    await call('POST', native, name)
  }
  await round('zq1')
  // The first scrape has not seen itself.
  await shape()
  const before = await shape()
  for (const name of ['zq2', 'zq3', 'zq4']) await round(name)
  t.strictSame(await shape(), before)
  const { series } = await scrape(url)
  const values = new Set(series.flatMap(({ labels }) => Object.values(labels)))
  const { port } = new URL(sandbox.origin)
  for (const secret of ['zq', '12345678', 'other', 'localhost', '127.0.0.1', port, token]) {
    const shown = [...values].filter((value) => value.includes(secret))
    t.strictSame(shown, [], 'an account, a conversation, a consumer, a host or a token')
  }
  const allowed = new Set(['none', ...Object.keys(problems)])
  t.strictSame(
    series.filter(({ labels: { code = 'none' } }) => !allowed.has(code)),
    [],
  )
})

t.test('typing that is to end by itself is counted, and what came of its end', async (t) => {
  const { call, url, upstream } = await startScripted(t)
  for (const id of ['c1', 'c2', 'c3']) {
    await call('POST', `/conversations/${id}/typing`, { expiresInSeconds: 1 })
  }
  const armed = await scrape(url)
  t.equal(armed.value('typing_expiries'), 3)
  t.equal(armed.value('typing_pauses_total'), 0)
  const scripts = [ok, json(400, '{}'), json(503, '{}')]
  upstream.script.send = (...args) => (scripts.shift() ?? ok)(...args)
  const count = (scraped: Scrape, result: string) =>
    scraped.value('typing_pauses_total', { result })
  const scraped = await scrapeUntil(url, (each) => count(each, 'sent') === 2)
  t.equal(count(scraped, 'failed'), 1)
  t.equal(count(scraped, 'retried'), 1)
  t.equal(scraped.value('typing_expiries'), 0)
})
