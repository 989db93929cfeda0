import t from 'tap'
import { createHostAllowlist } from '../../src/liveengage/host-allowlist.ts'

const label63 = 'a'.repeat(63)

t.test('a host under an allowed suffix gets its origin', (t) => {
  const guard = createHostAllowlist(['.liveperson.net'], 'https:')
  const cases = {
    'va.msg.liveperson.net': 'https://va.msg.liveperson.net',
    'VA.Msg.LivePerson.NET': 'https://va.msg.liveperson.net',
    'a.liveperson.net': 'https://a.liveperson.net',
    '1.liveperson.net': 'https://1.liveperson.net',
    'va-at.msg.liveperson.net': 'https://va-at.msg.liveperson.net',
    [`${label63}.liveperson.net`]: `https://${label63}.liveperson.net`,
  }
  for (const [host, origin] of Object.entries(cases)) t.equal(guard(host), origin, host)
  t.end()
})

t.test('whatever else the Domain API may name is refused', (t) => {
  const guard = createHostAllowlist(['.liveperson.net'], 'https:')
  const cases = [
    '',
    '.',
    '.liveperson.net',
    'liveperson.net',
    'a.liveperson.net.',
    'evil-liveperson.net',
    'evilliveperson.net',
    'a.liveperson.net.evil.com',
    'a.liveperson.net@evil.com',
    'evil.com@a.liveperson.net',
    'user:pass@a.liveperson.net',
    'evil.com#.liveperson.net',
    'evil.com?.liveperson.net',
    'evil.com/.liveperson.net',
    'evil.com\\.liveperson.net',
    'evil.com%2f.liveperson.net',
    'evil.com%00.liveperson.net',
    'evil.com\0.liveperson.net',
    'evil.com\n.liveperson.net',
    'evil.com\t.liveperson.net',
    'a.liveperson.net\n',
    ' a.liveperson.net',
    'a.liveperson.net ',
    'https://a.liveperson.net',
    'http://a.liveperson.net',
    '//a.liveperson.net',
    'a.liveperson.net/',
    'a.liveperson.net/path',
    'a.liveperson.net?x',
    'a.liveperson.net#x',
    'a.liveperson.net:443',
    'a.liveperson.net:8443',
    'a.liveperson.net:',
    'a.liveperson.net:0',
    'a.liveperson.net:99999999',
    'a..liveperson.net',
    '-a.liveperson.net',
    'a-.liveperson.net',
    'a_b.liveperson.net',
    '*.liveperson.net',
    `${'a'.repeat(64)}.liveperson.net`,
    `${`${label63}.`.repeat(4)}liveperson.net`,
    'ａ.liveperson.net',
    'a。liveperson.net',
    'a.liveperson。net',
    '\u212a.liveperson.net',
    'bücher.liveperson.net',
    'xn--0.liveperson.net',
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '::1',
    'localhost',
    'metadata.google.internal',
  ]
  for (const host of cases) t.equal(guard(host), undefined, JSON.stringify(host))
  t.end()
})

t.test('a listed host is allowed as it is written, with its port and no other', (t) => {
  const guard = createHostAllowlist(
    ['proxy.example.com', 'mtls.example.com:8443', 'a.example.com:443'],
    'https:',
  )
  const cases = {
    'proxy.example.com': 'https://proxy.example.com',
    'PROXY.example.com': 'https://proxy.example.com',
    'mtls.example.com:8443': 'https://mtls.example.com:8443',
    'a.example.com:443': 'https://a.example.com',
    'sub.proxy.example.com': undefined,
    'proxy.example.com:443': undefined,
    'mtls.example.com': undefined,
    'mtls.example.com:8444': undefined,
    'mtls.example.com:08443': undefined,
  }
  for (const [host, origin] of Object.entries(cases)) t.equal(guard(host), origin, host)
  t.end()
})

t.test('an address is no host, and nonsense no URL, even where they are listed', (t) => {
  const listed = [
    '127.0.0.1',
    '127.0.0.1:3001',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    'localhost:99999',
    'xn--0.example.com',
  ]
  for (const scheme of ['http:', 'https:'] as const) {
    const guard = createHostAllowlist(listed, scheme)
    for (const host of listed) t.equal(guard(host), undefined, `${scheme} ${host}`)
  }
  t.end()
})

t.test('plain HTTP never leaves the machine', (t) => {
  const guard = createHostAllowlist(
    ['localhost:3001', 'localhost', '.liveperson.net', 'intranet'],
    'http:',
  )
  const cases = {
    'localhost:3001': 'http://localhost:3001',
    localhost: 'http://localhost',
    'localhost:3002': undefined,
    'va.msg.liveperson.net': undefined,
    intranet: undefined,
  }
  for (const [host, origin] of Object.entries(cases)) t.equal(guard(host), origin, host)
  t.end()
})

t.test('a long name costs no more than its length', (t) => {
  const guard = createHostAllowlist(['.liveperson.net'], 'https:')
  const started = performance.now()
  for (const host of ['a.'.repeat(32_000), 'a-'.repeat(32_000), 'a'.repeat(64_000)])
    guard(`${host}!`)
  t.ok(performance.now() - started < 1_000)
  t.end()
})
