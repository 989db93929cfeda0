/** What goes on between the proxy and LivePerson, as a scrape shows it. */
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { controlLag } from '../../http/fixtures/event-loop.ts'
import { type Scrape, scrape, scrapeUntil } from '../../scrape.ts'
import { start, startProxy } from '../../start.ts'
import { controlClock } from '../../transport/fixtures/clock.ts'
import { hostIs, json, ok, type Script, startUpstream } from '../../upstream.ts'
import { credentials, openWire } from '../../wire.ts'

const messages = '/conversations/c1/messages'
const text = { text: 'Hi' }

async function startScripted(t: Test, env: Record<string, string> = {}) {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin, {
    REQUEST_TIMEOUT_MS: '5000',
    MESSAGE_ORDER: 'none',
    ...env,
  })
  const send = (headers: Record<string, string> = {}) => proxy.call('POST', messages, text, headers)
  return { ...proxy, upstream, send }
}

/** A proxy whose host is known, and a LiveEngage that answers when it is told to. */
async function startHeld(t: Test, env: Record<string, string>) {
  const started = await startScripted(t, env)
  await started.send()
  const answers: (() => void)[] = []
  const news = new EventEmitter()
  started.upstream.script.send = (...call) => {
    answers.push(() => ok(...call))
    news.emit('arrival')
  }
  const arrived = async (count: number) => {
    while (answers.length < count) await once(news, 'arrival')
  }
  const release = () => {
    for (const answer of answers.splice(0)) answer()
  }
  return { ...started, arrived, release }
}

/** The series of a metric that are not 0, as `labels: value`. */
function counted({ series }: Scrape, name: string): Record<string, number> {
  return Object.fromEntries(
    series
      .filter((each) => each.name === `liveengage_proxy_${name}` && each.value !== 0)
      .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  )
}

t.test('calls are counted by service and outcome, and their time', async (t) => {
  const { send, url, upstream } = await startScripted(t)
  for (const [script, headers] of [
    [ok, {}],
    [json(429, '{}', { 'retry-after': '60' }), {}],
    [json(403, '{}'), {}],
    [json(500, '{}'), {}],
    [(_seen, _response, { socket }) => socket.destroy(), {}],
    // Its caller gave LiveEngage less time than counts against it.
    [() => undefined, { 'x-request-timeout-ms': '150' }],
  ] as [Script, Record<string, string>][]) {
    upstream.script.send = script
    await send(headers)
  }
  const scraped = await scrape(url)
  t.strictSame(counted(scraped, 'upstream_calls_total'), {
    'messaging success': 1,
    'messaging refusal': 2,
    'messaging failure': 2,
    'messaging none': 1,
    'domain-api success': 1,
  })
  const { value } = scraped
  t.equal(value('upstream_call_duration_seconds_count', { service: 'messaging' }), 6)
  t.ok(value('upstream_call_duration_seconds_sum', { service: 'messaging' }) > 0.1)
  t.equal(value('upstream_call_duration_seconds_count', { service: 'domain-api' }), 1)
  t.ok(Number.isNaN(value('upstream_call_duration_seconds_count', { service: 'storage' })))
})

t.test('the line is as deep as calls wait in it, and its time is told', async (t) => {
  const { send, url, arrived, release } = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '2',
    MAX_QUEUE_MS: '4000',
  })
  const first = send()
  await arrived(1)
  const waiting = [send(), send()]
  const during = await scrapeUntil(url, ({ value }) => value('queue_depth') === 2)
  t.equal(during.value('upstream_in_flight', { service: 'messaging' }), 1)
  t.equal(during.value('queue_wait_seconds_count'), 0)
  t.match(await send(), { status: 503, body: { code: 'overloaded' } })
  release()
  await first
  for (let count = 0; count < 2; count += 1) {
    await arrived(1)
    release()
  }
  for (const reply of await Promise.all(waiting)) t.equal(reply.status, 201)
  const after = await scrape(url)
  t.equal(after.value('queue_depth'), 0)
  t.equal(after.value('queue_wait_seconds_count'), 2)
  t.ok(after.value('queue_wait_seconds_sum') > 0)
  t.strictSame(counted(after, 'shed_total'), { 'messaging high full': 1 })
})

t.test('what is not begun is counted by priority and reason', async (t) => {
  const loop = controlLag(t)
  const held = await startHeld(t, {
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '4',
    MAX_QUEUE_MS: '600',
    MAX_UPLOADS: '1',
  })
  const { call, send, url, arrived, release } = held
  const shed = async () => counted(await scrape(url), 'shed_total')
  const first = send()
  await arrived(1)
  const deadline = send({ 'x-request-timeout-ms': '200' })
  await scrapeUntil(url, ({ value }) => value('queue_depth') === 1)
  t.match(await call('POST', '/conversations/c1/typing'), { status: 503 }, 'a quarter is taken')
  t.equal((await deadline).body.code, 'deadline-exceeded')
  t.equal((await send()).body.code, 'overloaded', 'it waited in vain')
  t.strictSame(await shed(), {
    'messaging low full': 1,
    'messaging high deadline': 1,
    'messaging high waited': 1,
  })
  const body = '{"text":"gone"}'
  const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const wire = await openWire(t, url, `POST ${messages} HTTP/1.1\r\n${credentials}${head}${body}`)
  await scrapeUntil(url, ({ value }) => value('queue_depth') === 1)
  const gone = once(wire.socket, 'close')
  wire.socket.destroy()
  await gone
  await scrape(url)
  release()
  await first
  const hungUp = { reason: 'hung-up', priority: 'high' }
  await scrapeUntil(url, ({ value }) => value('shed_total', hungUp) === 1)

  const upload = 'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100\r\n\r\n'
  const files = `POST /conversations/c1/files HTTP/1.1\r\n${credentials}${upload}`
  await openWire(t, url, files)
  await call('GET', '/livez')
  const second = await openWire(t, url, files)
  t.match(await second.until(/"code":"[a-z-]+"/), /overloaded/)
  t.equal((await shed())['storage high uploads'], 1)

  const sent = send({ 'idempotency-key': 'k' })
  await arrived(1)
  release()
  t.match(await sent, { status: 201 })
  loop.isLate = true
  await call('PUT', '/consumer/profile', { personal: { firstname: 'Ada' } })
  t.equal((await shed())['messaging normal event-loop'], 1)
  t.match(await send({ 'idempotency-key': 'k' }), { status: 201 }, 'its outcome is known')
  t.equal((await shed())['messaging high event-loop'], undefined, 'so nothing was shed')
})

t.test('an open breaker is shown until its pause is over and its probes are good', async (t) => {
  controlLag(t)
  const { send, url, upstream } = await startScripted(t)
  const state = ({ value }: Scrape) => value('breaker_state', { service: 'messaging' })
  t.equal(state(await scrape(url)), 0)
  upstream.script.send = json(500, '{}')
  for (let index = 0; index < 20; index += 1) await send()
  const opened = await scrape(url)
  t.equal(state(opened), 2)
  t.equal(opened.value('breaker_state', { service: 'domain-api' }), 0)
  t.equal((await send()).body.code, 'circuit-open')
  const after = await scrape(url)
  t.strictSame(counted(after, 'breaker_openings_total'), { messaging: 1 })
  t.strictSame(counted(after, 'shed_total'), { 'messaging high circuit-open': 1 })
  const clock = controlClock(t)
  await clock.pass(6_100)
  t.equal(state(await scrape(url)), 1, 'due for a probe')
  upstream.script.send = ok
  for (const expected of [1, 1, 0]) {
    await send()
    t.equal(state(await scrape(url)), expected)
  }
})

t.test('resends after a 429 are counted, and those that the retry budget left out', async (t) => {
  const { send, url, upstream } = await startScripted(t)
  await send()
  t.strictSame(counted(await scrape(url), 'resends_total'), {})
  const limited = json(429, '{}', { 'retry-after': '0' })
  let refusals = 0
  upstream.script.send = (...args) => {
    refusals += 1
    const script = refusals <= 5 ? limited : ok
    script(...args)
  }
  const replies = await Promise.all(Array.from({ length: 5 }, () => send()))
  const resent = replies.filter(({ status }) => status === 201).length
  t.ok(resent > 0 && resent < 5, `${resent} of 5`)
  const scraped = await scrape(url)
  t.strictSame(counted(scraped, 'resends_total'), { wait: resent })
  t.equal(scraped.value('retry_budget_refusals_total'), 5 - resent)
})

t.test('a host that moved or is not reached makes a resend', async (t) => {
  const old = await startUpstream(t, { send: json(404, '{}') })
  const unused = createServer().listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const address = unused.address()
  const deadHost = `localhost:${typeof address === 'object' && address?.port}`
  unused.close()
  const upstream = await startUpstream(t)
  const scripts = [hostIs(old.host), hostIs(upstream.host)]
  upstream.script.domain = (...args) => (scripts.shift() ?? hostIs(upstream.host))(...args)
  const allowed = [old.host, upstream.host, deadHost].join(',')
  const moved = await startProxy(t, upstream.origin, { LP_ALLOWED_HOSTS: allowed })
  t.equal((await moved.call('POST', messages, text)).status, 201)
  t.strictSame(counted(await scrape(moved.url), 'resends_total'), { move: 1 })
  scripts.push(hostIs(deadHost), hostIs(upstream.host))
  const dead = await startProxy(t, upstream.origin, { LP_ALLOWED_HOSTS: allowed })
  t.equal((await dead.call('POST', messages, text)).status, 201)
  const scraped = await scrape(dead.url)
  t.strictSame(counted(scraped, 'resends_total'), { reconnect: 1 })
  t.equal(scraped.value('upstream_calls_total', { outcome: 'failure' }), 1)
})

t.test(
  'hosts are counted as found in the cache, looked up, stale, and not to be had',
  async (t) => {
    const clock = controlClock(t)
    controlLag(t)
    const { send, url, upstream } = await startScripted(t, { LP_DOMAIN_TTL_SECONDS: '30' })
    const counts = async () => {
      const scraped = await scrape(url)
      return {
        cache: counted(scraped, 'domain_cache_requests_total'),
        lookups: counted(scraped, 'domain_lookups_total'),
        stale: scraped.value('domain_cache_stale_total'),
        entries: scraped.value('domain_cache_entries'),
      }
    }
    upstream.script.domain = json(500, '{}')
    await send()
    await send()
    t.strictSame(await counts(), {
      cache: { miss: 1, refused: 1 },
      lookups: { failed: 1 },
      stale: 0,
      entries: 0,
    })
    await clock.pass(2_100)
    upstream.script.domain = hostIs(upstream.host)
    await send()
    await send()
    t.strictSame(await counts(), {
      cache: { hit: 1, miss: 2, refused: 1 },
      lookups: { failed: 1, found: 1 },
      stale: 0,
      entries: 1,
    })
    await clock.pass(31_000)
    upstream.script.domain = json(500, '{}')
    t.equal((await send()).status, 201)
    t.match(await counts(), { cache: { miss: 3 }, lookups: { failed: 2 }, stale: 1, entries: 1 })
    upstream.script.domain = json(404, '{}')
    await send({ 'x-lp-account-id': 'unknown' })
    t.match(await counts(), { lookups: { failed: 2 } }, 'not an account of this proxy')
  },
)

t.test('an account that LivePerson does not know is an unknown one, not a failure', async (t) => {
  const { send, url, upstream } = await startScripted(t)
  upstream.script.domain = json(404, '{}')
  t.equal((await send()).body.code, 'account-unknown')
  t.strictSame(counted(await scrape(url), 'domain_lookups_total'), { unknown: 1 })
})

const own = { LP_CLIENT_ID: 'sandbox-client', LP_CLIENT_SECRET: 'sandbox-secret' }
const forConsumer = (consumerId: string) => ({
  authorization: undefined,
  'x-lp-on-behalf': undefined,
  'x-lp-consumer-id': consumerId,
})

t.test('tokens are counted as at hand and fetched, and the first end is told', async (t) => {
  const { call, url } = await start(t, own)
  const remaining = 'app_jwt_remaining_seconds'
  t.ok(Number.isNaN((await scrape(url)).value(remaining)), 'there is none yet')
  await call('POST', messages, text, forConsumer('one'))
  await call('POST', messages, text, forConsumer('one'))
  await call('POST', messages, text, forConsumer('two'))
  const scraped = await scrape(url)
  const { value } = scraped
  t.strictSame(counted(scraped, 'token_cache_entries'), { 'app-jwt': 1, 'consumer-jws': 2 })
  t.match(counted(scraped, 'token_cache_requests_total'), {
    'app-jwt miss': 1,
    'consumer-jws hit': 1,
    'consumer-jws miss': 2,
  })
  t.ok(value('token_cache_requests_total', { token: 'app-jwt', result: 'hit' }) >= 3)
  t.ok(value(remaining) > 3_500 && value(remaining) < 3_600, `${value(remaining)}`)
  t.equal(value('token_renewals_total'), 0)
})

t.test('renewals are counted by cause and result', async (t) => {
  const clock = controlClock(t)
  controlLag(t)
  const { call, url, sandbox } = await start(t, own)
  const send = () => call('POST', messages, text, forConsumer('one'))
  const renewals = async () => counted(await scrape(url), 'token_renewals_total')
  await send()
  for (const name of ['authorization', 'x-lp-on-behalf']) {
    const sent = sandbox.calls().findLast(({ url }) => url.includes('/conversation/send'))
    sandbox.revoke(String(sent?.headers[name]))
    t.equal((await send()).status, 201)
  }
  t.strictSame(await renewals(), { 'app-jwt refusal ok': 1, 'consumer-jws refusal ok': 1 })
  await clock.pass(3_000_000)
  t.equal((await send()).status, 201)
  const ofAge = { token: 'app-jwt', cause: 'age' }
  const count = (result: string) => (scraped: Scrape) =>
    scraped.value('token_renewals_total', { ...ofAge, result }) === 1
  await scrapeUntil(url, count('ok'))
  await clock.pass(3_000_000)
  await sandbox.close()
  await send()
  await scrapeUntil(url, count('failed'))
  t.strictSame(await renewals(), {
    'app-jwt age ok': 1,
    'app-jwt age failed': 1,
    'app-jwt refusal ok': 1,
    'consumer-jws refusal ok': 1,
  })
})
