import { test } from 'tap'
import { startProxy } from '../start.ts'
import { json, startUpstream } from '../upstream.ts'
import { readPage, table } from './page.ts'

const page = readPage('docs/operations.md')

test('the page for operators names every field that a request’s line can have', async (t) => {
  const named = table(page, 'log').map(([name = '']) => name.replaceAll('`', ''))
  const upstream = await startUpstream(t, { send: json(500, {}) })
  const { call, logs } = await startProxy(t, upstream.origin)
  logs.length = 0
  const path = '/conversations/c1/messages'
  t.equal((await call('POST', path, { text: 'a' })).status, 502)
  const keyed = () => call('POST', path, { text: 'a' }, { 'idempotency-key': 'a' })
  await keyed()
  t.equal((await keyed()).headers['idempotency-replayed'], 'true')
  upstream.script.send = (_seen, response) => response.destroy()
  t.equal((await call('POST', path, { text: 'a' })).status, 502)
  const fields = new Set(logs.flatMap((line) => Object.keys(line)))
  // Only an error of the program itself has it, which nothing from outside provokes.
  fields.add('err')
  // With tracing only; its own test has it.
  fields.add('traceId')
  t.strictSame([...fields].sort(), named.sort())
})
