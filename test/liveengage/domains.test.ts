import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Domains, type DomainsOptions } from '../../src/liveengage/domains.ts'
import { createHostAllowlist } from '../../src/liveengage/host-allowlist.ts'
import type { Hosts } from '../../src/transport/hosts.ts'
import { documented } from '../documented.ts'
import { controlClock } from '../transport/fixtures/clock.ts'
import { openHosts } from '../transport/fixtures/hosts.ts'
import { hostIs, json, type Script, startUpstream, type Upstream } from '../upstream.ts'

const service = 'asyncMessagingEnt'
const allowed = ['localhost:1', 'localhost:2', 'localhost:3']
const one = 'http://localhost:1'
const two = 'http://localhost:2'
const three = 'http://localhost:3'

async function start(
  t: Test,
  domain: Script,
  options: Partial<DomainsOptions> = {},
): Promise<{ domains: Domains; upstream: Upstream; hosts: Hosts }> {
  const upstream = await startUpstream(t, { domain })
  const hosts = openHosts(t, { callTimeoutMs: 2_000 })
  const domains = new Domains({
    hosts,
    domainApiUrl: upstream.origin,
    allowlist: createHostAllowlist(allowed, 'http:'),
    ttlMs: 300_000,
    staleMs: 86_400_000,
    callTimeoutMs: 1_000,
    ...options,
  })
  return { domains, upstream, hosts }
}

/** Answers in this order; the last one again and again. */
function inTurn(...scripts: Script[]): Script {
  let index = 0
  return (...call) => {
    scripts[Math.min(index, scripts.length - 1)]?.(...call)
    index += 1
  }
}

const hang: Script = () => undefined
const reset: Script = (_seen, _response, request) => void request.socket.destroy()
const after = (ms: number, script: Script): Script => {
  return (...call) => void delay(ms).then(() => script(...call))
}

const failing: Record<string, Script> = {
  'a server error': json(500, ''),
  'a broken connection': reset,
  'no JSON': json(200, '<html>'),
  'JSON of another form': json(200, { error: { internalCode: 7 } }),
  'no content': (_seen, response) => void response.writeHead(204).end(),
  'a redirect': json(302, '', { location: 'http://localhost:9/' }),
  'too many requests': json(429, ''),
  'no right to ask': json(403, ''),
  'a host that is not allowed': hostIs('evil.example.com'),
  'an address': hostIs('127.0.0.1:1'),
  'a URL': hostIs('http://localhost:1/'),
}

const fromPage = (name: string) => {
  const { status, body } = documented(name).response
  return json(status, body ?? '')
}

const unknown: Record<string, Script> = {
  'a documented 400': fromPage('51-error-domain-bad-request'),
  'a documented 401': fromPage('52-error-domain-invalid-site'),
  'a documented list without the service': fromPage('48-domain-list-all-services'),
  'a 404': json(404, ''),
  'an empty list': json(200, { baseURIs: [] }),
  'an empty array': json(200, []),
  'another service': json(200, { service: 'asyncmessagingent', baseURI: 'localhost:1' }),
  'an empty host': hostIs(''),
}

t.test('each form of the Domain API’s answer names the host', async (t) => {
  const entry = { service, account: '12345678', baseURI: 'localhost:1' }
  const other = { service: 'sentinel', account: '12345678', baseURI: 'localhost:2' }
  const forms = {
    'a list under baseURIs': { baseURIs: [other, entry] },
    'a bare list': [other, entry],
    'one object': entry,
  }
  for (const [name, form] of Object.entries(forms)) {
    const { domains, upstream } = await start(t, json(200, form))
    t.equal(await domains.find('12345678', service), one, name)
    t.strictSame(
      upstream.seen.map(({ method, url, headers }) => [method, url, headers.accept]),
      [
        [
          'GET',
          '/api/account/12345678/service/asyncMessagingEnt/baseURI.json?version=1.0',
          'application/json',
        ],
      ],
    )
  }
})

t.test('a hundred who ask at once share one look-up', async (t) => {
  const { domains, upstream } = await start(t, after(20, hostIs('localhost:1')))
  const origins = await Promise.all(Array.from({ length: 100 }, () => domains.find('1', service)))
  t.strictSame(origins, Array(100).fill(one))
  t.equal(upstream.lookups().length, 1)
})

t.test('a hundred who ask at once share one failure', async (t) => {
  const { domains, upstream } = await start(t, after(20, json(404, '')))
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, () => domains.find('1', service)),
  )
  for (const result of results) t.match(result, { reason: { code: 'account-unknown' } })
  t.equal(upstream.lookups().length, 1)
})

t.test('accounts and services have hosts of their own', async (t) => {
  const { domains } = await start(t, (seen, ...rest) => {
    const [, account, service] = /account\/(.*)\/service\/(.*)\/base/.exec(seen.url) ?? []
    const port = account === 'b' ? 3 : service === 'sentinel' ? 2 : 1
    json(200, { service, baseURI: `localhost:${port}` })(seen, ...rest)
  })
  const found = await Promise.all([
    domains.find('a', service),
    domains.find('a', 'sentinel'),
    domains.find('b', service),
  ])
  t.strictSame(found, [one, two, three])
  t.equal(domains.cached('a', service), one)
  t.equal(domains.cached('a', 'sentinel'), two)
  t.equal(domains.cached('b', service), three)
  t.equal(domains.cached('b', 'sentinel'), undefined)
})

t.test('a host is used for its time, less a tenth at most', async (t) => {
  const cases = [
    { random: 0, freshMs: 39_500, oldMs: 40_500 },
    { random: 0.5, freshMs: 37_500, oldMs: 38_500 },
    { random: 0.999, freshMs: 35_500, oldMs: 36_500 },
  ]
  for (const { random, freshMs, oldMs } of cases) {
    await t.test(`chance ${random}`, async (t) => {
      const clock = controlClock(t)
      t.intercept(Math, 'random', { value: () => random })
      const script = inTurn(hostIs('localhost:1'), hostIs('localhost:2'))
      const { domains, upstream } = await start(t, script, { ttlMs: 40_000 })
      await domains.find('1', service)
      await clock.pass(freshMs)
      t.equal(domains.cached('1', service), one)
      await clock.pass(oldMs - freshMs)
      t.equal(domains.cached('1', service), undefined)
      t.equal(await domains.find('1', service), two)
      await clock.pass(freshMs)
      t.equal(domains.cached('1', service), two, 'the second time as well')
      await clock.pass(oldMs - freshMs)
      t.equal(domains.cached('1', service), undefined)
      t.equal(upstream.lookups().length, 2)
    })
  }
})

t.test('a stale host is used while look-ups fail, with ten seconds between them', async (t) => {
  for (const [name, script] of Object.entries({ ...failing, ...unknown })) {
    await t.test(name, async (t) => {
      const clock = controlClock(t)
      const { domains, upstream } = await start(t, hostIs('localhost:1'), { ttlMs: 1_000 })
      await domains.find('1', service)
      upstream.script.domain = script
      await clock.pass(1_100)
      t.equal(domains.cached('1', service), undefined)
      t.equal(await domains.find('1', service), one)
      const lookups = upstream.lookups().length
      await clock.pass(9_000)
      t.equal(domains.cached('1', service), one)
      await clock.pass(1_200)
      upstream.script.domain = hostIs('localhost:2')
      t.equal(domains.cached('1', service), undefined)
      t.equal(await domains.find('1', service), two)
      t.equal(upstream.lookups().length, lookups + 1)
    })
  }
})

t.test(
  'nobody waits longer than half a second for a look-up while a stale host is known',
  async (t) => {
    const clock = controlClock(t)
    const { domains, upstream } = await start(t, hostIs('localhost:1'), {
      ttlMs: 40_000,
      callTimeoutMs: 20_000,
    })
    await domains.find('1', service)
    let answer: (() => void) | undefined
    upstream.script.domain = (...call) => {
      answer = () => void hostIs('localhost:2')(...call)
    }
    await clock.pass(40_100)
    const started = Date.now()
    const stale = await Promise.all([domains.find('1', service), domains.find('1', service)])
    const tookMs = Date.now() - started
    t.strictSame(stale, [one, one])
    t.ok(tookMs > 490 && tookMs < 15_000, `took ${tookMs} ms`)
    t.equal(domains.cached('1', service), one, 'meanwhile nobody waits')
    answer?.()
    while (domains.cached('1', service) === one) await delay(5)
    t.equal(domains.cached('1', service), two, 'the late answer is used')
    await clock.pass(35_000)
    t.equal(domains.cached('1', service), two, 'for its whole time')
    t.equal(upstream.lookups().length, 2)
  },
)

t.test('a look-up for which there is no room is refused as that, and not remembered', async (t) => {
  const answers: (() => void)[] = []
  const held: Script = (...call) => void answers.push(() => hostIs('localhost:1')(...call))
  const upstream = await startUpstream(t, { domain: held })
  const hosts = openHosts(t, { connections: 1, queue: 0 })
  const domains = new Domains({
    hosts,
    domainApiUrl: upstream.origin,
    allowlist: createHostAllowlist(allowed, 'http:'),
    ttlMs: 300_000,
    staleMs: 86_400_000,
    callTimeoutMs: 1_000,
  })
  const first = domains.find('1', service)
  await t.rejects(domains.find('2', service), { code: 'overloaded', delivery: 'not-sent' })
  while (answers.length === 0) await delay(1)
  upstream.script.domain = hostIs('localhost:1')
  answers[0]?.()
  t.equal(await first, one)
  t.equal(await domains.find('2', service), one)
})

t.test('a host in use that moves is noticed within a minute, and nobody waits', async (t) => {
  const clock = controlClock(t)
  const { domains, upstream } = await start(t, hostIs('localhost:1'))
  await domains.find('1', service)
  await clock.pass(44_000)
  t.equal(domains.cached('1', service), one)
  t.equal(upstream.lookups().length, 1)
  upstream.script.domain = json(400, '')
  await clock.pass(7_000)
  t.equal(domains.cached('1', service), one)
  t.equal(domains.cached('1', service), one)
  while (upstream.lookups().length < 2) await delay(5)
  await delay(50)
  t.equal(domains.cached('1', service), one, 'a failed look-up changes nothing')
  t.equal(upstream.lookups().length, 2, 'one look-up for all')
  upstream.script.domain = hostIs('localhost:2')
  await clock.pass(9_000)
  t.equal(domains.cached('1', service), one)
  await clock.pass(1_100)
  t.equal(domains.cached('1', service), one)
  while (domains.cached('1', service) === one) await delay(5)
  t.equal(domains.cached('1', service), two)
  t.equal(upstream.lookups().length, 3)
})

t.test('a look-up that fails late harms nobody', async (t) => {
  const clock = controlClock(t)
  const { domains, upstream } = await start(t, hostIs('localhost:1'), { ttlMs: 1_000 })
  await domains.find('1', service)
  upstream.script.domain = after(600, json(404, ''))
  await clock.pass(1_100)
  t.equal(await domains.find('1', service), one)
  await delay(200)
  t.equal(domains.cached('1', service), one)
})

t.test('a look-up that was in time is not taken for a late one', async (t) => {
  const clock = controlClock(t)
  const { domains, upstream } = await start(t, hostIs('localhost:1'), { ttlMs: 1_000 })
  await domains.find('1', service)
  upstream.script.domain = inTurn(hostIs('localhost:2'), hostIs('localhost:3'))
  await clock.pass(1_100)
  t.equal(await domains.find('1', service), two)
  await delay(200)
  t.equal(await domains.recheck('1', service, two), three)
  await delay(400)
  t.equal(domains.cached('1', service), three)
})

t.test('a late answer does not replace a newer one', async (t) => {
  const clock = controlClock(t)
  const { domains, upstream } = await start(t, hostIs('localhost:1'), { ttlMs: 1_000 })
  await domains.find('1', service)
  upstream.script.domain = inTurn(after(700, hostIs('localhost:2')), hostIs('localhost:3'))
  await clock.pass(1_100)
  t.equal(await domains.find('1', service), one)
  t.equal(await domains.recheck('1', service, one), three)
  await delay(300)
  t.equal(domains.cached('1', service), three)
})

t.test('a host that is stale for too long is not used any more', async (t) => {
  const clock = controlClock(t)
  const options = { ttlMs: 1_000, staleMs: 5_000 }
  const { domains, upstream } = await start(t, hostIs('localhost:1'), options)
  await domains.find('1', service)
  upstream.script.domain = json(500, '')
  await clock.pass(5_000)
  t.equal(await domains.find('1', service), one)
  await clock.pass(10_100)
  await t.rejects(domains.find('1', service), { code: 'domain-lookup-failed' })
  t.equal(domains.cached('1', service), undefined)
})

t.test('an account without a host is unknown for 30 seconds', async (t) => {
  for (const [name, script] of Object.entries(unknown)) {
    await t.test(name, async (t) => {
      const clock = controlClock(t)
      const { domains, upstream } = await start(t, script)
      await t.rejects(domains.find('1', service), { code: 'account-unknown' })
      await clock.pass(29_000)
      await t.rejects(domains.find('1', service), { code: 'account-unknown' })
      t.equal(upstream.lookups().length, 1, 'asked once, and not again')
      upstream.script.domain = hostIs('localhost:1')
      await clock.pass(1_100)
      t.equal(await domains.find('1', service), one)
    })
  }
})

t.test('a failed look-up is remembered for two seconds', async (t) => {
  for (const [name, script] of Object.entries(failing)) {
    await t.test(name, async (t) => {
      const clock = controlClock(t)
      const { domains, upstream } = await start(t, script)
      await t.rejects(domains.find('1', service), { code: 'domain-lookup-failed' })
      t.equal(domains.cached('1', service), undefined)
      const lookups = upstream.lookups().length
      await clock.pass(1_400)
      await t.rejects(domains.find('1', service), { code: 'domain-lookup-failed' })
      t.equal(upstream.lookups().length, lookups)
      upstream.script.domain = hostIs('localhost:1')
      await clock.pass(1_100)
      t.equal(await domains.find('1', service), one)
    })
  }
})

t.test('a host that is not allowed is named to the log, not to the caller', async (t) => {
  const { domains } = await start(t, hostIs('evil.example.com'))
  await t.rejects(domains.find('1', service), {
    message:
      'The Domain API named a host that is not in LP_ALLOWED_HOSTS; no token was sent to it.',
    cause: { message: 'it named "evil.example.com"' },
  })
})

t.test('a call that fails is made once more, one that was refused is not', async (t) => {
  const cases: { name: string; script: Script; calls: number }[] = [
    { name: 'a server error', script: json(503, ''), calls: 2 },
    { name: 'a broken connection', script: reset, calls: 2 },
    { name: 'no answer in time', script: hang, calls: 2 },
    { name: 'too many requests', script: json(429, ''), calls: 1 },
    { name: 'not found', script: json(404, ''), calls: 1 },
    { name: 'no JSON', script: json(200, 'html'), calls: 1 },
  ]
  for (const { name, script, calls } of cases) {
    const { domains, upstream } = await start(t, script, { callTimeoutMs: 100 })
    await t.rejects(domains.find('1', service), { name: 'Problem' })
    t.equal(upstream.lookups().length, calls, name)
  }
  const { domains } = await start(t, inTurn(json(500, ''), hostIs('localhost:1')))
  t.equal(await domains.find('1', service), one)
})

t.test('a Domain API that cannot be reached is a failed look-up', async (t) => {
  const { domains } = await start(t, hang, { domainApiUrl: 'http://nowhere.invalid' })
  await t.rejects(domains.find('1', service), { code: 'domain-lookup-failed' })
})

t.test('a failed host is looked up again at once, once in ten seconds', async (t) => {
  const clock = controlClock(t)
  const { domains, upstream } = await start(t, hostIs('localhost:1'))
  await domains.find('a', service)
  await domains.find('b', service)
  upstream.script.domain = hostIs('localhost:2')
  t.equal(await domains.recheck('a', service, one), two)
  t.equal(domains.cached('a', service), two)
  t.equal(domains.cached('b', service), one, 'others are left alone')
  t.equal(await domains.recheck('a', service, one), two, 'known to be elsewhere by now')
  t.equal(upstream.lookups().length, 3)

  upstream.script.domain = hostIs('localhost:3')
  t.equal(await domains.recheck('a', service, two), two)
  t.equal(upstream.lookups().length, 3)
  t.equal(await domains.recheck('b', service, one), three)
  await clock.pass(10_100)
  t.equal(await domains.recheck('a', service, two), three)
  t.equal(upstream.lookups().length, 5)
})

t.test('all who fail at a host wait for the one look-up of its successor', async (t) => {
  const { domains, upstream } = await start(t, hostIs('localhost:1'))
  await domains.find('1', service)
  upstream.script.domain = after(50, hostIs('localhost:2'))
  const origins = await Promise.all(
    Array.from({ length: 50 }, () => domains.recheck('1', service, one)),
  )
  t.strictSame(origins, Array(50).fill(two))
  t.equal(upstream.lookups().length, 2)
})

t.test('a failed host is used on if nothing better is found', async (t) => {
  const { domains, upstream } = await start(t, hostIs('localhost:1'))
  await domains.find('1', service)
  upstream.script.domain = json(404, '')
  t.equal(await domains.recheck('1', service, one), one)
  t.equal(domains.cached('1', service), one)
  t.equal(await domains.recheck('other', service, one), one, 'nor anything before')
  t.equal(domains.cached('other', service), undefined)
})

t.test('a host that takes no connections is looked up again after two seconds', async (t) => {
  const clock = controlClock(t)
  const { domains, upstream, hosts } = await start(t, hostIs('localhost:1'))
  await domains.find('1', service)
  await clock.pass(2_100)
  t.equal(domains.cached('1', service), one)
  await delay(50)
  t.equal(upstream.lookups().length, 1, 'one that takes them is not')

  hosts.at(one).refusesConnections = true
  upstream.script.domain = json(400, '')
  for (const _ of [1, 2, 3]) t.equal(domains.cached('1', service), one)
  while (upstream.lookups().length < 2) await delay(5)
  await delay(50)
  t.equal(upstream.lookups().length, 2, 'one look-up for all')
  await clock.pass(1_500)
  t.equal(domains.cached('1', service), one)
  await delay(50)
  t.equal(upstream.lookups().length, 2)

  upstream.script.domain = hostIs('localhost:2')
  await clock.pass(600)
  t.equal(domains.cached('1', service), one, 'nobody waits')
  for (let tries = 0; domains.cached('1', service) === one && tries < 200; tries += 1) {
    await delay(5)
  }
  t.equal(domains.cached('1', service), two)
  t.equal(upstream.lookups().length, 3)
})
