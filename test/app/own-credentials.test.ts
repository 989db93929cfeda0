import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { type ReceivedCall, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type StartedProxy as Started, start, startProxy, token } from '../start.ts'
import { controlClock } from '../transport/fixtures/clock.ts'
import { json, ok, type Script, startUpstream, type Upstream } from '../upstream.ts'

const own = { LP_CLIENT_ID: 'sandbox-client', LP_CLIENT_SECRET: 'sandbox-secret' }
const path = '/conversations/c/messages'

/** No token: the proxy is to get both for this consumer. */
const forConsumer = (consumerId: string) => ({
  authorization: undefined,
  'x-lp-on-behalf': undefined,
  'x-lp-consumer-id': consumerId,
})

const send = ({ call }: Started, consumerId: string, text = 'Hi') =>
  call('POST', path, { text }, forConsumer(consumerId))

const isLogin = ({ url }: { url: string }) => url.startsWith('/sentinel/')
const isIdentification = ({ url }: { url: string }) => /\/consumer\?/.test(url)
const isSend = ({ url }: { url: string }) => url.includes('/conversation/send')

function count(calls: readonly { url: string }[]) {
  return {
    logins: calls.filter(isLogin).length,
    identifications: calls.filter(isIdentification).length,
    sends: calls.filter(isSend).length,
  }
}

/** The texts that LiveEngage accepted for a conversation. */
async function acceptedTexts(sandbox: Sandbox, conversationId = 'c'): Promise<string[]> {
  const response = await fetch(`${sandbox.origin}/sandbox/events?conversationId=${conversationId}`)
  return [...(await response.text()).matchAll(/"message":"([^"]*)"/g)].map(([, text = '']) => text)
}

const claimsOf = (header: unknown) => decodeJwt(String(header))

function jwt(name: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ iat: 0, exp: 3_600 })}.${name}`
}

/** A LiveEngage with a script for each service; its AppJWTs and ConsumerJWSs are numbered. */
async function startServices(
  t: Parameters<typeof startUpstream>[0],
  scripts: { sentinel?: Script; idp?: Script; send?: Script },
): Promise<Upstream & { scripts: Required<typeof scripts> }> {
  let apps = 0
  let consumers = 0
  const all = {
    sentinel: (...args: Parameters<Script>) => {
      apps += 1
      json(200, { access_token: jwt(`app${apps}`), token_type: 'Bearer' })(...args)
    },
    idp: (...args: Parameters<Script>) => {
      consumers += 1
      json(201, { token: jwt(`consumer${consumers}`) })(...args)
    },
    send: ok,
    ...scripts,
  }
  const upstream = await startUpstream(t, {
    domain: (seen, ...rest) => {
      const [, service = ''] = /\/service\/([^/]+)\//.exec(seen.url) ?? []
      const host = `${seen.headers.host}`
      json(200, { service, account: '12345678', baseURI: host })(seen, ...rest)
    },
    send: (seen, ...rest) => {
      const script = isLogin(seen) ? all.sentinel : isIdentification(seen) ? all.idp : all.send
      script(seen, ...rest)
    },
  })
  return Object.assign(upstream, { scripts: all })
}

test('200 concurrent first requests of 50 consumers are 1 AppJWT call and 50 ConsumerJWS calls', async (t) => {
  const proxy = await start(t, { ...own, MAX_QUEUE_MS: '10000' })
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, index) => send(proxy, `consumer-${index % 50}`, `#${index}`)),
  )
  t.ok(replies.every(({ status }) => status === 201))
  const calls = proxy.sandbox.calls()
  t.strictSame(count(calls), { logins: 1, identifications: 50, sends: 200 })
  const used = new Map<unknown, unknown>()
  for (const { headers } of calls.filter(isSend)) {
    const consumer = claimsOf(headers['x-lp-on-behalf'])['ext_consumer_id']
    const known = used.get(consumer) ?? headers['x-lp-on-behalf']
    t.equal(headers['x-lp-on-behalf'], known)
    used.set(consumer, known)
    t.match(claimsOf(headers['authorization']), { aud: '12345678', azp: 'sandbox-client' })
  }
  t.equal(used.size, 50)
})

test('every text goes out under the ConsumerJWS of its own consumer', async (t) => {
  const proxy = await start(t, own)
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      send(proxy, `consumer-${index % 10}`, `consumer-${index % 10}`),
    ),
  )
  const sends = proxy.sandbox.calls().filter(isSend)
  t.equal(sends.length, 100)
  for (const { headers, body } of sends) {
    const { ext_consumer_id } = claimsOf(headers['x-lp-on-behalf'])
    t.equal(Object(body).body.event.message, ext_consumer_id)
  }
})

test('each token is the caller’s if given, else the proxy’s own', async (t) => {
  const proxy = await start(t, own)
  const { call, sandbox } = proxy
  for (const [headers, ownAppJwt, ownConsumerJws] of [
    [{}, false, false],
    [{ authorization: undefined }, true, false],
    [{ 'x-lp-on-behalf': undefined, 'x-lp-consumer-id': 'c1' }, false, true],
    [forConsumer('c1'), true, true],
    [{ 'x-lp-consumer-id': 'c1' }, false, false],
  ] as const) {
    t.equal((await call('POST', path, { text: 'Hi' }, headers)).status, 201)
    const sent = sandbox.calls().filter(isSend).at(-1)
    t.equal(sent?.headers['authorization'] !== token, ownAppJwt)
    t.equal(sent?.headers['x-lp-on-behalf'] !== token, ownConsumerJws)
    t.notOk('x-lp-consumer-id' in Object(sent?.headers), 'the consumer’s id goes to IDP alone')
  }
  t.strictSame(count(sandbox.calls()), { logins: 1, identifications: 1, sends: 5 })
  const [identification] = sandbox.calls().filter(isIdentification)
  t.not(identification?.headers['authorization'], token, 'IDP is asked with the proxy’s AppJWT')
})

test('a caller’s AppJWT asks for no login', async (t) => {
  const { call, sandbox } = await start(t, own)
  await call('POST', path, { text: 'Hi' })
  t.strictSame(count(sandbox.calls()), { logins: 0, identifications: 0, sends: 1 })
})

test('a token that can be had from neither is a 401 that names its header', async (t) => {
  const bare = await start(t)
  const withOwn = await start(t, own)
  const onBehalf = {
    path: 'header:X-LP-ON-BEHALF',
    message: 'is required, since the proxy has no credentials for the account',
  }
  const authorization = { path: 'header:Authorization', message: 'is required' }
  const either = { ...onBehalf, message: 'is required, or X-LP-Consumer-Id instead' }
  for (const [{ call, sandbox }, headers, errors] of [
    [bare, forConsumer('c1'), [authorization, onBehalf]],
    [bare, { 'x-lp-on-behalf': undefined, 'x-lp-consumer-id': 'c1' }, [onBehalf]],
    [bare, { authorization: undefined }, [authorization]],
    [withOwn, { 'x-lp-on-behalf': undefined }, [either]],
    [withOwn, { authorization: undefined, 'x-lp-on-behalf': undefined }, [either]],
    [withOwn, { ...forConsumer('c1'), 'x-lp-consumer-id': '' }, [either]],
  ] as const) {
    const reply = await call('POST', path, { text: 'Hi' }, headers)
    t.match(reply, { status: 401, body: { code: 'credentials-missing', delivery: 'not-sent' } })
    t.strictSame(reply.body.errors, errors)
    t.ok(reply.headers['www-authenticate'])
    t.equal(sandbox.calls().length, 0)
  }
})

test('X-LP-Consumer-Id has 1 to 256 visible characters', async (t) => {
  const proxy = await start(t, own)
  for (const consumerId of ['!', '~', '+49-170/1', 'x'.repeat(256), '"\\']) {
    t.equal((await send(proxy, consumerId)).status, 201, consumerId)
  }
  for (const consumerId of ['x'.repeat(257), 'a b', 'a\tb', 'é']) {
    t.match(await send(proxy, consumerId), {
      status: 400,
      body: { code: 'invalid-request', errors: [{ path: 'header:X-LP-Consumer-Id' }] },
    })
  }
})

test('an AppJWT revoked under load is renewed once, and no message is lost or doubled', async (t) => {
  const proxy = await start(t, own)
  const { sandbox } = proxy
  const texts = Array.from({ length: 300 }, (_, index) => `text ${index}`)
  let revoked = ''
  const replies = await Promise.all(
    texts.map(async (text, index) => {
      // Three waves, so that the token goes between and under the requests.
      if (index >= 100) await send(proxy, 'c0', `before ${index}`)
      if (index === 150) {
        const [sent] = sandbox.calls().filter(isSend)
        revoked = String(sent?.headers['authorization'])
        sandbox.revoke(revoked)
      }
      return send(proxy, `c${index % 20}`, text)
    }),
  )
  t.ok(revoked)
  t.ok(replies.every(({ status }) => status === 201))
  t.equal(count(sandbox.calls()).logins, 2)
  const accepted = (await acceptedTexts(sandbox)).filter((text) => text.startsWith('text'))
  t.strictSame(accepted.sort(), texts.sort())
})

test('an AppJWT that ends while it is in use is renewed, and the message sent', async (t) => {
  let now = Date.now()
  const proxy = await start(t, own, { now: () => now })
  t.equal((await send(proxy, 'c1')).status, 201)
  now += 3_601_000
  t.equal((await send(proxy, 'c1')).status, 201)
  t.strictSame(count(proxy.sandbox.calls()), { logins: 2, identifications: 1, sends: 3 })
})

test('an AppJWT that IDP refuses is renewed, and the message sent', async (t) => {
  const proxy = await start(t, own)
  await send(proxy, 'c1')
  const [sent] = proxy.sandbox.calls().filter(isSend)
  proxy.sandbox.revoke(String(sent?.headers['authorization']))
  t.equal((await send(proxy, 'c2')).status, 201)
  t.strictSame(count(proxy.sandbox.calls()), { logins: 2, identifications: 3, sends: 2 })
})

test('a ConsumerJWS that LiveEngage refuses is replaced, and the AppJWT stays', async (t) => {
  const proxy = await start(t, own)
  await Promise.all([send(proxy, 'c1'), send(proxy, 'c2')])
  const first = proxy.sandbox
    .calls()
    .filter(isSend)
    .find(({ headers }) => claimsOf(headers['x-lp-on-behalf'])['ext_consumer_id'] === 'c1')
  proxy.sandbox.revoke(String(first?.headers['x-lp-on-behalf']))
  const replies = await Promise.all(Array.from({ length: 10 }, () => send(proxy, 'c1')))
  t.ok(replies.every(({ status }) => status === 201))
  t.equal((await send(proxy, 'c2')).status, 201)
  t.match(count(proxy.sandbox.calls()), { logins: 1, identifications: 3 })
})

test('both tokens may be refused in one request', async (t) => {
  const proxy = await start(t, own)
  await send(proxy, 'c1')
  const [sent] = proxy.sandbox.calls().filter(isSend)
  proxy.sandbox.revoke(String(sent?.headers['authorization']))
  proxy.sandbox.revoke(String(sent?.headers['x-lp-on-behalf']))
  t.equal((await send(proxy, 'c1')).status, 201)
  t.strictSame(count(proxy.sandbox.calls()), { logins: 2, identifications: 2, sends: 4 })
})

const unauthorized = (errorCode: number, title: string): Script =>
  json(errorCode === 40001 ? 400 : 401, {
    kind: 'resp',
    code: 401,
    body: { title, details: 'no', errorCode },
    type: '.ReqBody$ErrorResp',
  })

test('of LiveEngage’s refusals 40102 and 40103 alone renew a token, each its own and once', async (t) => {
  for (const [errorCode, title, given, isOwn, calls] of [
    [40102, 'Invalid AppJWT', 'app-jwt-invalid', 'app', [2, 1, 2]],
    [40103, 'Invalid ConsumerJWS', 'consumer-jws-invalid', 'consumer', [1, 2, 2]],
    [40104, 'ConsumerJWS is missing', 'consumer-jws-invalid', 'consumer', [1, 1, 1]],
    [40104, 'AppJWT is missing', 'app-jwt-invalid', 'app', [1, 1, 1]],
    [40105, 'AppJWT is missing', 'app-jwt-invalid', 'app', [1, 1, 1]],
    [40105, 'ConsumerJWS is missing', 'consumer-jws-invalid', 'consumer', [1, 1, 1]],
    [40001, 'Missing parameter', 'rejected-by-liveengage', 'neither', [1, 1, 1]],
    [40199, 'Unknown', 'rejected-by-liveengage', 'neither', [1, 1, 1]],
  ] as const) {
    const label = `${errorCode} ${title}`
    const upstream = await startServices(t, { send: unauthorized(errorCode, title) })
    const proxy = await startProxy(t, upstream.origin, own)
    const liveengage = { errorCode, message: title }
    const reply = await send(proxy, 'c1')
    const code = isOwn === 'neither' ? given : 'credentials-rejected'
    t.match(reply, {
      status: isOwn === 'neither' ? 400 : 503,
      body: { code, delivery: 'not-sent', retryable: false, liveengage },
    })
    const [logins, identifications, sends] = calls
    t.strictSame(count(upstream.seen), { logins, identifications, sends }, label)

    const cause = `LiveEngage refused the proxy's own ${isOwn === 'app' ? 'AppJWT' : 'ConsumerJWS'}: check that the app is installed in the account`
    if (isOwn !== 'neither') t.match(proxy.logs.at(-1), { code, cause })

    upstream.seen.length = 0
    const theirs = await proxy.call('POST', path, { text: 'Hi' })
    t.match(theirs, { body: { code: given, delivery: 'not-sent', liveengage } })
    t.equal(theirs.status, isOwn === 'neither' ? 400 : 401)
    t.strictSame(count(upstream.seen), { logins: 0, identifications: 0, sends: 1 }, label)

    // Of two tokens only the proxy's own is its own fault.
    const mixed = await proxy.call(
      'POST',
      path,
      { text: 'Hi' },
      { 'x-lp-on-behalf': undefined, 'x-lp-consumer-id': 'c1' },
    )
    t.equal(mixed.body.code, isOwn === 'consumer' ? 'credentials-rejected' : given, label)
  }
})

test('a request is resent at most twice, whatever LiveEngage refuses', async (t) => {
  let sends = 0
  const upstream = await startServices(t, {
    send: (...args) => {
      sends += 1
      unauthorized(sends % 2 === 1 ? 40102 : 40103, 'Invalid')(...args)
    },
  })
  const proxy = await startProxy(t, upstream.origin, own)
  t.match(await send(proxy, 'c1'), { status: 503, body: { code: 'credentials-rejected' } })
  t.strictSame(count(upstream.seen), { logins: 2, identifications: 2, sends: 3 })
})

test('within 5 s of a forced renewal a refusal is answered, not renewed', async (t) => {
  const upstream = await startServices(t, { send: unauthorized(40102, 'Invalid AppJWT') })
  const proxy = await startProxy(t, upstream.origin, own)
  for (const _ of [1, 2, 3]) t.equal((await send(proxy, 'c1')).status, 503)
  t.strictSame(count(upstream.seen), { logins: 2, identifications: 1, sends: 4 })
  upstream.scripts.send = ok
  t.equal((await send(proxy, 'c1')).status, 201, 'and the token in hand is used')
})

test('a request refused with an older token is resent with the current one', async (t) => {
  let release = () => undefined
  const isHeld = new Promise<void>((resolve) => {
    release = () => void resolve()
  })
  const refuse = unauthorized(40102, 'Invalid AppJWT')
  const upstream = await startServices(t, {
    send: async (seen, response, request) => {
      const isOld = seen.headers['authorization'] === jwt('app1')
      if (seen.body.includes('late')) await isHeld
      if (isOld) refuse(seen, response, request)
      else ok(seen, response, request)
    },
  })
  const proxy = await startProxy(t, upstream.origin, { ...own, MESSAGE_ORDER: 'none' })
  const late = send(proxy, 'c1', 'late')
  while (upstream.sends().length === 0) await new Promise((resolve) => setImmediate(resolve))
  t.equal((await send(proxy, 'c1', 'early')).status, 201)
  release()
  t.equal((await late).status, 201)
  t.strictSame(count(upstream.seen), { logins: 2, identifications: 1, sends: 4 })
})

test('Sentinel’s refusal is 503 credentials-rejected, logged with what to check, and asked no more for 5 s', async (t) => {
  const proxy = await start(t, { ...own, LP_CLIENT_SECRET: 'wrong-hunter2' })
  const replies = await Promise.all([send(proxy, 'c1'), send(proxy, 'c2')])
  for (const reply of [...replies, await send(proxy, 'c1')]) {
    t.match(reply, {
      status: 503,
      body: {
        code: 'credentials-rejected',
        delivery: 'not-sent',
        retryable: false,
        detail: /^Sentinel answered 401: check the client id, its secret/,
      },
    })
    t.equal(reply.headers['retry-after'], undefined)
  }
  t.strictSame(count(proxy.sandbox.calls()), { logins: 1, identifications: 0, sends: 0 })
  const lines = proxy.logs.filter(({ code }) => code === 'credentials-rejected')
  t.equal(lines.length, 3)
  t.match(lines[0], { cause: /^Sentinel answered 401: check the client id, its secret/ })
  t.notMatch(JSON.stringify([proxy.logs, replies]), /hunter2/)
})

test('Sentinel or IDP not answering is 503 login-failed', async (t) => {
  const hangUp: Script = (_seen, _response, { socket }) => socket.destroy()
  for (const scripts of [
    { sentinel: hangUp },
    { sentinel: json(500, 'no') },
    { sentinel: () => undefined },
    { idp: hangUp },
    { idp: json(503, 'no') },
    { idp: () => undefined },
  ]) {
    const upstream = await startServices(t, scripts)
    const proxy = await startProxy(t, upstream.origin, { ...own, REQUEST_TIMEOUT_MS: '1000' })
    const reply = await send(proxy, 'c1')
    t.match(reply, {
      status: 503,
      body: { code: 'login-failed', delivery: 'not-sent', retryable: true },
      headers: { 'retry-after': '5' },
    })
    t.equal(upstream.sends().length, 0)
  }
})

test('a renewal that the deadline does not wait for is 503, and nothing was sent', async (t) => {
  const upstream = await startServices(t, { sentinel: () => undefined })
  const proxy = await startProxy(t, upstream.origin, own)
  const headers = { ...forConsumer('c1'), 'x-request-timeout-ms': '200' }
  t.match(await proxy.call('POST', path, { text: 'Hi' }, headers), {
    status: 503,
    body: { code: 'deadline-exceeded', delivery: 'not-sent' },
  })
  t.equal(upstream.sends().length, 0)
})

test('a Sentinel outside LP_ALLOWED_HOSTS gets no secret', async (t) => {
  const elsewhere = await startUpstream(t)
  const upstream = await startServices(t, {})
  const { domain } = upstream.script
  upstream.script.domain = (seen, ...rest) => {
    const place = { service: 'sentinel', account: '12345678', baseURI: elsewhere.host }
    const script = seen.url.includes('/sentinel/') ? json(200, place) : domain
    script(seen, ...rest)
  }
  const proxy = await startProxy(t, upstream.origin, own)
  t.match(await send(proxy, 'c1'), { status: 503, body: { code: 'domain-lookup-failed' } })
  t.equal(elsewhere.seen.length, 0)
})

test('a dry run fetches no token', async (t) => {
  const { call, sandbox } = await start(t, own)
  const reply = await call('POST', `${path}?dryRun=true`, { text: 'Hi' }, forConsumer('c1'))
  t.match(reply, {
    status: 200,
    body: { headers: { Authorization: '[redacted]', 'X-LP-ON-BEHALF': '[redacted]' } },
  })
  t.strictSame(count(sandbox.calls()), { logins: 0, identifications: 0, sends: 0 })
})

test('conversations, native calls and files go by the proxy’s own tokens too', async (t) => {
  const { call, url, sandbox } = await start(t, own)
  const revokeAll = () => {
    for (const { headers } of sandbox.calls().filter(isSend)) {
      sandbox.revoke(String(headers['authorization']))
    }
  }
  const opened = await call('POST', '/conversations', undefined, forConsumer('c1'))
  t.equal(opened.status, 201)
  const id = opened.body.conversationId
  const event = { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' }
  const native = () =>
    call(
      'POST',
      '/api/account/12345678/messaging/consumer/conversation/send?v=3',
      { kind: 'req', id: '1', type: 'ms.PublishEvent', body: { dialogId: id, event } },
      forConsumer('c1'),
    )
  t.match(await native(), { status: 200, body: { code: 'OK' } })
  revokeAll()
  t.match(await native(), { status: 200, body: { code: 'OK' } }, 'a renewal is not seen')

  const form = new FormData()
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
  form.set('file', new Blob([png], { type: 'image/png' }), 'a.png')
  const sent = await fetch(`${url}/conversations/${id}/files`, {
    method: 'POST',
    headers: { 'x-lp-consumer-id': 'c1' },
    body: form,
  })
  t.equal(sent.status, 201)
  const { file } = JSON.parse(await sent.text())
  const got = await call(
    'GET',
    `/conversations/${id}/files${file.relativePath}`,
    undefined,
    forConsumer('c1'),
  )
  t.equal(got.status, 200)
  t.match(count(sandbox.calls()), { logins: 2, identifications: 1 })
})

test('a native call refused under the caller’s tokens is passed on, under the proxy’s own a problem', async (t) => {
  const upstream = await startServices(t, { send: unauthorized(40102, 'Invalid AppJWT') })
  const proxy = await startProxy(t, upstream.origin, own)
  const native = (headers: Record<string, string | undefined>) =>
    proxy.call('POST', '/api/account/12345678/messaging/consumer/conversation/send', {}, headers)
  t.match(await native({}), { status: 401, body: { body: { errorCode: 40102 } } })
  t.match(await native(forConsumer('c1')), {
    status: 503,
    body: { code: 'credentials-rejected', delivery: 'not-sent' },
  })
  upstream.scripts.send = json(400, { code: 'BAD_REQUEST', body: { msg: 'no' } })
  t.match(await native(forConsumer('c1')), { status: 400, body: { code: 'BAD_REQUEST' } })
})

test('without LP_ALLOWED_ACCOUNTS the accounts with credentials may be used, and the default one', async (t) => {
  const dir = t.testdir({
    all: JSON.stringify({ a1: { clientId: 'sandbox-client', clientSecret: 'sandbox-secret' } }),
  })
  const file = { LP_CREDENTIALS_FILE: join(dir, 'all') }
  for (const [env, allowed, refused] of [
    [{ LP_ACCOUNT_ID: '', ...file }, ['a1'], ['b2']],
    [{ LP_ACCOUNT_ID: 'mine', ...file }, ['a1', 'mine'], ['b2']],
    [{ LP_ACCOUNT_ID: 'mine', ...own }, ['mine'], ['a1', 'b2']],
    [{ LP_ACCOUNT_ID: '', ...file, LP_ALLOWED_ACCOUNTS: 'b2' }, ['b2'], ['a1']],
    [{ LP_ACCOUNT_ID: '' }, ['a1', 'b2'], []],
  ] as const) {
    const { call } = await start(t, env)
    const status = async (accountId: string) =>
      (await call('POST', path, { text: 'Hi' }, { 'x-lp-account-id': accountId })).status
    for (const accountId of allowed) t.equal(await status(accountId), 201, accountId)
    for (const accountId of refused) t.equal(await status(accountId), 403, accountId)
  }
})

test('of two accounts interleaved under faults no token, host or answer ever crosses', async (t) => {
  const accounts = new Map<string, Sandbox>()
  const credentials: Record<string, { clientId: string; clientSecret: string }> = {}
  for (const accountId of ['acme', 'zenith']) {
    const own = { clientId: `${accountId}-client`, clientSecret: `${accountId}-secret` }
    const sandbox = await startSandbox({ port: 0, ...own })
    t.teardown(() => sandbox.close())
    accounts.set(accountId, sandbox)
    credentials[accountId] = own
  }
  const hostOf = (accountId: string) => new URL(accounts.get(accountId)?.origin ?? '').host
  const directory = await startUpstream(t, {
    domain: (seen, ...rest) => {
      const [, accountId = '', service] =
        /account\/([^/]+)\/service\/([^/]+)\//.exec(seen.url) ?? []
      json(200, { service, account: accountId, baseURI: hostOf(accountId) })(seen, ...rest)
    },
  })
  const file = join(t.testdir(), 'credentials')
  writeFileSync(file, JSON.stringify(credentials))
  const proxy = await startProxy(t, directory.origin, {
    LP_ACCOUNT_ID: '',
    LP_CREDENTIALS_FILE: file,
    LP_ALLOWED_HOSTS: `${hostOf('acme')},${hostOf('zenith')}`,
    REQUEST_TIMEOUT_MS: '6000',
    MAX_QUEUE_MS: '5000',
  })
  // Far more good ones than bad, or the breaker would open; an odd number, so that each account gets each.
  const plain = ['plain', 201] as const
  const faults = Object.entries({
    'sandbox:400': 400,
    'sandbox:500': 502,
    'sandbox:502': 502,
    'sandbox:reset': 502,
    'sandbox:lost': 502,
    'sandbox:html': 502,
    'sandbox:closed': 409,
    'sandbox:slow=50': 201,
  })
  const statuses = [plain, ...faults.flatMap((fault) => [plain, fault])]
  const latestToken = (accountId: string, header: string) =>
    String(accounts.get(accountId)?.calls().filter(isSend).at(-1)?.headers[header])
  const ask = async (index: number) => {
    const accountId = index % 2 === 0 ? 'acme' : 'zenith'
    const [name = '', status] = statuses[index % statuses.length] ?? []
    const text = name === 'plain' ? `${accountId} ${index}` : name
    const headers = {
      ...forConsumer(`consumer-${index % 7}`),
      'x-lp-account-id': accountId,
      'x-request-id': `${accountId}.${index}`,
    }
    const reply = await proxy.call(
      'POST',
      `/conversations/${accountId}/messages`,
      { text },
      headers,
    )
    t.equal(reply.status, status, `${accountId} ${text}`)
    t.equal(reply.body.requestId, `${accountId}.${index}`)
    if (status === 201) t.equal(reply.body.conversationId, accountId)
    return { accountId, text, name, sequence: reply.body.sequence }
  }
  const wave = (first: number) =>
    Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const outcome = await ask(first + index)
        const { accountId } = outcome
        // In the first wave each account's AppJWT goes, in the second one of its ConsumerJWSs.
        if (index === 20 || index === 21) {
          const header = first === 0 ? 'authorization' : 'x-lp-on-behalf'
          accounts.get(accountId)?.revoke(latestToken(accountId, header))
        }
        return outcome
      }),
    )
  const outcomes = [...(await wave(0)), ...(await wave(200))]
  for (const [accountId, sandbox] of accounts) {
    const texts = outcomes
      .filter((each) => each.accountId === accountId && each.name === 'plain')
      .map(({ text }) => text)
    const accepted = (await acceptedTexts(sandbox, accountId)).filter(
      (text) => !text.startsWith('sandbox:'),
    )
    t.strictSame(accepted.sort(), texts.sort(), `${accountId} has all its texts, each once`)
    t.equal(count(sandbox.calls()).logins, 2)
  }
  for (const [accountId, sandbox] of accounts) {
    const calls: readonly ReceivedCall[] = sandbox.calls()
    t.ok(calls.length > 200)
    t.ok(
      calls.every(
        ({ url }) => url.includes(`/account/${accountId}/`) || url.startsWith('/sandbox'),
      ),
    )
    for (const { headers, body } of calls.filter(isSend)) {
      t.match(claimsOf(headers['authorization']), { aud: accountId, azp: `${accountId}-client` })
      t.match(claimsOf(headers['x-lp-on-behalf']), { account_id: accountId })
      t.ok(String(Object(body).body.dialogId).startsWith(accountId))
    }
    for (const { body } of calls.filter(isLogin)) {
      t.equal(body, `client_id=${accountId}-client&client_secret=${accountId}-secret`)
    }
  }
})

test('no secret, key, token or consumer’s id is in a log line, a problem or a URL', async (t) => {
  const keys = { API_KEYS: 'key-hunter2' }
  const allowed = { 'x-api-key': 'key-hunter2' }
  const consumer = { ...forConsumer('+49-hunter2'), ...allowed }
  const good = await start(t, { ...own, ...keys }, { clientSecret: 'sandbox-secret' })
  const replies = [
    await good.call('POST', path, { text: 'Hi' }, consumer),
    await good.call('POST', path, { text: 'sandbox:401' }, consumer),
    await good.call('POST', path, { text: 'sandbox:500' }, consumer),
    await good.call('POST', path, { text: 1 }, consumer),
    await good.call('POST', path, { text: 'Hi' }, { ...consumer, 'x-api-key': 'wrong-hunter2' }),
    await good.call('POST', path, { text: 'Hi' }, { ...consumer, authorization: 'hunter2' }),
    await good.call('POST', path, { text: 'Hi' }, { ...consumer, 'x-lp-consumer-id': 'hunter2 x' }),
    await good.call('GET', '/hunter/none', undefined, consumer),
  ]
  const bad = await start(t, { ...own, ...keys, LP_CLIENT_SECRET: 'secret-hunter2' })
  replies.push(await bad.call('POST', path, { text: 'Hi' }, consumer))
  const echo: Script = (seen, response) => {
    response.writeHead(401, { 'content-type': 'text/plain' })
    response.end(`${seen.body} ${JSON.stringify(seen.headers)}`)
  }
  const upstream = await startServices(t, { sentinel: echo })
  const echoed = await startProxy(t, upstream.origin, {
    ...own,
    ...keys,
    LP_CLIENT_SECRET: 'secret-hunter2',
  })
  replies.push(await echoed.call('POST', path, { text: 'Hi' }, consumer))
  t.strictSame(
    replies.map(({ status }) => status),
    [201, 503, 502, 400, 401, 401, 400, 404, 503, 503],
  )
  const urls = [...good.sandbox.calls(), ...bad.sandbox.calls(), ...upstream.seen].map(
    ({ url }) => url,
  )
  const lines = [good, bad, echoed].flatMap(({ logs }) => logs)
  t.ok(lines.length >= replies.length)
  for (const text of [...urls, ...[...lines, ...replies].map((each) => JSON.stringify(each))]) {
    t.notMatch(text, /hunter2|sandbox-secret|eyJ/)
  }
})

test('a renewal that fails in the background is logged, and its AppJWT stays in use', async (t) => {
  const clock = controlClock(t)
  const upstream = await startServices(t, {})
  const proxy = await startProxy(t, upstream.origin, own)
  const { call, logs } = proxy
  t.equal((await send(proxy, 'one')).status, 201)
  await clock.pass(3_000_000)
  upstream.scripts.sentinel = json(401, {})
  t.equal((await send(proxy, 'one')).status, 201)
  const told = () => logs.find(({ msg }) => msg === 'the AppJWT was not renewed')
  for (let tries = 0; told() === undefined && tries < 100; tries += 1) await call('GET', '/livez')
  t.match(told(), { level: 'error', code: 'credentials-rejected', detail: /check the client id/ })
})
