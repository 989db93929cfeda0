import { request } from 'node:http'
import { test } from 'tap'
import { problems } from '../../src/problems/catalogue.ts'
import { type StartedProxy, start, startProxy, token } from '../start.ts'
import { portOf, startUpstream } from '../upstream.ts'
import { openWire } from '../wire.ts'

type Answer = { status: number | undefined; code: string | undefined; csp: unknown }

const tokens = { authorization: token, 'x-lp-on-behalf': token }

/** `fetch` would not let a test choose Host, Origin or Sec-Fetch-Site. */
function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = method === 'POST' ? '{"text":"Hi"}' : undefined
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const asking = request(`${url}${path}`, { method, headers: { ...tokens, ...type, ...headers } })
    asking.once('error', reject)
    asking.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.once('end', () => {
        const code = /"code":"([a-z-]+)"/.exec(text)?.[1]
        resolve({
          status: response.statusCode,
          code,
          csp: response.headers['content-security-policy'],
        })
      })
    })
    asking.end(body)
  })
}

const message = '/conversations/c1/messages'
const hostOf = ({ url }: StartedProxy) => new URL(url).host
const everyWay = [
  'POST /conversations',
  `POST ${message}`,
  'GET /livez',
  'GET /problems',
  'GET /docs/',
  'GET /metrics',
  'GET /nothing',
]

test('a listener on a loopback address answers to loopback names and to ALLOWED_HOSTNAMES', async (t) => {
  const proxy = await start(t, { ALLOWED_HOSTNAMES: 'Proxy.internal,my_laptop' })
  for (const host of [
    'localhost',
    'LOCALHOST:3000',
    'localhost.',
    'localhost:',
    '127.0.0.1',
    '127.255.0.9:80',
    '[::1]:3000',
    'proxy.internal',
    'PROXY.internal:8443',
    'my_laptop',
  ]) {
    t.match(await ask(proxy.url, 'POST', message, { host }), { status: 201 }, host)
  }
})

test('every other Host gets a 421 on every route, and nothing is sent', async (t) => {
  const proxy = await start(t, { ALLOWED_HOSTNAMES: 'proxy.internal' })
  for (const host of [
    'rebind.example',
    'rebind.example:80',
    'localhost.example',
    'x.localhost',
    '127.0.0.1.example',
    '127.0.0.999',
    '128.0.0.1',
    '0.0.0.0',
    '[::2]',
    'sub.proxy.internal',
  ]) {
    const answer = await ask(proxy.url, 'POST', message, { host })
    t.match(answer, { status: 421, code: 'host-not-allowed' }, host)
  }
  for (const way of everyWay) {
    const [method = '', path = ''] = way.split(' ')
    const answer = await ask(proxy.url, method, path, { host: 'rebind.example' })
    t.equal(answer.status, 421, way)
  }
  t.strictSame(
    proxy.sandbox.calls().filter(({ url }) => /send/.test(url)),
    [],
  )
})

test('an invalid Host gets a 400', async (t) => {
  const { url } = await start(t)
  for (const host of [
    'a b',
    'user@x',
    'http://x',
    'x/y',
    'a,b',
    '[::1',
    'localhost:x',
    'localhost:123456',
    '::1',
    '',
  ]) {
    const wire = await openWire(
      t,
      url,
      `GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    const received = await wire.ended()
    t.match(received, /^HTTP\/1\.1 400 /, host)
    t.match(received, '"path":"header:Host"', host)
  }
  const old = await openWire(t, url, 'GET /livez HTTP/1.0\r\n\r\n')
  t.match(await old.ended(), /^HTTP\/1\.1 200 /, 'HTTP/1.0 needs none')
})

test('a listener beyond loopback answers to any Host, and refuses other origins all the same', async (t) => {
  const upstream = await startUpstream(t)
  const { server } = await startProxy(t, upstream.origin, {}, undefined, '0.0.0.0')
  const url = `http://127.0.0.1:${portOf(server.server)}`
  t.match(await ask(url, 'GET', '/livez', { host: 'proxy.example' }), { status: 200 })
  t.match(await ask(url, 'GET', '/livez', { host: 'a b' }), { status: 400 })
  t.match(await ask(url, 'GET', '/metrics', { host: 'proxy.example', origin: 'http://x' }), {
    status: 403,
    code: 'origin-not-allowed',
  })
})

test('a page of another origin gets a 403, and nothing is sent', async (t) => {
  const proxy = await start(t)
  const host = hostOf(proxy)
  for (const headers of [
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:1' },
    { origin: `http://127.0.0.1` },
    { origin: 'null' },
    { origin: '' },
    { origin: `ftp://${host}` },
    { origin: `http://${host}, http://evil.example` },
    { 'sec-fetch-site': 'cross-site' },
    { origin: `http://${host}`, 'sec-fetch-site': 'cross-site' },
  ]) {
    const name = JSON.stringify(headers)
    for (const way of [
      `POST /conversations`,
      `POST ${message}`,
      'GET /metrics',
      'OPTIONS /conversations',
    ]) {
      const [method = '', path = ''] = way.split(' ')
      const answer = await ask(proxy.url, method, path, headers)
      t.match(answer, { status: 403, code: 'origin-not-allowed' }, `${way} ${name}`)
    }
    for (const path of [
      '/livez',
      '/readyz',
      '/problems',
      '/problems/overloaded',
      '/docs/',
      '/openapi.json',
    ]) {
      t.equal((await ask(proxy.url, 'GET', path, headers)).status, 200, `${path} ${name}`)
    }
  }
  t.strictSame(
    proxy.sandbox.calls().filter(({ url }) => /send|conversation/.test(url)),
    [],
  )
})

test('the proxy’s own pages may call it, such as those of /docs and of PUBLIC_URL', async (t) => {
  const proxy = await start(t, { PUBLIC_URL: 'https://api.example.com/liveengage' })
  const host = hostOf(proxy)
  for (const headers of [
    { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' },
    { origin: `https://${host}` },
    { origin: 'https://api.example.com' },
    { 'sec-fetch-site': 'none' },
  ]) {
    t.match(
      await ask(proxy.url, 'POST', message, headers),
      { status: 201 },
      JSON.stringify(headers),
    )
  }
})

test('no page may show /docs in a frame', async (t) => {
  const { url } = await start(t)
  t.equal((await ask(url, 'GET', '/docs/', {})).csp, "frame-ancestors 'none'")
})

test('the admin listener checks both as well', async (t) => {
  const { admin } = await start(t, { ADMIN_PORT: '0' })
  if (admin === undefined) throw new Error('there is no admin listener')
  t.teardown(() => admin.close())
  const url = await admin.listen({ host: '127.0.0.1', port: 0 })
  t.match(await ask(url, 'GET', '/metrics', { host: 'rebind.example' }), { status: 421 })
  t.match(await ask(url, 'GET', '/metrics', { origin: 'http://evil.example' }), { status: 403 })
  t.match(await ask(url, 'GET', '/metrics', {}), { status: 200 })
})

test('the two refusals say what to do', (t) => {
  t.match(problems['host-not-allowed'].remedy, 'ALLOWED_HOSTNAMES')
  t.match(problems['origin-not-allowed'].remedy, 'from your backend')
  t.end()
})
