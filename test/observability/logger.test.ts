import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { withSentences } from '../../src/http/fastify-logger.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { startProxy, token } from '../start.ts'
import { json, startUpstream } from '../upstream.ts'

/** What a logger wrote, one parsed line each. */
function collect() {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger('trace', { write: (line) => void lines.push(JSON.parse(line)) })
  return { logger, lines }
}

t.test('each request leaves one line of chosen fields', async (t) => {
  const upstream = await startUpstream(t)
  const { call, logs } = await startProxy(t, upstream.origin)
  const path = '/conversations/secret-id/messages'
  const id = { 'x-request-id': 'one' }
  const common = { level: 'info', requestId: 'one', msg: 'request' }
  const sent = {
    ...common,
    method: 'POST',
    route: '/conversations/:id/messages',
    accountId: '12345678',
  }
  const cases: [() => Promise<unknown>, object][] = [
    [() => call('POST', path, { text: 'a' }, id), { ...sent, status: 201 }],
    [
      () => call('POST', `${path}?dryRun=secret`, { text: 'a' }, id),
      { ...sent, status: 400, code: 'invalid-request', delivery: 'not-sent' },
    ],
    [
      () => call('GET', '/problems', undefined, id),
      { ...common, method: 'GET', route: '/problems', status: 200 },
    ],
    [
      () => call('GET', '/livez', undefined, id),
      { ...common, level: 'debug', method: 'GET', route: '/livez', status: 200 },
    ],
    [
      () => call('GET', '/secret', undefined, id),
      { ...common, method: 'GET', status: 404, code: 'route-not-found', delivery: 'not-sent' },
    ],
    [
      () => call('GET', path, undefined, id),
      { ...common, method: 'GET', status: 405, code: 'method-not-allowed', delivery: 'not-sent' },
    ],
    [
      () => call('POST', '/conversations/%zz/messages', {}, id),
      { ...common, method: 'POST', status: 400, code: 'invalid-request', delivery: 'not-sent' },
    ],
  ]
  for (const [run, expected] of cases) {
    logs.length = 0
    await run()
    const [line, ...more] = logs
    const { ms, time, ...fields } = line ?? {}
    t.strictSame(fields, expected)
    t.type(ms, 'number')
    t.match(time, /^\d{4}-\d\d-\d\dT.*Z$/)
    t.strictSame(more, [])
  }
})

t.test('a failure upstream is logged with its status or its cause', async (t) => {
  const upstream = await startUpstream(t, {
    send: json(500, { code: 'ERROR', body: { msg: 'secret' } }),
  })
  const { call, logs } = await startProxy(t, upstream.origin)
  logs.length = 0
  await call('POST', '/conversations/c1/messages', { text: 'a' })
  upstream.script.send = (_seen, response) => response.destroy()
  await call('POST', '/conversations/c1/messages', { text: 'a' })
  t.match(logs, [
    { status: 502, code: 'liveengage-failed', delivery: 'unknown', liveengage: 500 },
    {
      status: 502,
      code: 'liveengage-failed',
      delivery: 'unknown',
      cause: 'UND_ERR_SOCKET: other side closed',
    },
  ])
  t.equal(logs.length, 2)
  t.notMatch(JSON.stringify(logs), /secret/)
})

t.test('an error’s message never becomes a line’s, not even where it has no other', (t) => {
  const { logger: bare, lines } = collect()
  const logger = withSentences(bare)
  const error = Object.assign(new RangeError('planted words'), {
    code: 'E_CODE',
    secret: 'planted',
  })
  logger.error(error)
  logger.warn({ err: error })
  logger.info({ err: error }, 'a sentence')
  logger.info(error, 'a sentence')
  logger.debug('a sentence with %s', 'a value')
  logger.trace({ a: 1 })
  const err = { name: 'RangeError', code: 'E_CODE', frames: [/^ {4}at /] }
  t.match(lines, [
    { level: 'error', err, msg: 'error' },
    { level: 'warn', err, msg: 'error' },
    { err, msg: 'a sentence' },
    { err, msg: 'a sentence' },
    { msg: 'a sentence with a value' },
    { a: 1 },
  ])
  t.notMatch(JSON.stringify(lines), /planted/)
  t.end()
})

t.test('every line of ours has a sentence', (t) => {
  const folder = new URL('../../src/', import.meta.url)
  const call =
    /\blog(?:ger)?\.(?:fatal|error|warn|info|debug|trace)\(\s*(?:\{[^{}]*\}|err(?:or)?|cause|problem)\s*\)/
  t.match('logger.warn({ err: error })', call)
  t.match('request.log.error(error)', call)
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => call.test(readFileSync(new URL(name, folder), 'utf8')))
  t.strictSame(sources, [])
  t.end()
})

t.test('no token passes, wherever it stands', (t) => {
  const { logger, lines } = collect()
  logger.info({ [token]: token, deep: [{ token: `Bearer ${token}` }] }, `sent ${token}`)
  t.notMatch(JSON.stringify(lines), token)
  t.match(lines, [{ msg: 'sent [token]' }])
  t.end()
})
