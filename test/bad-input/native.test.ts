/** The native routes read nothing: bytes of any kind go on as they are, or get a problem. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { startProxy } from '../start.ts'
import { commandsOf, startAlwaysOk } from './always-ok.ts'
import { type Case, call, mustRefuse } from './must-hold.ts'
import { Runs } from './runs.ts'
import { marker } from './text.ts'

const runs = new Runs()
const base = '/api/account/12345678/messaging/consumer/conversation'

async function start(t: Test) {
  const upstream = await startAlwaysOk(t)
  return { upstream, proxy: await startProxy(t, upstream.origin) }
}

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .constantFrom('\ufeff{}', '{"a":1,"a":2}', '{"n":1e400}', '{"__proto__":{}}', '\0', '\r\n\r\n')
    .map((text) => Buffer.from(text)),
  fc.constant(Buffer.alloc(65_536, 0xff)),
)

const contentType = fc.constantFrom(
  ...['application/json', 'text/plain', 'application/octet-stream', 'multipart/form-data'],
  ...['nonsense', 'application/json; charset=utf-16', 'a/b; c="d', undefined],
)

const query = fc.constantFrom(
  ...['', '?v=3', '?v=4', '?', '?v=3&v=3', '?%zz', '?a=%00', '?x=%20y', '?a[b]=c', '?__proto__=1'],
)

t.test('whatever bytes come go on as they came, once', async (t) => {
  const { proxy, upstream } = await start(t)
  const path = fc.constantFrom(base, `${base}/send`)
  await runs.of(
    t,
    350,
    fc.tuple(path, query, bytes, contentType),
    async ([url, search, payload, type]) => {
      upstream.seen.length = 0
      const given: Case = {
        method: 'POST',
        url: `${url}${search}`,
        payload,
        headers: { 'content-type': type },
        expected: 'either',
      }
      const { status, body, contentType: answered } = await call(proxy, given)
      if (status >= 400) {
        // Only where Fastify cannot make a content type out of it.
        assert.ok(type === 'nonsense' || type?.startsWith('a/b'), `${status} ${body}`)
        mustRefuse(given, { status, body, contentType: answered }, upstream)
        return
      }
      const [sent, ...more] = commandsOf(upstream)
      assert.deepEqual(more, [])
      assert.ok(sent?.bytes.equals(payload))
      assert.equal(sent?.url, `${url}${search}`)
      assert.equal(status, 200)
    },
  )
})

t.test('a native request that cannot go on as it came is a problem', async (t) => {
  const { proxy, upstream } = await start(t)
  const cases = fc.constantFrom<Case>(
    ...[
      { url: `${base}?dryRun=true`, payload: marker },
      { url: `${base}/send?v=3&dryRun=${marker}`, payload: marker },
      { url: `${base}/send`, payload: Buffer.alloc(65_537, marker) },
      { url: `${base}/send` },
      { url: `${base}/send`, payload: marker, headers: { authorization: marker } },
      { url: `${base}/send`, payload: marker, headers: { 'x-lp-on-behalf': undefined } },
      { url: `${base}/send`, payload: marker, headers: { 'content-encoding': 'gzip' } },
      { url: `${base}/send`, payload: marker, headers: { 'x-request-timeout-ms': marker } },
      { url: base.replace('12345678', marker), payload: marker },
      { url: base.replace('12345678', `${marker}%2f`), payload: marker },
      { url: base.replace('12345678', '%2e%2e'), payload: marker },
      { url: base.replace('12345678', '..'), payload: marker },
      { url: base.replace('12345678', '1'.repeat(33)), payload: marker },
      { url: `${base}/${marker}`, payload: marker },
      { url: `${base}/send/`, payload: marker },
      { url: `/${base}/send`, payload: marker },
    ].map((each) => ({ method: 'POST' as const, expected: 'refused' as const, ...each })),
  )
  await runs.of(t, 100, cases, async (each) => {
    upstream.seen.length = 0
    mustRefuse(each, await call(proxy, each), upstream)
  })
})
