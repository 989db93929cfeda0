import { fastify } from 'fastify'
import t from 'tap'
import { mountErrorHandler } from '../../src/http/error-handler.ts'
import { recordRequest } from '../../src/http/request-record.ts'
import { RequestState } from '../../src/http/request-state.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { start, startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { openWire } from '../wire.ts'

t.test('a path without a route is a 404', async (t) => {
  const { call } = await start(t)
  for (const path of [
    '/nothing',
    '/conversation',
    '/conversations/c1',
    '/livez/',
    '/LIVEZ',
    '/problems/secret',
  ]) {
    const { status, body } = await call('GET', path)
    t.equal(status, 404, path)
    t.match(body, { code: 'route-not-found', delivery: 'not-sent', retryable: false })
    t.notMatch(JSON.stringify(body), /secret/)
  }
})

t.test('a 404 points to the document where there is one', async (t) => {
  for (const [DOCS, detail] of [
    ['on', 'No route matches the path. /openapi.json lists all routes.'],
    ['spec', 'No route matches the path. /openapi.json lists all routes.'],
    ['off', 'No route matches the path.'],
  ] as const) {
    const { call } = await start(t, { DOCS })
    t.equal((await call('GET', '/nothing')).body.detail, detail, DOCS)
  }
})

t.test('a method that a path has not is a 405 with Allow', async (t) => {
  const upstream = await startUpstream(t)
  const { call, url } = await startProxy(t, upstream.origin)
  const cases: [string, string, string][] = [
    ['GET', '/conversations/c1/messages', 'POST'],
    ['PUT', '/conversations/c1/messages?dryRun=true', 'POST'],
    ['PATCH', '/conversations/c1/typing', 'DELETE, POST'],
    ['PROPFIND', '/conversations/c1/typing', 'DELETE, POST'],
    ['OPTIONS', '/consumer/profile', 'PUT'],
    ['POST', '/livez', 'GET, HEAD'],
    ['DELETE', '/problems/rate-limited', 'GET, HEAD'],
  ]
  for (const [method, path, allow] of cases) {
    const { status, headers, body } = await call(method, path)
    t.equal(status, 405, `${method} ${path}`)
    t.equal(headers['allow'], allow)
    const detail = `This path accepts ${allow}, not ${method}.`
    t.match(body, { code: 'method-not-allowed', delivery: 'not-sent', detail })
  }
  const head = await fetch(`${url}/conversations/c1/messages`, { method: 'HEAD' })
  t.equal(head.status, 405)
  t.equal(head.headers.get('allow'), 'POST')
  t.equal((await fetch(`${url}/livez`, { method: 'HEAD' })).status, 200)
  t.strictSame(upstream.seen, [])
})

t.test('a URL that cannot be decoded is a 400, an id over 128 characters a 414', async (t) => {
  const { call } = await start(t)
  for (const id of ['%zz', '%', '%c3%28']) {
    const { status, body, headers } = await call('POST', `/conversations/${id}/messages`, {})
    t.equal(status, 400, id)
    t.match(body, { code: 'invalid-request', detail: 'The request is malformed.' })
    t.equal(headers['x-request-id'], body.requestId)
  }
  const { status, body } = await call('GET', `/problems/${'a'.repeat(129)}`)
  t.equal(status, 414)
  t.match(body, { code: 'uri-too-long', detail: 'An id has at most 128 characters.' })
})

t.test('an unexpected exception is a 500 that says nothing of it', async (t) => {
  const failures: [string, unknown, object][] = [
    ['an error', new TypeError('planted\n    at planted'), { name: 'TypeError' }],
    ['with a code', Object.assign(new Error('planted'), { code: 'EBADF' }), { code: 'EBADF' }],
    ['with a status', Object.assign(new Error('planted'), { code: 'X', statusCode: 200 }), {}],
    ['with a code that is none', Object.assign(new Error('planted'), { code: 5 }), {}],
    ['without a stack', Object.assign(new Error('planted'), { stack: undefined }), {}],
    ['a text', 'planted', { name: 'string' }],
  ]
  for (const [name, thrown, err] of failures) {
    for (const [mayBeSent, delivery] of [
      [false, 'not-sent'],
      [true, 'unknown'],
    ] as const) {
      const lines: string[] = []
      const logger = createLogger('trace', { write: (line) => void lines.push(line) })
      const app = fastify({ genReqId: () => 'five' })
      t.teardown(() => app.close())
      app.addHook('onRequest', async (request) => {
        request.state = Object.assign(new RequestState(), { mayBeSent })
      })
      app.addHook('onSend', async (request, reply) =>
        recordRequest(logger, undefined, request, reply),
      )
      mountErrorHandler(app)
      app.get('/fail', () => {
        throw thrown
      })
      const answer = await app.inject('/fail?planted=words')
      t.equal(answer.statusCode, 500, name)
      t.match(answer.json(), { code: 'internal-error', delivery, retryable: false })
      t.match(answer.json(), { requestId: 'five', instance: 'urn:request:five' })
      const code = 'internal-error'
      const line = {
        level: 'error',
        requestId: 'five',
        route: '/fail',
        status: 500,
        code,
        delivery,
      }
      t.match(
        lines.map((text) => JSON.parse(text)),
        [{ ...line, err, msg: 'request failed' }],
        name,
      )
      t.notMatch(`${answer.body}${lines}`, /planted/, name)
    }
  }
})

t.test('the frames of an exception are logged', async (t) => {
  const lines: string[] = []
  const logger = createLogger('info', { write: (line) => void lines.push(line) })
  logger.error({ err: new Error('planted') }, 'failed')
  t.match(JSON.parse(lines.join('')).err.frames[0], /^ {4}at .*error-handler\.test\.ts/)
})

t.test(
  'an unknown path is 404 and a wrong method 405 before the body, whatever it is',
  async (t) => {
    const { url } = await start(t)
    const bodies = [
      ['Content-Type: text/plain\r\nContent-Length: 2\r\n', 'no'],
      ['Content-Type: application/json\r\nContent-Length: 2\r\n', '{]'],
      ['Content-Type: application/json\r\nContent-Length: 9999999\r\n', ''],
      ['Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n', ''],
      ['Content-Type: application/json\r\nContent-Length: 60000\r\n', '{"te'],
      ['Content-Encoding: gzip\r\nContent-Length: 60000\r\n', ''],
    ] as const
    for (const [target, expected] of [
      ['POST /nowhere', 'route-not-found'],
      ['PUT /conversations/c1/messages', 'method-not-allowed'],
      ['POST /livez', 'method-not-allowed'],
      ['PUT /conversations/c1/files', 'method-not-allowed'],
    ]) {
      for (const [headers, body] of bodies) {
        const head = `${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`
        const wire = await openWire(t, url, head + body)
        t.match(await wire.until(/"code":"[^"]+"/), `"code":"${expected}"`, head)
        wire.socket.destroy()
      }
    }
  },
)

t.test('bodies that go nowhere hold no body memory', async (t) => {
  const { url, call } = await start(t)
  const head =
    'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n'
  const wires = await Promise.all(Array.from({ length: 150 }, () => openWire(t, url, `${head}{`)))
  await Promise.all(wires.map((wire) => wire.until(/route-not-found/)))
  const metadata = [{ type: 'x', words: 'y'.repeat(20_000) }]
  const { status } = await call('POST', '/conversations/c1/messages', { text: 'Hi', metadata })
  t.equal(status, 201)
})
