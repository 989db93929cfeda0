import { fastify } from 'fastify'
import { test } from 'tap'
import { admitted } from '../../src/http/admission.ts'
import { RequestState } from '../../src/http/request-state.ts'
import { start, token } from '../start.ts'
import { openWire } from '../wire.ts'

const routes = [
  ['POST', '/conversations'],
  ['POST', '/conversations/c/messages'],
  ['POST', '/conversations/c/typing'],
  ['DELETE', '/conversations/c/typing'],
  ['PUT', '/conversations/c/chat-state'],
  ['POST', '/conversations/c/receipts'],
  ['POST', '/conversations/c/close'],
  ['PUT', '/conversations/c/csat'],
  ['PUT', '/conversations/c/urgency'],
  ['PUT', '/consumer/profile'],
  ['POST', '/conversations/c/files'],
  ['GET', '/conversations/c/files/v1/a.PNG'],
  ['POST', '/api/account/12345678/messaging/consumer/conversation?v=3'],
  ['POST', '/api/account/12345678/messaging/consumer/conversation/send?v=3'],
] as const

test('with API_KEYS set every route that reaches LiveEngage wants one of them', async (t) => {
  const { call, sandbox } = await start(t, { API_KEYS: 'first-key,second-key' })
  for (const [method, path] of routes) {
    for (const key of [undefined, '', 'wrong', 'first-key, second-key', 'FIRST-KEY']) {
      const reply = await call(method, path, undefined, { 'x-api-key': key })
      t.match(reply, {
        status: 401,
        headers: { 'www-authenticate': 'ApiKey realm="liveengage-proxy"' },
        body: { code: 'api-key-required', delivery: 'not-sent', retryable: false },
      })
    }
  }
  t.equal(sandbox.calls().length, 0)
})

const typing = { dialogId: 'c', event: { type: 'ChatStateEvent', chatState: 'COMPOSING' } }

test('each of several keys is good, and none goes on to LiveEngage', async (t) => {
  const { call, sandbox } = await start(t, { API_KEYS: 'first-key,second-key' })
  for (const key of ['first-key', 'second-key']) {
    const reply = await call(
      'POST',
      '/conversations/c/messages',
      { text: 'Hi' },
      { 'x-api-key': key },
    )
    t.equal(reply.status, 201)
    const native = await call(
      'POST',
      '/api/account/12345678/messaging/consumer/conversation/send?v=3',
      { kind: 'req', id: '1', type: 'ms.PublishEvent', body: typing },
      { 'x-api-key': key },
    )
    t.equal(native.status, 200)
  }
  t.equal(sandbox.calls().filter(({ headers }) => 'x-api-key' in headers).length, 0)
  t.notMatch(JSON.stringify(sandbox.calls()), /(first|second)-key/)
})

test('without API_KEYS nobody needs one, and one that is sent is ignored', async (t) => {
  const { call } = await start(t)
  for (const key of [undefined, 'any']) {
    const reply = await call(
      'POST',
      '/conversations/c/messages',
      { text: 'Hi' },
      { 'x-api-key': key },
    )
    t.equal(reply.status, 201)
  }
})

test('probes and documents are open without a key', async (t) => {
  const { call } = await start(t, { API_KEYS: 'first-key' })
  for (const path of [
    '/livez',
    '/readyz',
    '/docs/',
    '/openapi.json',
    '/openapi.yaml',
    '/problems',
    '/problems/api-key-required',
  ]) {
    t.equal((await call('GET', path)).status, 200, path)
  }
})

test('the key is checked before everything else that the request says', async (t) => {
  const { call } = await start(t, { API_KEYS: 'first-key', LP_ACCOUNT_ID: '12345678' })
  for (const headers of [
    { authorization: undefined },
    { authorization: 'no token' },
    { 'x-lp-account-id': 'other' },
    { 'x-request-timeout-ms': 'soon' },
    { 'content-type': 'text/plain' },
  ]) {
    const reply = await call('POST', '/conversations/c/messages', 'no JSON', headers)
    t.match(reply, { status: 401, body: { code: 'api-key-required' } })
  }
})

test('the key is checked before the body is read', async (t) => {
  const { url } = await start(t, { API_KEYS: 'first-key' })
  for (const [method, path] of routes) {
    if (method === 'GET') continue
    const type = path.endsWith('/files') ? 'multipart/form-data; boundary=x' : 'application/json'
    const head = [
      `${method} ${path} HTTP/1.1`,
      'Host: proxy',
      `Authorization: ${token}`,
      `X-LP-ON-BEHALF: ${token}`,
      'X-API-Key: wrong',
      `Content-Type: ${type}`,
      'Content-Length: 1000',
      '\r\n',
    ].join('\r\n')
    const wire = await openWire(t, url, head)
    t.match(await wire.until(/api-key-required/), /^HTTP\/1\.1 401 /, path)
    wire.socket.destroy()
  }
})

test('a handler without admission before it is a bug, not a caller without tokens', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request) => {
    request.state = new RequestState()
  })
  app.get('/', (request) => admitted(request))
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 500)
  t.match(body, 'a request is admitted before it is handled')
})
