import t from 'tap'
import {
  AUTHORIZED,
  at,
  call,
  claimsOf,
  SAMPLE_TOKEN,
  send,
  startBox,
  text,
  tokenWith,
} from './fixtures/box.ts'

const TOKEN = '/sentinel/api/account/acme/app/token'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const CREDENTIALS = 'client_id=sandbox-client&client_secret=sandbox-secret'

t.test('Sentinel gives a JWT with the documented claims, a new one each time', async (t) => {
  const now = () => 1_524_642_670_999
  const sandbox = await startBox(t, { now })
  const ask = () =>
    call(sandbox, `${TOKEN}?v=1.0&grant_type=client_credentials`, {
      headers: FORM,
      body: CREDENTIALS,
    })
  const [first, second] = await Promise.all([ask(), ask()])
  const token = String(at(first.body, 'access_token'))
  t.match(token, /^[\w-]+\.[\w-]+\.[\w-]{43}$/)
  t.not(at(second.body, 'access_token'), token)
  const claims = claimsOf(token)
  t.strictSame(claims, {
    aud: 'acme',
    azp: 'sandbox-client',
    scope: 'msg.consumer',
    iss: 'Sentinel',
    iat: 1_524_642_670,
    exp: 1_524_646_270,
    jti: at(claims, 'jti'),
  })
})

t.test(
  'Sentinel takes its parameters from the query or the form, only v from the query',
  async (t) => {
    const sandbox = await startBox(t)
    const grant = 'grant_type=client_credentials'
    const status = async (query: string, body: string) =>
      (await call(sandbox, `${TOKEN}${query}`, { headers: FORM, body })).status
    t.equal(await status(`?v=1.0&${grant}`, CREDENTIALS), 200)
    t.equal(await status('?v=1.0', `${grant}&${CREDENTIALS}`), 200)
    t.equal(await status(`?v=1.0&${grant}&${CREDENTIALS}`, ''), 200)
    t.equal(await status(`?${grant}`, CREDENTIALS), 400)
    t.equal(await status('', `v=1.0&${grant}&${CREDENTIALS}`), 400)
  },
)

t.test('Sentinel refuses in the OAuth 2.0 form', async (t) => {
  const sandbox = await startBox(t)
  const cases = [
    { grant: 'password', body: CREDENTIALS, status: 400, error: 'unsupported_grant_type' },
    {
      grant: 'client_credentials',
      body: 'client_id=another&client_secret=sandbox-secret',
      status: 401,
      error: 'invalid_client',
    },
    {
      grant: 'client_credentials',
      body: 'client_id=sandbox-client&client_secret=wrong',
      status: 401,
      error: 'invalid_client',
    },
  ]
  for (const { grant, body, status, error } of cases) {
    for (const path of [TOKEN, '/sentinel/api/v2/account/acme/app/token']) {
      const answer = await call(sandbox, `${path}?v=1.0&grant_type=${grant}`, {
        headers: FORM,
        body,
      })
      t.equal(answer.status, status)
      t.equal(at(answer.body, 'error'), error)
    }
  }
})

t.test("an AppJWT lives as long as asked for, by the sandbox's clock", async (t) => {
  let milliseconds = 1_000_000
  const sandbox = await startBox(t, { now: () => milliseconds, appJwtLifeSeconds: 10 })
  const { body } = await call(sandbox, `${TOKEN}?v=1.0&grant_type=client_credentials`, {
    headers: FORM,
    body: CREDENTIALS,
  })
  const headers = { ...AUTHORIZED, authorization: String(at(body, 'access_token')) }
  t.equal((await send(sandbox, text('a'), { headers })).status, 200)
  t.equal((await send(sandbox, text('a'), { headers, account: 'other' })).status, 401)
  milliseconds += 9_999
  t.equal((await send(sandbox, text('a'), { headers })).status, 200)
  milliseconds += 1
  t.match((await send(sandbox, text('a'), { headers })).body, { body: { errorCode: 40102 } })
})

t.test('IDP names one consumer alike each time, in a token that never expires', async (t) => {
  let milliseconds = 0
  const sandbox = await startBox(t, { now: () => milliseconds })
  const name = async (ext_consumer_id: string, account = 'acme') => {
    const { status, body } = await call(sandbox, `/api/account/${account}/consumer?v=1.0`, {
      headers: { authorization: SAMPLE_TOKEN, 'content-type': 'application/json' },
      body: { ext_consumer_id },
    })
    t.equal(status, 201)
    return String(at(body, 'token'))
  }
  const token = await name('John_Doe_facebook12345')
  const claims = claimsOf(token)
  t.match(at(claims, 'lp_consumer_id'), /^[0-9a-f]{64}$/)
  t.strictSame(claims, {
    account_id: 'acme',
    ext_consumer_id: 'John_Doe_facebook12345',
    lp_consumer_id: at(claims, 'lp_consumer_id'),
    jti: at(claims, 'jti'),
  })

  const consumerOf = (jws: string) => at(claimsOf(jws), 'lp_consumer_id')
  t.equal(consumerOf(await name('John_Doe_facebook12345')), consumerOf(token))
  t.not(consumerOf(await name('another')), consumerOf(token))
  t.not(consumerOf(await name('John_Doe_facebook12345', 'other')), consumerOf(token))

  milliseconds = 10 ** 13
  const headers = { ...AUTHORIZED, 'x-lp-on-behalf': token }
  t.equal((await send(sandbox, text('a'), { headers })).status, 200)
  sandbox.revoke(token)
  t.match((await send(sandbox, text('a'), { headers })).body, { body: { errorCode: 40103 } })
  const again = { ...AUTHORIZED, 'x-lp-on-behalf': await name('John_Doe_facebook12345') }
  t.equal((await send(sandbox, text('a'), { headers: again })).status, 200, 'a new one is good')
})

t.test('IDP takes the AppJWT bare, and v=1.0 or none at all', async (t) => {
  const sandbox = await startBox(t)
  const status = async (query: string, authorization?: string) => {
    const answer = await call(sandbox, `/api/account/acme/consumer${query}`, {
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: { ext_consumer_id: 'jane' },
    })
    if (answer.status >= 400) t.type(at(answer.body, 'internalErrorCode'), 'string')
    return answer.status
  }
  t.equal(await status('', SAMPLE_TOKEN), 201)
  t.equal(await status('?v=2.0', SAMPLE_TOKEN), 400)
  t.equal(await status('?v=1.0'), 401)
  t.equal(await status('?v=1.0', `Bearer ${SAMPLE_TOKEN}`), 401)
  t.equal(await status('?v=1.0', tokenWith({ aud: 'another' })), 401)
})

t.test('IDP refuses a body other than one ext_consumer_id in JSON', async (t) => {
  const sandbox = await startBox(t)
  const headers = { authorization: SAMPLE_TOKEN, 'content-type': 'application/json' }
  const path = '/api/account/acme/consumer?v=1.0'
  for (const body of [
    '{',
    {},
    { ext_consumer_id: '' },
    { ext_consumer_id: 1 },
    { ext_consumer_id: 'a', b: 1 },
  ]) {
    t.equal((await call(sandbox, path, { headers, body })).status, 400)
  }
  const untyped = { authorization: SAMPLE_TOKEN }
  t.equal(
    (await call(sandbox, path, { headers: untyped, body: { ext_consumer_id: 'a' } })).status,
    400,
  )
})
