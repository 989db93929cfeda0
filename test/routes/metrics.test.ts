import { test } from 'tap'
import { parseMetrics } from '../scrape.ts'
import { start } from '../start.ts'

const nobody = { authorization: undefined, 'x-lp-on-behalf': undefined }

test('the metrics come in Prometheus’s text format', async (t) => {
  const { call } = await start(t)
  const reply = await call('GET', '/metrics', undefined, nobody)
  t.equal(reply.status, 200)
  t.equal(reply.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  t.equal(reply.headers['cache-control'], 'no-store')
  t.equal(parseMetrics(reply.body).value('requests_in_flight'), 1)
  t.equal((await call('HEAD', '/metrics', undefined, nobody)).status, 200)
})

test('where API_KEYS is set the metrics want a key, and no token', async (t) => {
  const { call } = await start(t, { API_KEYS: 'one,two' })
  for (const key of [undefined, 'three', 'one,two']) {
    const reply = await call('GET', '/metrics', undefined, { ...nobody, 'x-api-key': key })
    t.match(reply, { status: 401, body: { code: 'api-key-required' } })
  }
  const reply = await call('GET', '/metrics', undefined, { ...nobody, 'x-api-key': 'two' })
  t.equal(reply.status, 200)
})
