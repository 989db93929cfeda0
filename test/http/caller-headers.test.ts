import t from 'tap'
import { startProxy, token } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { credentials, openWire } from '../wire.ts'

const messages = '/conversations/c1/messages'
const form = 'must be one token of three base64url parts, 8 KiB at most'

t.test('both tokens are needed, each in its form, or LiveEngage never hears of it', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const long = `${'a'.repeat(4_000)}.${'b'.repeat(4_000)}.${'c'.repeat(192)}`
  const malformed = [
    '',
    'secret',
    'secret.a',
    'a.b.c.secret',
    'a..secret',
    'Basic secret',
    'Bearer',
    'Bearer secret a.b.c',
    `${token}, ${token}`,
    `${token}=`,
    long,
  ]
  const cases = [
    ['authorization', 'Authorization', 'app-jwt-invalid'],
    ['x-lp-on-behalf', 'X-LP-ON-BEHALF', 'consumer-jws-invalid'],
  ] as const
  for (const [header, name, code] of cases) {
    const missing = await call('POST', messages, { text: 'a' }, { [header]: undefined })
    t.match(missing, { status: 401, body: { code: 'credentials-missing' } })
    t.match(missing.body.errors, [{ path: `header:${name}`, message: /^is required/ }])
    t.match(missing.headers['www-authenticate'], /^Bearer realm="LiveEngage"/)
    for (const value of malformed) {
      const { status, headers, body } = await call(
        'POST',
        messages,
        { text: 'a' },
        { [header]: value },
      )
      t.equal(status, 401, value.slice(0, 30))
      t.equal(body.code, code)
      t.strictSame(body.errors, [{ path: `header:${name}`, message: form }])
      t.match(headers['www-authenticate'], /^Bearer realm="LiveEngage"/)
      // A request id may have a few of the same letter.
      t.notMatch(JSON.stringify(body), /secret|a{20}/)
    }
  }
  t.strictSame(upstream.seen, [])
})

t.test('a token goes on bare, whether it came bare or after Bearer in any case', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const longest = `${'a'.repeat(4_000)}.${'b'.repeat(4_000)}.${'c'.repeat(190)}`
  for (const prefix of ['', 'Bearer ', 'bearer ', 'BEARER  ']) {
    const headers = { authorization: `${prefix}${longest}`, 'x-lp-on-behalf': `${prefix}${token}` }
    t.equal((await call('POST', messages, { text: 'a' }, headers)).status, 201)
    t.match(upstream.sends().at(-1)?.headers, {
      authorization: longest,
      'x-lp-on-behalf': token,
    })
  }
})

t.test('the account is the header’s, else the default one, and must be allowed', async (t) => {
  const upstream = await startUpstream(t)
  const bare = await startProxy(t, upstream.origin, { LP_ACCOUNT_ID: '' })
  const header = 'header:X-LP-Account-Id'
  const none = await bare.call('POST', messages, { text: 'a' })
  t.equal(none.status, 400)
  t.strictSame(none.body.errors, [
    { path: header, message: 'is required, since the proxy has no default account' },
  ])
  for (const account of ['sec-ret', 'a'.repeat(33), 'a/b', 'a, b', '..', 'é']) {
    const wrong = await bare.call('POST', messages, { text: 'a' }, { 'x-lp-account-id': account })
    t.equal(wrong.status, 400, account)
    t.strictSame(wrong.body.errors, [
      { path: header, message: 'must be 1 to 32 letters and digits' },
    ])
    t.notMatch(JSON.stringify(wrong.body), /sec-ret/)
  }
  const listed = await startProxy(t, upstream.origin, { LP_ALLOWED_ACCOUNTS: '12345678,other' })
  const stranger = await listed.call(
    'POST',
    messages,
    { text: 'a' },
    { 'x-lp-account-id': 'stranger' },
  )
  t.equal(stranger.status, 403)
  t.equal(stranger.body.code, 'account-not-allowed')
  t.strictSame(upstream.seen, [])
  for (const [account, expected] of [
    ['other', 'other'],
    ['', '12345678'],
  ] as const) {
    await listed.call('POST', messages, { text: 'a' }, { 'x-lp-account-id': account })
    t.match(upstream.sends().at(-1)?.url, `/api/account/${expected}/`)
  }
  const any = await bare.call('POST', messages, { text: 'a' }, { 'x-lp-account-id': 'Any1' })
  t.equal(any.status, 201)
})

t.test('X-Request-Timeout-Ms shortens the deadline within its bounds', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin, { REQUEST_TIMEOUT_MS: '5000' })
  for (const value of [
    '99',
    '5001',
    '0',
    '-100',
    '1e3',
    '100.5',
    'secret',
    '100, 200',
    '00000100',
  ]) {
    const headers = { 'x-request-timeout-ms': value }
    const { status, body } = await call('POST', messages, { text: 'a' }, headers)
    t.equal(status, 400, value)
    t.strictSame(body.errors, [
      { path: 'header:X-Request-Timeout-Ms', message: 'must be an integer from 100 to 5000' },
    ])
  }
  t.strictSame(upstream.seen, [])
  for (const value of ['', '100', '5000']) {
    const headers = { 'x-request-timeout-ms': value }
    t.equal((await call('POST', messages, { text: 'a' }, headers)).status, 201, value)
  }
  upstream.script.send = () => undefined
  const before = performance.now()
  const { status } = await call('POST', messages, { text: 'a' }, { 'x-request-timeout-ms': '100' })
  t.equal(status, 504)
  t.ok(performance.now() - before < 2_000)
})

t.test('Host and Authorization are given once, Host always', async (t) => {
  const upstream = await startUpstream(t)
  const { url, logs } = await startProxy(t, upstream.origin)
  const cases: [string, string, string][] = [
    ['two hosts', `GET /livez HTTP/1.1\r\nHost: localhost\r\nhOST: a\r\n`, 'Host'],
    ['no host', 'GET /livez HTTP/1.1\r\n', 'Host'],
    [
      'two AppJWTs',
      `POST ${messages} HTTP/1.1\r\n${credentials}AUTHORIZATION: ${token}\r\nContent-Length: 0\r\n`,
      'Authorization',
    ],
  ]
  for (const [name, head, header] of cases) {
    logs.length = 0
    const wire = await openWire(t, url, `${head}X-Request-Id: once\r\nConnection: close\r\n\r\n`)
    const answer = await wire.ended()
    t.match(answer, /^HTTP\/1.1 400 [\s\S]*x-request-id: once\r\n/, name)
    t.match(answer, `"errors":[{"path":"header:${header}","message":"must be given once"}]`)
    t.match(logs, [{ requestId: 'once', status: 400 }])
  }
  t.strictSame(upstream.seen, [])
  const old = await openWire(t, url, 'GET /livez HTTP/1.0\r\n\r\n')
  t.match(await old.ended(), /^HTTP\/1.1 200 /, 'HTTP/1.0 knows no Host')
})

t.test('a request that fails for a missing header is told of a misspelt one', async (t) => {
  const upstream = await startUpstream(t)
  const bare = await startProxy(t, upstream.origin, { LP_ACCOUNT_ID: '' })
  const keyed = await startProxy(t, upstream.origin, { API_KEYS: 'first-key' })
  const hint = (name: string, right: string) => ({
    path: `header:${name}`,
    message: `is not a known header (did you mean ${right}?)`,
  })
  const account = await bare.call('POST', messages, { text: 'a' }, { 'x-lp-acount-id': 'secret' })
  t.strictSame(account.body.errors.slice(1), [hint('x-lp-acount-id', 'X-LP-Account-Id')])
  const tokens = await bare.call(
    'POST',
    messages,
    { text: 'a' },
    {
      'x-lp-account-id': '12345678',
      'x-lp-on-behalf': undefined,
      'x-lp-onbehalf': token,
      'idempotncy-key': 'secret',
      'x-real-ip': '127.0.0.1',
    },
  )
  t.strictSame(tokens.body.errors.slice(1), [
    hint('x-lp-onbehalf', 'X-LP-ON-BEHALF'),
    hint('idempotncy-key', 'Idempotency-Key'),
  ])
  const key = await keyed.call('POST', messages, { text: 'a' }, { 'x-apikey': 'secret' })
  t.strictSame(key.body.errors, [hint('x-apikey', 'X-API-Key')])
  const without = await keyed.call('POST', messages, { text: 'a' })
  t.equal(without.body.errors, undefined)
  t.notMatch(JSON.stringify([account, tokens, key].map(({ body }) => body)), /secret/)
  t.strictSame(upstream.seen, [])
})
