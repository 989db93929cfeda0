import { once } from 'node:events'
import { test } from 'tap'
import { type Reply, type StartedProxy, start, startProxy, token } from '../start.ts'
import { controlClock } from '../transport/fixtures/clock.ts'
import { json, ok, type Script, startUpstream } from '../upstream.ts'
import { openWire, post } from '../wire.ts'

const path = '/conversations/c/messages'
const other = 'eyJhbGciOiJub25lIn0.e30.b3RoZXI'

/** A call as bytes, so that two answers can be compared to the last one. */
async function send(proxy: StartedProxy, to: string, body: string, key: string) {
  const response = await fetch(`${proxy.url}${to}`, {
    method: 'POST',
    headers: {
      authorization: token,
      'x-lp-on-behalf': token,
      'idempotency-key': key,
      ...(body !== '' && { 'content-type': 'application/json' }),
    },
    body: body === '' ? null : body,
  })
  const { status, headers } = response
  return {
    sent: {
      status,
      type: headers.get('content-type'),
      location: headers.get('location'),
      bytes: Buffer.from(await response.arrayBuffer()).toString('latin1'),
    },
    replayed: headers.get('idempotency-replayed'),
    requestId: headers.get('x-request-id'),
  }
}

const message = ({ call }: StartedProxy, key?: string, more: Record<string, string> = {}) =>
  call(
    'POST',
    path,
    { text: 'Hi' },
    { ...(key !== undefined && { 'idempotency-key': key }), ...more },
  )

const isReplayed = ({ headers }: Reply) => headers['idempotency-replayed'] === 'true'

test('the same request again gets the first answer to the last byte, and nothing goes out', async (t) => {
  const proxy = await start(t)
  const native = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
  const event = { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' }
  const envelope = { kind: 'req', id: '1', type: 'ms.PublishEvent', body: { dialogId: 'd', event } }
  for (const [to, body, status] of [
    ['/conversations', '', 201],
    [path, '{"text":"Hi"}', 201],
    ['/conversations/c/receipts', '{"status":"read","sequences":[0]}', 201],
    ['/conversations/c/typing', '', 204],
    ['/conversations/c/close', '{}', 204],
    [native, JSON.stringify(envelope), 200],
  ] as const) {
    const first = await send(proxy, to, body, 'k')
    t.equal(first.sent.status, status, to)
    t.equal(first.replayed, null)
    t.equal(first.sent.location !== null, to === '/conversations')
    const { length } = proxy.sandbox.calls()
    for (const _ of [1, 2]) {
      const again = await send(proxy, to, body, 'k')
      t.strictSame(again.sent, first.sent, to)
      t.equal(again.replayed, 'true')
      t.not(again.requestId, first.requestId, 'the answer’s own id is the request’s')
    }
    t.equal(proxy.sandbox.calls().length, length, 'LiveEngage heard nothing')
  }
})

test('without a key, or with another one, a message is sent each time', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  for (const key of [undefined, undefined, 'a', 'b', 'A']) {
    const reply = await message(proxy, key)
    t.match(reply, { status: 201, headers: { 'idempotency-replayed': undefined } })
  }
  t.equal(upstream.sends().length, 5)
})

test('another request under the key is a 422 and is not sent', async (t) => {
  const proxy = await start(t)
  const { call, sandbox } = proxy
  const key = { 'idempotency-key': 'k' }
  const body = '{"text":"Hi","dialogId":"d"}'
  t.equal((await call('POST', path, body, key)).status, 201)
  const { length } = sandbox.calls()
  for (const [name, to, changed] of [
    ['another body', path, '{"text":"Ho","dialogId":"d"}'],
    ['the keys of the body in another order', path, '{"dialogId":"d","text":"Hi"}'],
    ['a space in the body', path, '{"text":"Hi", "dialogId":"d"}'],
    ['another query', `${path}?dryRun=false`, body],
    ['another path of the route', path.replace('/c/', '/d/'), body],
  ] as const) {
    t.match(
      await call('POST', to, changed, key),
      {
        status: 422,
        body: { code: 'idempotency-key-reused', delivery: 'not-sent', retryable: false },
      },
      name,
    )
  }
  t.equal(sandbox.calls().length, length)
  t.ok(isReplayed(await call('POST', path, body, key)), 'the key keeps its outcome')
})

test('a key counts for one account, one consumer and one route', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin, { LP_ACCOUNT_ID: '' })
  const calls = [
    ['/conversations/c/messages', {}],
    ['/conversations/c/messages', { 'x-lp-account-id': 'another' }],
    ['/conversations/c/messages', { 'x-lp-on-behalf': other }],
    ['/conversations/c/receipts', {}],
  ] as const
  for (const again of [false, true]) {
    for (const [to, headers] of calls) {
      const body = to.endsWith('messages') ? { text: 'Hi' } : { status: 'read', sequences: [0] }
      const all = { 'idempotency-key': 'k', 'x-lp-account-id': 'one', ...headers }
      const reply = await call('POST', to, body, all)
      t.match({ status: reply.status, again: isReplayed(reply) }, { status: 201, again })
    }
  }
  t.equal(upstream.sends().length, calls.length)
})

test('a key counts for one consumer where the proxy gets the tokens', async (t) => {
  const own = { LP_CLIENT_ID: 'sandbox-client', LP_CLIENT_SECRET: 'sandbox-secret' }
  const proxy = await start(t, own)
  const sends = () => proxy.sandbox.calls().filter(({ url }) => url.includes('/send'))
  const consumers = [
    { 'x-lp-on-behalf': undefined, 'x-lp-consumer-id': 'ada' },
    { 'x-lp-on-behalf': undefined, 'x-lp-consumer-id': 'grace' },
    { 'x-lp-on-behalf': token, 'x-lp-consumer-id': 'ada' },
  ]
  for (const again of [false, true]) {
    for (const consumer of consumers) {
      const headers = { authorization: undefined, 'idempotency-key': 'k', ...consumer }
      const reply = await proxy.call('POST', path, { text: 'Hi' }, headers)
      t.match({ status: reply.status, again: isReplayed(reply) }, { status: 201, again })
    }
  }
  t.equal(sends().length, consumers.length)
  const bearer = { 'idempotency-key': 'k', 'x-lp-on-behalf': `Bearer ${token}` }
  t.ok(isReplayed(await proxy.call('POST', path, { text: 'Hi' }, bearer)), 'it is the same token')
})

test('an empty key counts as none', async (t) => {
  const proxy = await start(t)
  const { length } = proxy.sandbox.calls()
  for (const _ of [1, 2]) {
    const reply = await message(proxy, '')
    t.equal(reply.status, 201)
    t.notOk(isReplayed(reply))
  }
  t.equal(proxy.sandbox.calls().filter(({ url }) => url.includes('/send')).length - length, 2)
})

test('a key that is malformed or given twice is a 400 that names the header', async (t) => {
  const proxy = await start(t)
  const { length } = proxy.sandbox.calls()
  for (const key of ['two words', 'ümlaut', 'x'.repeat(256)]) {
    t.match(await message(proxy, key), {
      status: 400,
      body: { errors: [{ path: 'header:Idempotency-Key', message: /1 to 255 visible/ }] },
    })
  }
  const twice = 'Idempotency-Key: a\r\nIdempotency-Key: a\r\nConnection: close\r\n'
  const wire = await openWire(t, proxy.url, post(path, '{"text":"Hi"}', twice))
  t.match(await wire.ended(), /^HTTP\/1\.1 400 [\s\S]*header:Idempotency-Key/)
  t.equal(proxy.sandbox.calls().length, length)
  t.equal((await message(proxy, `!${'x'.repeat(253)}~`)).status, 201)
})

test('on PUT, DELETE and GET the header is ignored', async (t) => {
  const { call, sandbox } = await start(t)
  for (const key of ['k', 'k', 'not a key']) {
    const headers = { 'idempotency-key': key }
    for (const [method, to, body] of [
      ['PUT', '/conversations/c/csat', { rating: 5, resolved: true }],
      ['PUT', '/consumer/profile', { personal: { firstname: 'Ada' } }],
      ['DELETE', '/conversations/c/typing', undefined],
      ['GET', '/livez', undefined],
    ] as const) {
      const reply = await call(method, to, body, headers)
      t.ok(reply.status < 300 && !isReplayed(reply), `${method} ${to}`)
    }
  }
  const sends = sandbox.calls().filter(({ url }) => url.includes('/send'))
  t.equal(sends.length, 9)
})

test('a dry run neither takes a key nor looks at one', async (t) => {
  const { call, sandbox } = await start(t)
  const headers = { 'idempotency-key': 'k' }
  const dryRun = () => call('POST', `${path}?dryRun=true`, { text: 'Hi' }, headers)
  t.match(await dryRun(), { status: 200, body: { method: 'POST' } })
  const first = await call('POST', path, { text: 'Hi' }, headers)
  t.equal(first.status, 201, 'the key is free')
  const shown = await dryRun()
  t.match(shown, { status: 200, body: { method: 'POST' } })
  t.notOk(isReplayed(shown))
  t.equal(sandbox.calls().filter(({ url }) => url.includes('/send')).length, 1)
})

test('a request that is not valid leaves its key free', async (t) => {
  const { call } = await start(t)
  const headers = { 'idempotency-key': 'k' }
  for (const [to, body] of [
    [path, { text: '' }],
    [path, '{'],
    [`${path}?typo=1`, { text: 'Hi' }],
    ['/conversations/a%20b/messages', { text: 'Hi' }],
  ] as const) {
    t.equal((await call('POST', to, body, headers)).status, 400)
  }
  const refused = await call('POST', path, { text: 'Hi' }, { ...headers, authorization: 'no' })
  t.equal(refused.status, 401)
  t.match(await call('POST', path, { text: 'Hi' }, headers), { status: 201 })
})

/** Holds every SEND until it is told to go on. */
function hold(): { script: Script; arrived: Promise<void>; release: (script?: Script) => void } {
  let release: (script?: Script) => void = () => undefined
  const released = new Promise<Script>((resolve) => {
    release = (script = ok) => resolve(script)
  })
  let arrive = () => {}
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  return {
    script: async (...args) => {
      arrive()
      const script = await released
      script(...args)
    },
    arrived,
    release: (script) => release(script),
  }
}

test('of two at once one is sent; the other is a 409 until then, and another request a 422', async (t) => {
  const held = hold()
  const upstream = await startUpstream(t, { send: held.script })
  const proxy = await startProxy(t, upstream.origin)
  const both = [message(proxy, 'k'), message(proxy, 'k')]
  const early = await Promise.race(both)
  t.match(early, {
    status: 409,
    headers: { 'retry-after': '1', 'content-type': /^application\/problem\+json/ },
    body: { code: 'idempotency-key-in-use', delivery: 'unknown', retryable: true },
  })
  await held.arrived
  t.match(await proxy.call('POST', path, { text: 'Ho' }, { 'idempotency-key': 'k' }), {
    status: 422,
    body: { code: 'idempotency-key-reused', delivery: 'not-sent' },
  })
  held.release()
  const statuses = (await Promise.all(both)).map(({ status }) => status)
  t.strictSame(statuses.sort(), [201, 409])
  t.match(await message(proxy, 'k'), { status: 201, headers: { 'idempotency-replayed': 'true' } })
  t.equal(upstream.sends().length, 1)
})

test('of a hundred at once one is sent', async (t) => {
  const held = hold()
  const upstream = await startUpstream(t, { send: held.script })
  const proxy = await startProxy(t, upstream.origin)
  let early = 0
  const calls = Array.from({ length: 100 }, async () => {
    const { status } = await message(proxy, 'k')
    early += 1
    if (early === 99) held.release()
    return status
  })
  const statuses = await Promise.all(calls)
  t.equal(statuses.filter((status) => status === 201).length, 1)
  t.equal(statuses.filter((status) => status === 409).length, 99)
  t.equal(upstream.sends().length, 1)
})

/** Retries as a client would, but at once. */
async function retry(proxy: StartedProxy, key: string): Promise<Reply> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const reply = await message(proxy, key)
    if (reply.status !== 409) return reply
  }
  throw new Error('it stays in use')
}

test('a caller who hangs up and comes again gets the answer that it missed', async (t) => {
  for (const [script, expected] of [
    [ok, { status: 201, body: { sequence: 0 } }],
    [json(500, 'no'), { status: 502, body: { delivery: 'unknown' } }],
  ] as const) {
    const held = hold()
    const upstream = await startUpstream(t, { send: held.script })
    const proxy = await startProxy(t, upstream.origin)
    const hungUp = new Promise<void>((resolve) => {
      proxy.server.server.once(
        'connection',
        (socket) => void once(socket, 'close').then(() => resolve()),
      )
    })
    const bytes = post(path, '{"text":"Hi"}', 'Idempotency-Key: k\r\nX-Request-Id: first\r\n')
    const wire = await openWire(t, proxy.url, bytes)
    await held.arrived
    wire.socket.destroy()
    await hungUp
    t.equal((await message(proxy, 'k')).status, 409, 'a hang-up does not free the key')
    held.release(script)
    const again = await retry(proxy, 'k')
    t.match(again, expected)
    t.equal(again.body.requestId, 'first')
    t.ok(isReplayed(again))
    t.equal(upstream.sends().length, 1)
  }
})

test('what may have been delivered is answered again and never sent again', async (t) => {
  const silent: Script = () => undefined
  const broken: Script = (_seen, _response, request) => request.socket.destroy()
  for (const [script, status, code] of [
    [silent, 504, 'liveengage-timeout'],
    [broken, 502, 'liveengage-failed'],
    [json(500, 'no'), 502, 'liveengage-failed'],
    [json(302, ''), 502, 'liveengage-failed'],
  ] as const) {
    const upstream = await startUpstream(t, { send: script })
    const proxy = await startProxy(t, upstream.origin)
    const first = await message(proxy, 'k', { 'x-request-timeout-ms': '500' })
    t.match(first, { status, body: { code, delivery: 'unknown' } })
    upstream.script.send = ok
    const again = await message(proxy, 'k')
    t.strictSame(again.body, first.body)
    t.equal(again.headers['content-type'], first.headers['content-type'])
    t.match(again, { status, headers: { 'idempotency-replayed': 'true' } })
    t.equal(upstream.sends().length, 1)
  }
})

test('what was not sent is forgotten, so that a retry is sent', async (t) => {
  const closed = json(400, { code: 'BAD_REQUEST', body: { msg: 'Conversation is close' } })
  for (const [script, status, code] of [
    [json(429, '{}', { 'retry-after': '60' }), 429, 'rate-limited'],
    [json(400, '{}'), 400, 'rejected-by-liveengage'],
    [closed, 409, 'conversation-closed'],
    [json(401, { code: 401, body: { errorCode: 40102 } }), 401, 'app-jwt-invalid'],
  ] as const) {
    const upstream = await startUpstream(t, { send: script })
    const proxy = await startProxy(t, upstream.origin)
    for (const _ of [1, 2]) {
      const reply = await message(proxy, 'k')
      t.match(reply, { status, body: { code, delivery: 'not-sent' } })
      t.notOk(isReplayed(reply))
    }
    upstream.script.send = ok
    t.equal((await message(proxy, 'k')).status, 201)
    t.ok(isReplayed(await message(proxy, 'k')))
    t.equal(upstream.sends().length, 3)
  }
})

test('a 503 is forgotten: what could not be written is sent by the retry', async (t) => {
  const upstream = await startUpstream(t)
  const { script } = upstream
  const { domain } = script
  const proxy = await startProxy(t, upstream.origin)
  script.domain = json(500, 'no')
  t.match(await message(proxy, 'k'), { status: 503, body: { code: 'domain-lookup-failed' } })
  const clock = controlClock(t)
  await clock.pass(3_000)
  script.domain = domain
  const reply = await message(proxy, 'k')
  t.match(reply, { status: 201, headers: { 'idempotency-replayed': undefined } })
  t.equal(upstream.sends().length, 1)
})

test('after ten minutes the key is free', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  const clock = controlClock(t)
  t.equal((await message(proxy, 'k')).status, 201)
  await clock.pass(9 * 60_000)
  t.ok(isReplayed(await message(proxy, 'k')))
  await clock.pass(60_001)
  t.notOk(isReplayed(await message(proxy, 'k')))
  t.equal(upstream.sends().length, 2)
})

test('the log says that an answer was one again, and has no key, consumer or text', async (t) => {
  const own = { LP_CLIENT_ID: 'sandbox-client', LP_CLIENT_SECRET: 'sandbox-secret' }
  const { call, logs } = await start(t, own)
  const keyed = (text: string) =>
    call(
      'POST',
      path,
      { text },
      {
        authorization: undefined,
        'x-lp-on-behalf': undefined,
        'x-lp-consumer-id': 'planted-consumer',
        'idempotency-key': 'planted-key',
      },
    )
  logs.length = 0
  for (const text of ['planted', 'planted', 'planted words']) await keyed(text)
  const lines = logs.filter(({ msg }) => msg === 'request')
  t.strictSame(
    lines.map(({ status, replayed, code }) => [status, replayed, code]),
    [
      [201, undefined, undefined],
      [201, true, undefined],
      [422, undefined, 'idempotency-key-reused'],
    ],
  )
  await call('POST', path, { text: 'a' }, { 'idempotency-key': 'planted key' })
  t.notMatch(JSON.stringify(logs), /planted/)
  t.notMatch(JSON.stringify(logs), token)
})
