import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Problem } from '../../src/problems/problem.ts'
import { exchange, type OutgoingRequest } from '../../src/transport/exchange.ts'
import type { Hosts } from '../../src/transport/hosts.ts'
import { makeCertificate, validity } from '../doctor/fixtures/certificate.ts'
import { type EgressProxy, startEgressProxy } from '../egress-proxy.ts'
import { wants } from '../programs.ts'
import { openHosts, termsOf, upstream } from './fixtures/hosts.ts'
import { http, listen, type RawServer, startRaw, success } from './fixtures/raw.ts'

const origin = 'http://liveengage.test'
const authority = 'liveengage.test:80'

const call: OutgoingRequest = { method: 'POST', path: '/send', headers: {}, body: '{"id":"1"}' }

/** What came of a call: the status, or the problem's code, its delivery and the code of its cause. */
async function outcome(hosts: Hosts, url = origin, timeoutMs = 2_000): Promise<string> {
  try {
    const answer = await exchange(hosts.at(url), call, termsOf(timeoutMs), upstream)
    return String(answer.status)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { cause } = error
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : ''
    return `${error.code} ${error.delivery} ${code}`
  }
}

type Path = { egress: EgressProxy; raw: RawServer; hosts: Hosts }

/** LiveEngage behind an egress proxy. */
async function startPath(t: Test, secret = ''): Promise<Path> {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const egress = await startEgressProxy(t)
  egress.ports.set(authority, Number(new URL(raw.origin).port))
  const proxy = egress.url.replace('//', `//${secret}`)
  const hosts = openHosts(t, { egress: { httpProxy: proxy, httpsProxy: proxy } })
  return { egress, raw, hosts }
}

t.test('a call goes through the egress proxy, and the next one uses the same tunnel', async (t) => {
  const { egress, raw, hosts } = await startPath(t)
  t.equal(await outcome(hosts), '200')
  t.equal(await outcome(hosts), '200')
  t.strictSame(egress.seen, [{ authority, authorization: undefined }])
  t.equal(raw.requests.length, 2)
  t.match(raw.requests[0], /^POST \/send HTTP\/1\.1\r\nhost: liveengage\.test\r\n/)
})

t.test('its user and password go to the egress proxy, and to nobody else', async (t) => {
  const { egress, raw, hosts } = await startPath(t, 'us%20er:p%40ss%ff@')
  t.equal(await outcome(hosts), '200')
  const [pair = ''] = egress.seen.map(({ authorization }) => authorization)
  t.match(Buffer.from(String(pair).replace('Basic ', ''), 'base64').toString(), /^us er:p@ss/)
  t.notMatch(raw.requests[0], /authorization/i)
})

t.test('a user without a password is one, too', async (t) => {
  const { egress, hosts } = await startPath(t, 'user@')
  t.equal(await outcome(hosts), '200')
  t.equal(egress.seen[0]?.authorization, `Basic ${Buffer.from('user:').toString('base64')}`)
})

t.test('any 2xx opens the tunnel', async (t) => {
  const { egress, hosts } = await startPath(t)
  egress.status = 204
  t.equal(await outcome(hosts), '200')
})

for (const status of [403, 407, 502]) {
  t.test(`a CONNECT that is answered with ${status} is not-sent`, async (t) => {
    const { egress, raw, hosts } = await startPath(t)
    egress.status = status
    t.equal(await outcome(hosts), `liveengage-unreachable not-sent EGRESS_PROXY_${status}`)
    t.equal(raw.connections(), 0)
    egress.status = 200
    t.equal(await outcome(hosts), '200', 'and the next call is tried again')
  })
}

t.test('an egress proxy that does not answer is not-sent, in time', async (t) => {
  const { egress, hosts } = await startPath(t)
  egress.status = undefined
  t.equal(await outcome(hosts), 'liveengage-unreachable not-sent ETIMEDOUT')
})

t.test('an egress proxy that is not there is not-sent', async (t) => {
  const hosts = openHosts(t, { egress: { httpProxy: 'http://[::1]:9' } })
  t.match(await outcome(hosts), /^liveengage-unreachable not-sent E/)
})

t.test('a tunnel that is cut after the write is unknown', async (t) => {
  const egress = await startEgressProxy(t)
  const raw = await startRaw(t, () => egress.cut())
  egress.ports.set(authority, Number(new URL(raw.origin).port))
  const hosts = openHosts(t, { egress: { httpProxy: egress.url } })
  t.match(await outcome(hosts), /^liveengage-failed unknown /)
})

t.test('a tunnel that is cut while nothing is written costs no message', async (t) => {
  const { egress, raw, hosts } = await startPath(t)
  t.equal(await outcome(hosts), '200')
  egress.cut()
  while (raw.open() > 0) await setImmediate()
  t.equal(await outcome(hosts), '200')
  t.equal(egress.seen.length, 2)
})

t.test('TLS is verified through the tunnel: against the host, not the proxy', async (t) => {
  const server = createTlsServer(makeCertificate({ host: 'liveengage.test', ...validity(-1, 9) }))
  t.teardown(() => server.close())
  const { egress, hosts } = await startPath(t)
  egress.ports.set('liveengage.test:443', await listen(server))
  t.match(
    await outcome(hosts, 'https://liveengage.test'),
    /^liveengage-unreachable not-sent DEPTH_ZERO_SELF_SIGNED_CERT$/,
  )
})

t.test('the certificate of an egress proxy that is reached by TLS is verified', async (t) => {
  const egress = await startEgressProxy(
    t,
    makeCertificate({ host: 'localhost', ...validity(-1, 9) }),
  )
  const hosts = openHosts(t, {
    egress: { httpProxy: egress.url.replace('127.0.0.1', 'localhost') },
  })
  t.equal(await outcome(hosts), 'liveengage-unreachable not-sent DEPTH_ZERO_SELF_SIGNED_CERT')
  t.equal(egress.seen.length, 0)
})

t.test('a real egress proxy lets a call through', wants('tinyproxy'), async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  const file = join(t.testdir(), 'tinyproxy.conf')
  writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nBasicAuth user hunter2\nLogLevel Error\n`)
  const child = spawn('tinyproxy', ['-d', '-c', file], { stdio: 'ignore' })
  t.teardown(() => child.kill())
  while (!(await isListening(port))) await setImmediate()
  // Linux takes it for loopback, and the proxy does not.
  const beyond = raw.origin.replace('127.0.0.1', '0.0.0.0')
  const through = (secret: string) =>
    openHosts(t, { egress: { httpProxy: `http://${secret}@127.0.0.1:${port}` } })
  t.equal(await outcome(through('user:hunter2'), beyond), '200')
  t.equal(
    await outcome(through('user:wrong'), beyond),
    'liveengage-unreachable not-sent EGRESS_PROXY_401',
  )
  t.equal(raw.requests.length, 1)
})

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}
