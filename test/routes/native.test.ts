import { test } from 'tap'
import { documented } from '../documented.ts'
import { start, startProxy, token } from '../start.ts'
import { json, startUpstream } from '../upstream.ts'
import { openWire } from '../wire.ts'

const base = '/api/account/12345678/messaging/consumer/conversation'

test('a client of the raw API works with its base URL changed and nothing else', async (t) => {
  const { url, sandbox } = await start(t)
  /** Speaks nothing but the Connector API, as its documentation says. */
  const client = async (path: string, body: unknown) => {
    const headers = {
      Authorization: token,
      'X-LP-ON-BEHALF': token,
      'Content-Type': 'application/json',
      'Client-Properties': '{ "type": ".ClientProperties", "features": ["AUTO_MESSAGES"] }',
    }
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return { status: response.status, body: Object(await response.json()) }
  }
  const values = { accountid: '12345678' }
  const opened = await client(
    `${base}?v=3`,
    documented('27-conversation-minimal', values).upstream.body,
  )
  t.match(opened, { status: 200, body: [{ reqId: '1,' }, { reqId: '2,' }] })
  const { conversationId } = opened.body[1].body
  for (const name of [
    '01-seed-send-text-message',
    '02-seed-consumer-typing',
    '03-seed-accept-receipt',
    '22-submit-csat',
    '19-close-conversation-numeric-id',
  ]) {
    const { upstream } = documented(name, { ...values, conversationId })
    const answer = await client(`${base}/send?v=3`, upstream.body)
    t.match(answer, { status: 200, body: { code: 'OK', reqId: String(upstream.body.id) } }, name)
    t.strictSame(sandbox.calls().at(-1)?.body, upstream.body, `${name} went on as it was`)
  }
  t.equal(
    sandbox.calls().at(-1)?.headers['client-properties'],
    '{ "type": ".ClientProperties", "features": ["AUTO_MESSAGES"] }',
  )
  const closed = documented('01-seed-send-text-message', { conversationId }).upstream.body
  t.match(await client(`${base}/send?v=3`, closed), {
    status: 400,
    body: { code: 'BAD_REQUEST', body: { msg: 'Bad Request, Conversation is close' } },
  })
})

test('LiveEngage’s answer passes byte for byte, whatever its status', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  for (const [status, type, body] of [
    [200, 'application/json', '{ "odd" :  "spacing" }'],
    [201, 'application/json', '{"code":"OK"}'],
    [400, 'application/json', '{"code":"BAD_REQUEST","body":"text"}'],
    [401, 'application/json', '{"code":401,"body":{"errorCode":40102}}'],
    [403, 'text/plain', 'no'],
    [404, 'text/html', '<html>not here</html>'],
    [500, 'application/json', '{"kind":"resp","code":502}'],
    [503, 'text/html; charset=iso-8859-1', '<html>\u00e9</html>'],
  ] as const) {
    upstream.script.send = (_seen, response) => {
      response.writeHead(status, { 'content-type': type })
      response.end(body, 'latin1')
    }
    const payload = Buffer.from('{"kind": "req",  "id":1, "text":"\\u0000\u00e9"}')
    const response = await fetch(`${url}${base}/send?v=3&x=%20y`, {
      method: 'POST',
      headers: { authorization: token, 'x-lp-on-behalf': token, 'content-type': 'text/weird' },
      body: payload,
    })
    t.equal(response.status, status)
    t.equal(response.headers.get('content-type'), type)
    t.equal(Buffer.from(await response.arrayBuffer()).toString('latin1'), body)
    const sent = upstream.sends().at(-1)
    t.equal(sent?.body, payload.toString(), 'the payload went on byte for byte')
    t.equal(sent?.url, `${base}/send?v=3&x=%20y`)
    t.equal(sent?.headers['content-type'], 'application/json')
  }
})

test('another v than 3 is LiveEngage’s 404', async (t) => {
  const { call, sandbox } = await start(t)
  for (const query of ['?v=2', '?v=', '']) {
    const before = sandbox.calls().length
    t.equal((await call('POST', `${base}/send${query}`, '{}')).status, 404)
    t.ok(sandbox.calls().length > before, 'LiveEngage was asked')
  }
})

test('429 passes with its Retry-After once it is not worth waiting any longer', async (t) => {
  const upstream = await startUpstream(t, { send: json(429, '{}', { 'retry-after': '7' }) })
  const { call } = await startProxy(t, upstream.origin)
  const reply = await call('POST', `${base}/send?v=3`, '{}', { 'x-request-timeout-ms': '3000' })
  t.match(reply, { status: 429, headers: { 'retry-after': '7' }, body: {} })
  t.equal(upstream.sends().length, 1)
})

test('the proxy’s own failures are problems', async (t) => {
  const upstream = await startUpstream(t, {
    send: (_seen, _response, request) => request.socket.destroy(),
  })
  const { call, url } = await startProxy(t, upstream.origin)
  t.match(await call('POST', `${base}/send?v=3`, '{}'), {
    status: 502,
    body: { code: 'liveengage-failed', delivery: 'unknown' },
  })
  t.match(await call('POST', `${base}/send?v=3`), {
    status: 400,
    body: { code: 'invalid-request' },
  })
  t.match(await call('POST', `${base}/send?v=3`, '{}', { authorization: undefined }), {
    status: 401,
    body: { code: 'credentials-missing' },
  })
  t.match(await call('POST', `${base}/send?v=3`, 'x'.repeat(70_000)), {
    status: 413,
    body: { code: 'payload-too-large' },
  })
  t.match(await call('POST', base.replace('12345678', 'other'), '{}'), {
    status: 403,
    body: { code: 'account-not-allowed' },
  })
  t.match(await call('POST', base.replace('12345678', 'a-b'), '{}'), {
    status: 400,
    body: { errors: [{ path: 'path:accountId' }] },
  })
  for (const query of ['&dryRun=true', '&dry%52un=true', '#x']) {
    const wire = await openWire(
      t,
      url,
      `POST ${base}/send?v=3${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: ${token}\r\nX-LP-ON-BEHALF: ${token}\r\nContent-Length: 2\r\n\r\n{}`,
    )
    t.match(await wire.ended(), /^HTTP\/1\.1 400 /, 'it cannot be taken for a dry run')
  }
  t.match(await call('POST', `${base}/send?v=3`, '{}', { 'content-encoding': 'gzip' }), {
    status: 415,
    body: { code: 'unsupported-media-type' },
  })
  t.match(await call('GET', base), { status: 405, headers: { allow: 'POST' } })
})

test('the account of the path counts, not the header’s', async (t) => {
  const { call, sandbox } = await start(t, { LP_ACCOUNT_ID: '' })
  const reply = await call('POST', `${base}?v=3`, '[]', { 'x-lp-account-id': 'other' })
  t.equal(reply.status, 400)
  t.ok(sandbox.calls().every(({ url }) => url.includes('/account/12345678/')))
})
