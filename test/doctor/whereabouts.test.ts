import t from 'tap'
import { json, type Script } from '../upstream.ts'
import { everyHostIs, examine, pointedTo, startLivePerson } from './fixtures/examine.ts'

const own = { LP_CLIENT_ID: 'acme', LP_CLIENT_SECRET: 'hunter2' }
const services = ['asyncMessagingEnt', 'sentinel', 'idp', 'swift']

const unknownAccount = /^Check the account id/
const foreignAnswer = /LP_ALLOWED_HOSTS\. Otherwise find out who answers at LP_DOMAIN_API_URL/

t.test('what the Domain API says of the account is told as it is', async (t) => {
  const cases: [Script, string, RegExp][] = [
    [
      json(401, ''),
      'LivePerson does not know the account (the Domain API answered 401)',
      unknownAccount,
    ],
    [
      everyHostIs(''),
      'LivePerson does not know the account (it has no host for asyncMessagingEnt)',
      unknownAccount,
    ],
    [
      json(500, ''),
      'The account’s host could not be looked up (the Domain API answered 500)',
      foreignAnswer,
    ],
    [
      json(200, '<html>Sign in</html>', { 'content-type': 'text/html' }),
      'The account’s host could not be looked up (the Domain API answered 200 and no list of hosts)',
      foreignAnswer,
    ],
    [
      everyHostIs('evil.example.com\u001b[2J'),
      'The Domain API named a host that is not in LP_ALLOWED_HOSTS; no token was sent to it. (it named "evil.example.com\\u001b[2J")',
      foreignAnswer,
    ],
    [
      () => undefined,
      'The account’s host could not be looked up (no answer in time)',
      foreignAnswer,
    ],
  ]
  for (const [domain, detail, remedy] of cases) {
    const upstream = await startLivePerson(t, { domain })
    const env = { ...pointedTo(upstream), ...own, REQUEST_TIMEOUT_MS: '2000' }
    const { code, findings } = await examine(env)
    t.equal(code, 1)
    t.match(findings['asyncMessagingEnt'], {
      status: 'fail',
      detail: `${detail}; needed for every message`,
      remedy,
    })
    for (const service of services) t.match(findings[service], { status: 'fail' })
    t.match(findings['app-jwt'], { status: 'skip', detail: 'needs sentinel' })
    t.match(findings['consumer-jws'], { status: 'skip', detail: 'needs app-jwt' })
    t.match(findings['dry-run'], { status: 'skip', detail: 'needs asyncMessagingEnt' })
    t.equal(upstream.sends().length, 0)
  }
})

t.test('a host that is named and cannot be reached is found out', async (t) => {
  const upstream = await startLivePerson(t, { domain: everyHostIs('localhost:1') })
  const { code, findings } = await examine({
    ...pointedTo(upstream),
    LP_ALLOWED_HOSTS: 'localhost:1',
  })
  t.equal(code, 1)
  t.match(findings['swift'], {
    status: 'fail',
    detail: /^allowed: localhost:1: .*\(ECONNREFUSED\); needed for pictures$/,
    remedy: /^Allow egress/,
  })
})

t.test('without credentials the hosts of the logins are no failure', async (t) => {
  const upstream = await startLivePerson(t)
  const { host } = upstream
  const needed = /asyncMessagingEnt|swift/
  upstream.script.domain = (seen, ...rest) =>
    needed.test(seen.url) ? everyHostIs()(seen, ...rest) : json(404, '')(seen, ...rest)
  const { code, findings } = await examine(pointedTo(upstream))
  t.equal(code, 0)
  t.match(findings['asyncMessagingEnt'], { status: 'ok', detail: `allowed: ${host} is ` })
  t.match(findings['sentinel'], {
    status: 'warn',
    detail: /needed for the proxy’s own AppJWT/,
  })
  t.match(findings['idp'], {
    status: 'warn',
    detail: /needed for the proxy’s own ConsumerJWS/,
  })
  t.match(findings['app-jwt'], { status: 'skip', detail: /has no credentials for this account/ })
  t.match(findings['consumer-jws'], { status: 'skip', detail: /has no credentials/ })
  t.match(findings['dry-run'], { status: 'ok', detail: /Authorization: \[redacted\]/ })
})

t.test('without an account only the Domain API is looked at', async (t) => {
  const upstream = await startLivePerson(t, { domain: everyHostIs('localhost:1') })
  const { code, findings } = await examine({ ...pointedTo(upstream), LP_ACCOUNT_ID: '' })
  t.equal(code, 0)
  for (const name of [...services, 'app-jwt', 'consumer-jws', 'dry-run']) {
    t.match(findings[name], { status: 'skip', detail: /set LP_ACCOUNT_ID or --account/ })
  }
  t.equal(upstream.lookups().length, 0)
})
