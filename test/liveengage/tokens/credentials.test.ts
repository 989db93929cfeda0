import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Test, test } from 'tap'
import type { Caller, ClientCredentials } from '../../../src/liveengage/caller.ts'
import { Client } from '../../../src/liveengage/client.ts'
import { Domains } from '../../../src/liveengage/domains.ts'
import { createHostAllowlist } from '../../../src/liveengage/host-allowlist.ts'
import { Credentials } from '../../../src/liveengage/tokens/credentials.ts'
import { Problem } from '../../../src/problems/problem.ts'
import { openHosts, termsOf } from '../../transport/fixtures/hosts.ts'
import { json, type Script, startUpstream } from '../../upstream.ts'

const acme = { clientId: 'acme', clientSecret: 's&cr=t +é' }
const advice = 'check the client id, its secret and that the app is installed in the account.'

/** A JWT with these claims; `name` makes it another one. */
function jwt(name: string, claims: unknown = { iat: 1_000_000, exp: 1_003_600 }): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.${name}`
}

const sentinelGives = (token: unknown): Script => json(200, { access_token: token })
const idpGives = (token: unknown): Script => json(201, { token })
const hangUp: Script = (_seen, _response, { socket }) => socket.destroy()

/** One script for each call, the last for all that follow. */
function inTurn(...scripts: [Script, ...Script[]]): Script {
  return (...args) => {
    const [script] = scripts
    if (scripts.length > 1) scripts.shift()
    script(...args)
  }
}

/** Moves `performance.now()` on. */
function clockOf(t: Test): { advance: (ms: number) => Promise<void> } {
  const real = performance.now.bind(performance)
  let offsetMs = 0
  t.intercept(performance, 'now', { value: () => real() + offsetMs })
  return {
    advance: (ms) => {
      offsetMs += ms
      // lru-cache looks at the clock once a millisecond.
      return setTimeout(2)
    },
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}

type Start = { sentinel?: Script; idp?: Script; connections?: number; queue?: number }

async function setUp(t: Test, start: Start = {}) {
  const script = {
    sentinel: start.sentinel ?? sentinelGives(jwt('one')),
    idp: start.idp ?? idpGives(jwt('consumer')),
    /** Where each service is, if not here. */
    hosts: new Map<string, string>(),
  }
  const upstream = await startUpstream(t, {
    domain: (seen, ...rest) => {
      const [, account = '', service = ''] =
        /account\/([^/]+)\/service\/([^/]+)\//.exec(seen.url) ?? []
      const baseURI = script.hosts.get(service) ?? upstream.host
      json(200, { service, account, baseURI })(seen, ...rest)
    },
    send: (seen, ...rest) =>
      (seen.url.startsWith('/sentinel/') ? script.sentinel : script.idp)(seen, ...rest),
  })
  const hosts = openHosts(t, {
    connections: start.connections ?? 16,
    queue: start.queue ?? 1_000,
    connectTimeoutMs: 1_000,
    callTimeoutMs: 2_000,
  })
  const domains = new Domains({
    hosts,
    domainApiUrl: upstream.origin,
    allowlist: createHostAllowlist([upstream.host, 'localhost:1'], 'http:'),
    ttlMs: 86_400_000,
    staleMs: 0,
    callTimeoutMs: 1_000,
  })
  const known = new Map<string, ClientCredentials>([['mine', acme]])
  const failures: string[] = []
  const own = new Credentials({
    hosts,
    domains,
    callTimeoutMs: 1_000,
    onRenewalFailure: ({ code, message }, accountId) =>
      failures.push(`${accountId} ${code} ${message}`),
  })
  /** By account, with the credentials that it has now. */
  const account = (accountId: string) => ({ accountId, credentials: known.get(accountId) ?? acme })
  const nobody = { appJwt: undefined, consumerJws: undefined, clientProperties: undefined }
  const credentials = {
    appJwt: (accountId: string) => own.appJwt(account(accountId)),
    renewAppJwt: (accountId: string, refused: string) =>
      own.renewAppJwt(account(accountId), refused),
    consumerJws: (accountId: string, consumerId: string) =>
      own.consumerJws(account(accountId), consumerId),
    renewConsumerJws: (accountId: string, consumerId: string, refused: string) =>
      own.renewConsumerJws(account(accountId), consumerId, refused),
    knownAppJwt: (accountId: string) =>
      own.tokensAtHand({
        ...nobody,
        ...account(accountId),
        consumerJws: jwt('given'),
        consumerId: undefined,
      })?.appJwt,
    knownConsumerJws: (accountId: string, consumerId: string) =>
      own.tokensAtHand({ ...nobody, ...account(accountId), appJwt: jwt('given'), consumerId })
        ?.consumerJws,
  }
  const logins = () => upstream.seen.filter(({ url }) => url.startsWith('/sentinel/'))
  const identifications = () =>
    upstream.seen.filter(({ url }) => /^\/api\/account\/\w+\/consumer\?/.test(url))
  return {
    script,
    upstream,
    hosts,
    domains,
    own,
    credentials,
    known,
    failures,
    logins,
    identifications,
  }
}

/** What a promise is rejected with, as far as a caller sees it. */
async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    return `no problem: ${await work}`
  } catch (error) {
    return error instanceof Problem ? `${error.code}: ${error.message}` : String(error)
  }
}

test('an AppJWT is asked for at V1, with the secret in the form and nowhere else', async (t) => {
  const { credentials, logins } = await setUp(t)
  t.equal(await credentials.appJwt('mine'), jwt('one'))
  const [login] = logins()
  t.match(login, {
    method: 'POST',
    url: '/sentinel/api/account/mine/app/token?v=1.0&grant_type=client_credentials',
    body: 'client_id=acme&client_secret=s%26cr%3Dt+%2B%C3%A9',
  })
  t.match(login?.headers, { 'content-type': 'application/x-www-form-urlencoded' })
  t.equal(login?.headers.authorization, undefined)
  t.equal(credentials.knownAppJwt('mine'), jwt('one'))
})

test('a ConsumerJWS is asked for with the bare AppJWT, and kept without an end', async (t) => {
  const clock = clockOf(t)
  const { credentials, identifications } = await setUp(t)
  t.equal(credentials.knownConsumerJws('mine', '+49 "1"'), undefined)
  t.equal(await credentials.consumerJws('mine', '+49 "1"'), jwt('consumer'))
  t.match(identifications(), [
    {
      method: 'POST',
      url: '/api/account/mine/consumer?v=1.0',
      headers: { authorization: jwt('one'), 'content-type': 'application/json' },
      body: '{"ext_consumer_id":"+49 \\"1\\""}',
    },
  ])
  await clock.advance(30 * 86_400_000)
  t.equal(credentials.knownConsumerJws('mine', '+49 "1"'), jwt('consumer'))
  t.equal(await credentials.consumerJws('mine', '+49 "1"'), jwt('consumer'))
  t.equal(identifications().length, 1)
})

test('concurrent calls share one login and one identification of each consumer', async (t) => {
  const { credentials, logins, identifications } = await setUp(t)
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => credentials.consumerJws('mine', `c${index % 4}`)),
  )
  t.equal(logins().length, 1)
  t.equal(identifications().length, 4)
})

test('a token belongs to its account, client id and consumer, whatever these hold', async (t) => {
  let count = 0
  const fresh =
    (gives: (token: string) => Script): Script =>
    (...args) => {
      count += 1
      gives(jwt(`n${count}`))(...args)
    }
  const { credentials, known } = await setUp(t, {
    sentinel: fresh(sentinelGives),
    idp: fresh(idpGives),
  })
  known.set('a', { clientId: 'x","c', clientSecret: 's' })
  known.set('b', { clientId: 'x', clientSecret: 's' })
  const tokens = new Set<string>()
  for (const accountId of ['mine', 'a', 'b']) {
    tokens.add(await credentials.appJwt(accountId))
    for (const consumerId of ['c', 'c","c', 'c,c'])
      tokens.add(await credentials.consumerJws(accountId, consumerId))
  }
  t.equal(tokens.size, 12)
  known.set('b', { clientId: 'y', clientSecret: 's' })
  t.equal(credentials.knownAppJwt('b'), undefined, 'another client id has other tokens')
  t.equal(credentials.knownConsumerJws('b', 'c'), undefined)
})

test('without credentials of the account nothing is to be had', async (t) => {
  const { own, upstream } = await setUp(t)
  const caller = {
    accountId: 'other',
    credentials: undefined,
    appJwt: undefined,
    consumerJws: undefined,
    consumerId: 'c',
    clientProperties: undefined,
  }
  for (const each of [
    caller,
    { ...caller, appJwt: jwt('given') },
    { ...caller, consumerJws: jwt('given') },
    { ...caller, credentials: acme, consumerId: undefined },
  ]) {
    t.equal(own.tokensAtHand(each), undefined)
    t.match(await problemOf(own.tokens(each)), /^credentials-missing: /)
  }
  t.equal(upstream.seen.length, 0)
  const given = { appJwt: jwt('a'), consumerJws: jwt('c') }
  t.strictSame(own.tokensAtHand({ ...caller, ...given }), given)
  t.strictSame(await own.tokens({ ...caller, ...given }), given)
})

test('an AppJWT is renewed at 80 % of its life or up to a tenth of that earlier, and used meanwhile', async (t) => {
  for (const [random, renewAtMs] of [
    [0, 2_880_000],
    [0.5, 2_736_000],
    [1, 2_592_000],
  ] as const) {
    await t.test(`random ${random}`, async (t) => {
      const clock = clockOf(t)
      t.intercept(Math, 'random', { value: () => random })
      const { credentials, logins } = await setUp(t, {
        sentinel: inTurn(sentinelGives(jwt('one')), sentinelGives(jwt('two'))),
      })
      await credentials.appJwt('mine')
      await clock.advance(renewAtMs - 5_000)
      t.equal(await credentials.appJwt('mine'), jwt('one'))
      t.equal(credentials.knownAppJwt('mine'), jwt('one'))
      t.equal(logins().length, 1, 'not yet')
      await clock.advance(5_000)
      t.equal(credentials.knownAppJwt('mine'), undefined)
      const used = await Promise.all([credentials.appJwt('mine'), credentials.appJwt('mine')])
      t.strictSame(used, [jwt('one'), jwt('one')], 'nobody waits')
      await until(() => credentials.knownAppJwt('mine') === jwt('two'))
      t.equal(logins().length, 2, 'once')
    })
  }
})

test('a background renewal that fails keeps the old AppJWT, is told, and comes again after 5 s', async (t) => {
  const clock = clockOf(t)
  const { credentials, script, failures, logins } = await setUp(t)
  await credentials.appJwt('mine')
  script.sentinel = json(401, { error: 'invalid_client' })
  await clock.advance(2_880_000)
  t.equal(await credentials.appJwt('mine'), jwt('one'))
  await until(() => failures.length > 0)
  t.strictSame(failures, [`mine credentials-rejected Sentinel answered 401: ${advice}`])
  t.equal(await credentials.appJwt('mine'), jwt('one'))
  t.equal(logins().length, 2, 'no other login in the pause')
  await clock.advance(5_000)
  script.sentinel = sentinelGives(jwt('two'))
  t.equal(await credentials.appJwt('mine'), jwt('one'))
  await until(() => credentials.knownAppJwt('mine') === jwt('two'))
  t.equal(failures.length, 1)
})

test('an AppJWT is not used in its last 30 s, or its last tenth if that is less', async (t) => {
  for (const [lifeSeconds, deadAtMs] of [
    [3_600, 3_570_000],
    [300, 270_000],
    [100, 90_000],
  ] as const) {
    await t.test(`${lifeSeconds} s`, async (t) => {
      const clock = clockOf(t)
      const old = jwt('old', { iat: 0, exp: lifeSeconds })
      const { credentials, script } = await setUp(t, { sentinel: sentinelGives(old) })
      await credentials.appJwt('mine')
      script.sentinel = json(503, '')
      await clock.advance(deadAtMs - 5_000)
      t.equal(await credentials.appJwt('mine'), old)
      await clock.advance(5_000)
      t.equal(await problemOf(credentials.appJwt('mine')), 'login-failed: Sentinel answered 503.')
      script.sentinel = sentinelGives(jwt('two'))
      await clock.advance(5_000)
      t.equal(await credentials.appJwt('mine'), jwt('two'), 'waited for')
    })
  }
})

test('the life of an AppJWT is read from its own times, else it is an hour', async (t) => {
  const nowSeconds = Date.now() / 1000
  const notJson = `${Buffer.from('{}').toString('base64url')}.bm8.x`
  for (const [token, lifeSeconds] of [
    [jwt('x', { iat: 10, exp: 110 }), 100],
    [jwt('x', { exp: nowSeconds + 1_000 }), 1_000],
    [jwt('x', {}), 3_600],
    [jwt('x', { iat: 10, exp: '110' }), 3_600],
    [jwt('x', { iat: 'then', exp: 110 }), 3_600],
    [jwt('x', ['no claims']), 3_600],
    [notJson, 3_600],
    [jwt('x', { iat: 110, exp: 10 }), 1],
  ] as const) {
    await t.test(token, async (t) => {
      const clock = clockOf(t)
      t.intercept(Math, 'random', { value: () => 0 })
      const { credentials, logins } = await setUp(t, { sentinel: sentinelGives(token) })
      t.equal(await credentials.appJwt('mine'), token)
      await clock.advance(Math.max(lifeSeconds * 800 - 5_000, 0))
      t.equal(credentials.knownAppJwt('mine'), token)
      await clock.advance(5_000)
      t.equal(credentials.knownAppJwt('mine'), undefined)
      t.equal(logins().length, 1)
    })
  }
})

test('Sentinel’s refusal is credentials-rejected, everything else that is no token login-failed', async (t) => {
  for (const [answer, problem, calls] of [
    [json(400, {}), `credentials-rejected: Sentinel answered 400: ${advice}`, 1],
    [json(401, acme), `credentials-rejected: Sentinel answered 401: ${advice}`, 1],
    [json(403, ''), `credentials-rejected: Sentinel answered 403: ${advice}`, 1],
    [json(451, ''), `credentials-rejected: Sentinel answered 451: ${advice}`, 1],
    [json(408, ''), 'login-failed: Sentinel answered 408.', 1],
    [json(429, ''), 'login-failed: Sentinel answered 429.', 1],
    [json(302, '', { location: '/' }), 'login-failed: Sentinel answered 302.', 1],
    [json(200, '<html>'), 'login-failed: Sentinel answered 200.', 1],
    [json(200, {}), 'login-failed: Sentinel answered 200.', 1],
    [sentinelGives('no token'), 'login-failed: Sentinel answered 200.', 1],
    [json(201, { access_token: jwt('one') }), 'login-failed: Sentinel answered 201.', 1],
    [json(500, ''), 'login-failed: Sentinel answered 500.', 2],
    [
      hangUp,
      'login-failed: LivePerson’s login service (Sentinel) or its identity service (IDP) failed, or did not answer.',
      2,
    ],
    [
      () => undefined,
      'login-failed: LivePerson’s login service (Sentinel) or its identity service (IDP) failed, or did not answer.',
      2,
    ],
  ] as const) {
    const { credentials, logins } = await setUp(t, { sentinel: answer })
    t.equal(await problemOf(credentials.appJwt('mine')), problem)
    t.equal(logins().length, calls, problem)
  }
})

test('IDP’s refusal is credentials-rejected, everything else that is no token login-failed', async (t) => {
  for (const [answer, problem, calls] of [
    [json(400, {}), 'rejected-by-liveengage: IDP refuses this X-LP-Consumer-Id.', 1],
    [json(403, {}), `credentials-rejected: IDP answered 403: ${advice}`, 1],
    [json(401, {}), `credentials-rejected: IDP answered 401: ${advice}`, 2],
    [json(429, ''), 'login-failed: IDP answered 429.', 1],
    [json(201, {}), 'login-failed: IDP answered 201.', 1],
    [idpGives('no token'), 'login-failed: IDP answered 201.', 1],
    [json(302, { token: jwt('consumer') }), 'login-failed: IDP answered 302.', 1],
    [json(500, {}), 'login-failed: IDP answered 500.', 2],
    [
      hangUp,
      'login-failed: LivePerson’s login service (Sentinel) or its identity service (IDP) failed, or did not answer.',
      2,
    ],
  ] as const) {
    const { credentials, identifications } = await setUp(t, { idp: answer })
    t.equal(await problemOf(credentials.consumerJws('mine', 'c')), problem)
    t.equal(identifications().length, calls, problem)
  }
  const { credentials } = await setUp(t, { idp: json(200, { token: jwt('consumer') }) })
  t.equal(await credentials.consumerJws('mine', 'c'), jwt('consumer'))
})

test('a call that failed or got no answer is made once more', async (t) => {
  for (const failure of [json(500, ''), hangUp]) {
    const { credentials } = await setUp(t, {
      sentinel: inTurn(failure, sentinelGives(jwt('one'))),
      idp: inTurn(failure, idpGives(jwt('consumer'))),
    })
    t.equal(await credentials.consumerJws('mine', 'c'), jwt('consumer'))
  }
})

test('Sentinel and IDP are looked up again when their host refuses the connection', async (t) => {
  const { credentials, script, upstream } = await setUp(t)
  script.hosts.set('sentinel', 'localhost:1').set('idp', 'localhost:1')
  t.match(await problemOf(credentials.consumerJws('mine', 'c')), /^login-failed: /)
  t.equal(upstream.lookups().length, 2, 'one look-up, one recheck')

  const moved = await setUp(t)
  moved.script.hosts.set('sentinel', 'localhost:1').set('idp', 'localhost:1')
  moved.upstream.script.domain = ((answer) => (seen, response, request) => {
    response.once('finish', () => moved.script.hosts.clear())
    answer(seen, response, request)
  })(moved.upstream.script.domain)
  t.equal(await moved.credentials.consumerJws('mine', 'c'), jwt('consumer'))
  t.equal(moved.upstream.lookups().filter(({ url }) => url.includes('sentinel')).length, 2)
})

test('after a failed login the next comes 5 s later, whoever asks', async (t) => {
  const clock = clockOf(t)
  const { credentials, script, logins } = await setUp(t, { sentinel: json(401, '') })
  const rejected = `credentials-rejected: Sentinel answered 401: ${advice}`
  t.equal(await problemOf(credentials.appJwt('mine')), rejected)
  script.sentinel = sentinelGives(jwt('one'))
  await clock.advance(4_000)
  t.equal(await problemOf(credentials.appJwt('mine')), rejected)
  t.equal(await problemOf(credentials.consumerJws('mine', 'c')), rejected)
  t.equal(await problemOf(credentials.renewAppJwt('mine', jwt('old'))), rejected)
  t.equal(logins().length, 1)
  await clock.advance(1_500)
  t.equal(await credentials.appJwt('mine'), jwt('one'))
})

test('a refused AppJWT is renewed once for all who held it, and not again for 5 s', async (t) => {
  const clock = clockOf(t)
  const { credentials, script, logins } = await setUp(t)
  await credentials.appJwt('mine')
  script.sentinel = sentinelGives(jwt('two'))
  const renewed = await Promise.all(
    Array.from({ length: 20 }, () => credentials.renewAppJwt('mine', jwt('one'))),
  )
  t.strictSame([...new Set(renewed)], [jwt('two')])
  t.equal(await credentials.renewAppJwt('mine', jwt('one')), jwt('two'), 'a late one too')
  t.equal(logins().length, 2, 'the first login opens no pause')
  t.equal(await credentials.renewAppJwt('mine', jwt('two')), undefined)
  t.equal(await credentials.appJwt('mine'), jwt('two'), 'which stays in use')
  t.equal(logins().length, 2)
  await clock.advance(5_100)
  script.sentinel = sentinelGives(jwt('three'))
  t.equal(await credentials.renewAppJwt('mine', jwt('two')), jwt('three'))
})

test('a refused AppJWT whose renewal fails is not used again, and Sentinel has its pause', async (t) => {
  const clock = clockOf(t)
  const { credentials, script, logins } = await setUp(t)
  await credentials.appJwt('mine')
  script.sentinel = json(429, '')
  const failed = 'login-failed: Sentinel answered 429.'
  t.equal(await problemOf(credentials.renewAppJwt('mine', jwt('one'))), failed)
  for (const _ of [1, 2, 3]) {
    t.equal(await problemOf(credentials.renewAppJwt('mine', jwt('one'))), failed)
    t.equal(await problemOf(credentials.appJwt('mine')), failed)
  }
  t.equal(logins().length, 2)
  await clock.advance(5_100)
  script.sentinel = sentinelGives(jwt('two'))
  t.equal(await credentials.appJwt('mine'), jwt('two'))
})

test('a 401 from IDP renews the AppJWT once', async (t) => {
  const { credentials, script, logins, identifications } = await setUp(t, {
    idp: inTurn(json(401, { internalErrorCode: '9007' }), idpGives(jwt('consumer'))),
    sentinel: inTurn(sentinelGives(jwt('one')), sentinelGives(jwt('two'))),
  })
  t.equal(await credentials.consumerJws('mine', 'c'), jwt('consumer'))
  t.strictSame(
    identifications().map(({ headers }) => headers.authorization),
    [jwt('one'), jwt('two')],
  )
  script.idp = json(401, '')
  t.match(await problemOf(credentials.consumerJws('mine', 'd')), /^credentials-rejected: IDP/)
  t.equal(identifications().length, 3, 'no second renewal so soon, so no second try')
  t.equal(logins().length, 2)
})

test('a refused ConsumerJWS is replaced, it alone, once for all who held it, and not again for 5 s', async (t) => {
  const clock = clockOf(t)
  const { credentials, script, logins, identifications } = await setUp(t)
  await Promise.all(['c', 'd'].map((consumerId) => credentials.consumerJws('mine', consumerId)))
  script.idp = idpGives(jwt('newer'))
  const renew = (refused: string) => credentials.renewConsumerJws('mine', 'c', refused)
  const renewed = await Promise.all(Array.from({ length: 10 }, () => renew(jwt('consumer'))))
  t.strictSame([...new Set(renewed)], [jwt('newer')])
  t.equal(await renew(jwt('consumer')), jwt('newer'), 'a late one gets the same')
  t.equal(credentials.knownConsumerJws('mine', 'd'), jwt('consumer'), 'another consumer keeps his')
  t.equal(await renew(jwt('newer')), undefined)
  t.equal(credentials.knownConsumerJws('mine', 'c'), jwt('newer'))
  t.equal(identifications().length, 3)
  t.equal(logins().length, 1, 'the AppJWT stays')
  await clock.advance(5_100)
  script.idp = idpGives(jwt('newest'))
  t.equal(await renew(jwt('newer')), jwt('newest'))
})

test('an error that is no problem is neither remembered nor told', async (t) => {
  const clock = clockOf(t)
  const { credentials, hosts, failures } = await setUp(t)
  const { at } = hosts
  await credentials.appJwt('mine')
  hosts.at = () => {
    throw new Error('a bug')
  }
  await clock.advance(3_000_000)
  t.equal(await credentials.appJwt('mine'), jwt('one'), 'in the background')
  await clock.advance(600_000)
  t.equal(await problemOf(credentials.appJwt('mine')), 'Error: a bug')
  hosts.at = at
  t.equal(await credentials.appJwt('mine'), jwt('one'))
  t.strictSame(failures, [])
})

test('a client without any hold on a ConsumerJWS sends nothing, and a bug of its own stays one', async (t) => {
  const { hosts, domains, own, credentials, upstream } = await setUp(t)
  const client = new Client({ hosts, domains, credentials: own, clientFeatures: [] })
  const caller: Caller = {
    accountId: 'mine',
    credentials: acme,
    appJwt: undefined,
    consumerJws: undefined,
    consumerId: undefined,
    clientProperties: undefined,
  }
  const body = { dialogId: 'c', event: { type: 'ChatStateEvent', chatState: 'ACTIVE' } } as const
  const send = (caller: Caller) =>
    client.send({ type: 'ms.PublishEvent', body }, { caller, terms: termsOf(2_000) })
  t.match(await problemOf(send(caller)), /^credentials-missing: /)
  t.equal(upstream.seen.filter(({ method }) => method === 'POST').length, 0)
  await credentials.consumerJws('mine', 'c')
  hosts.at = () => {
    throw new Error('a bug')
  }
  t.equal(await problemOf(send({ ...caller, consumerId: 'c' })), 'Error: a bug')
})

test('a login for which there is no room is refused as that, and tried again with the next request', async (t) => {
  let answer = () => {}
  const { credentials, known, script, upstream } = await setUp(t, {
    connections: 1,
    queue: 0,
    sentinel: (...call) => {
      answer = () => sentinelGives(jwt('one'))(...call)
    },
  })
  known.set('other', acme)
  const first = credentials.appJwt('mine')
  const isHeld = () => upstream.seen.some(({ url }) => url.startsWith('/sentinel/'))
  while (!isHeld()) await setImmediate()
  t.match(await problemOf(credentials.appJwt('other')), /^overloaded: /)
  script.sentinel = sentinelGives(jwt('two'))
  answer()
  t.equal(await first, jwt('one'))
  t.equal(await credentials.appJwt('other'), jwt('two'))
})

test('an IDP that fails is left alone for 5 s, a consumer that it refuses is not remembered', async (t) => {
  const clock = clockOf(t)
  const { credentials, script, identifications } = await setUp(t, { idp: json(500, {}) })
  const failed = 'login-failed: IDP answered 500.'
  t.equal(await problemOf(credentials.consumerJws('mine', 'one')), failed)
  t.equal(await problemOf(credentials.consumerJws('mine', 'two')), failed)
  t.equal(identifications().length, 2, 'the second consumer cost no call')
  await clock.advance(5_001)
  script.idp = json(400, {})
  const refused = 'rejected-by-liveengage: IDP refuses this X-LP-Consumer-Id.'
  t.equal(await problemOf(credentials.consumerJws('mine', 'one')), refused)
  script.idp = idpGives(jwt('consumer'))
  t.equal(await credentials.consumerJws('mine', 'one'), jwt('consumer'))
})
