import t from 'tap'
import { createEgress, type EgressOptions } from '../../src/transport/egress.ts'

/** The proxy of a URL, by its host. */
function proxyOf(options: EgressOptions, url: string): string | undefined {
  return createEgress(options)(new URL(url))?.host
}

const both = { httpsProxy: 'http://secure.test:3128', httpProxy: 'http://plain.test:3128' }

t.test('https goes through HTTPS_PROXY and http through HTTP_PROXY', (t) => {
  t.equal(proxyOf(both, 'https://va.msg.liveperson.net'), 'secure.test:3128')
  t.equal(proxyOf(both, 'http://app.test:8080'), 'plain.test:3128')
  t.equal(proxyOf({ httpProxy: both.httpProxy }, 'https://va.msg.liveperson.net'), undefined)
  t.equal(proxyOf({}, 'https://va.msg.liveperson.net'), undefined)
  t.end()
})

t.test('loopback is always reached directly', (t) => {
  for (const host of ['localhost', 'LOCALHOST:3001', '127.0.0.1', '127.9.9.9:80', '[::1]:80']) {
    t.equal(proxyOf(both, `http://${host}`), undefined, host)
  }
  t.end()
})

const cases: readonly (readonly [noProxy: string, url: string, isDirect: boolean])[] = [
  ['*', 'https://va.msg.liveperson.net', true],
  ['va.msg.liveperson.net', 'https://va.msg.liveperson.net', true],
  ['VA.msg.LivePerson.net', 'https://va.msg.liveperson.net', true],
  ['msg.liveperson.net', 'https://va.msg.liveperson.net', false],
  ['.liveperson.net', 'https://va.msg.liveperson.net', true],
  ['.liveperson.net', 'https://liveperson.net', false],
  ['.liveperson.net', 'https://evilliveperson.net', false],
  ['app.test:8080', 'http://app.test:8080', true],
  ['app.test:8080', 'http://app.test:8081', false],
  ['app.test:80', 'http://app.test', true],
  ['app.test:443', 'https://app.test', true],
  ['app.test', 'http://app.test:8080', true],
  ['other.test, app.test', 'http://app.test', true],
  ['', 'http://app.test', false],
]
for (const [noProxy, url, isDirect] of cases) {
  t.test(`NO_PROXY=${noProxy}: ${url} is called ${isDirect ? 'directly' : 'by proxy'}`, (t) => {
    const proxy = proxyOf({ ...both, noProxy: noProxy.split(',') }, url)
    t.equal(proxy === undefined, isDirect)
    t.end()
  })
}
