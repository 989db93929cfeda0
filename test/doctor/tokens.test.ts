import t from 'tap'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { json } from '../upstream.ts'
import { examine, pointedTo, startLivePerson } from './fixtures/examine.ts'

const own = { LP_CLIENT_ID: 'acme', LP_CLIENT_SECRET: 'hunter2' }

t.test('a login that fails is explained, and the secret stays secret', async (t) => {
  for (const [sentinel, detail, remedy] of [
    [json(401, ''), /^Sentinel answered 401: check the client id/, /LP_CLIENT_ID.*msg\.consumer/],
    [json(500, ''), /^Sentinel answered 500\.$/, /Sentinel and IDP/],
    [
      () => undefined,
      /^The proxy could not get a token \(no answer in time\)$/,
      /Sentinel and IDP/,
    ],
  ] as const) {
    const upstream = await startLivePerson(t, { sentinel })
    const env = { ...pointedTo(upstream), ...own, REQUEST_TIMEOUT_MS: '3000' }
    const { code, printed, findings } = await examine(env)
    t.equal(code, 1)
    t.match(findings['app-jwt'], { status: 'fail', detail, remedy })
    t.match(findings['consumer-jws'], { status: 'skip', detail: 'needs app-jwt' })
    t.match(findings['dry-run'], { status: 'ok' }, 'it needs no token')
    t.notMatch(printed, /hunter2/)
  }
})

t.test('only a named consumer gets a ConsumerJWS', async (t) => {
  const sandbox = await startSandbox({ port: 0, appJwtLifeSeconds: 600 })
  t.teardown(() => sandbox.close())
  const { origin, clientId: LP_CLIENT_ID, clientSecret: LP_CLIENT_SECRET } = sandbox
  const credentials = { LP_CLIENT_ID, LP_CLIENT_SECRET, API_KEYS: 'hunter2' }
  const env = { ...pointedTo({ origin, host: new URL(origin).host }), ...credentials }
  const identifications = () => sandbox.calls().filter(({ url }) => url.includes('/consumer?'))

  const without = await examine(env)
  t.equal(without.code, 0)
  t.match(without.findings['app-jwt'], { status: 'ok', detail: /the AppJWT is valid for 10 min/ })
  t.match(without.findings['consumer-jws'], { status: 'skip', detail: /registers that consumer/ })
  t.equal(identifications().length, 0)

  const named = await examine(env, { consumerId: '+31612345678' })
  t.match(named.findings['consumer-jws'], { status: 'ok', detail: /registered the consumer/ })
  t.match(identifications(), [{ body: { ext_consumer_id: '+31612345678' } }])
  t.notMatch(named.printed, /31612345678|hunter2|sandbox-secret|eyJ/)

  const texts = sandbox.calls().filter(({ url }) => url.includes('/conversation'))
  t.strictSame(texts, [], 'no message was sent')
})

t.test('a consumer whom IDP refuses is told', async (t) => {
  const upstream = await startLivePerson(t, {
    sentinel: json(200, { access_token: 'eyJhbGciOiJub25lIn0.e30.c2FtcGxl' }),
    idp: json(400, ''),
  })
  const { findings } = await examine({ ...pointedTo(upstream), ...own }, { consumerId: 'ada' })
  t.match(
    findings['app-jwt'],
    { status: 'ok', detail: /valid for 60 min/ },
    'where it says nothing',
  )
  t.match(findings['consumer-jws'], {
    status: 'fail',
    detail: 'IDP refuses this X-LP-Consumer-Id.',
    remedy: 'Use another --consumer.',
  })
})

t.test('an account that requests may not use fails the dry run', async (t) => {
  const upstream = await startLivePerson(t)
  const { code, findings } = await examine(pointedTo(upstream), { accountId: 'other' })
  t.equal(code, 1)
  t.match(findings['asyncMessagingEnt'], { status: 'ok' })
  t.match(findings['dry-run'], {
    status: 'fail',
    detail: /^account-not-allowed: /,
    remedy: /LP_ALLOWED_ACCOUNTS/,
  })
})
