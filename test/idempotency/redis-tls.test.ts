/** `rediss`: a Redis with TLS, whose certificate the process trusts or not. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeCertificate, validity } from '../doctor/fixtures/certificate.ts'
import { read } from '../doctor/fixtures/examine.ts'
import { startProcess } from '../process.ts'
import { wants } from '../programs.ts'
import { freePort, startRedis } from './fixtures/real-redis.ts'

/** @returns the environment of a proxy that uses it @param host whom its certificate is for */
async function startTls(t: Test, host = 'localhost'): Promise<Record<string, string>> {
  const folder = t.testdir({})
  const { key, cert } = makeCertificate({ host, ...validity(-1, 1) })
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  writeFileSync(keyFile, key)
  writeFileSync(certFile, cert)
  const port = await freePort()
  const ports = ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no']
  const files = ['--tls-key-file', keyFile, '--tls-cert-file', certFile]
  await startRedis(t, [...ports, ...files, '--requirepass', 'pw'], port)
  return {
    SANDBOX: 'true',
    SANDBOX_PORT: '0',
    STATE_URL: `rediss://:pw@localhost:${port}`,
    NODE_EXTRA_CA_CERTS: certFile,
  }
}

async function send(url: string, key: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    'x-lp-consumer-id': 'ada',
    'idempotency-key': key,
  }
  const body = JSON.stringify({ text: 'Hi' })
  return fetch(`${url}/conversations/demo/messages`, { method: 'POST', headers, body })
}

async function stateOf(t: Test, env: Record<string, string>) {
  const { stdout } = await startProcess(t, env, undefined, ['doctor', '--json']).exit
  return read(stdout).findings['state-store']
}

t.test('a certificate that NODE_EXTRA_CA_CERTS trusts', wants('redis-server'), async (t) => {
  const env = await startTls(t)
  const [a, b] = [startProcess(t, env), startProcess(t, env)]
  const first = await send(await a.url(), 'k')
  t.equal(first.status, 201)
  t.equal(first.headers.get('idempotency-replayed'), null)
  const again = await send(await b.url(), 'k')
  t.equal(again.status, 201)
  t.equal(again.headers.get('idempotency-replayed'), 'true')
  t.strictSame(await again.json(), await first.json())
  t.match(await stateOf(t, env), { status: 'ok', detail: /noeviction$/ })
})

for (const [what, host, isTrusted, cause] of [
  ['that is not trusted', 'localhost', false, /self-signed certificate/],
  ['for another host', 'elsewhere.example', true, /does not match certificate's altnames/],
] as const) {
  t.test(`a certificate ${what}`, wants('redis-server'), async (t) => {
    const trusting = await startTls(t, host)
    const env = isTrusted ? trusting : { ...trusting, NODE_EXTRA_CA_CERTS: '' }
    const run = startProcess(t, env)
    const answer = await send(await run.url(), 'k')
    t.equal(answer.status, 503)
    const refused = { code: 'idempotency-store-unavailable', delivery: 'not-sent' }
    t.match(await answer.json(), refused)
    const [line = ''] =
      /.*"the store of the Idempotency-Keys does not answer".*/.exec(run.printed()) ?? []
    t.match(line, cause)
    t.match(await stateOf(t, env), { status: 'fail', detail: cause, remedy: /NODE_EXTRA_CA_CERTS/ })
  })
}
