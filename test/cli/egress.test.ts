import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeCertificate, validity } from '../doctor/fixtures/certificate.ts'
import { type EgressProxy, startEgressProxy } from '../egress-proxy.ts'
import { startProcess } from '../process.ts'
import { token } from '../start.ts'
import { listen } from '../transport/fixtures/raw.ts'

const host = 'liveengage.test'
const password = 'hunter2'

const accepted = { code: 'OK', body: { sequence: 7 } }

type Network = { egress: EgressProxy; env: Record<string, string> }

/** A network in which LivePerson can be reached through the egress proxy alone: no resolver knows its name. */
async function startNetwork(t: Test): Promise<Network> {
  const pair = makeCertificate({ organization: 'Example CA', host, ...validity(-1, 9) })
  const server = createServer(pair, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const [, service] = /\/service\/([^/]+)\//.exec(String(request.url)) ?? []
    const answer =
      body === '' ? { service, baseURI: host } : { reqId: JSON.parse(body).id, ...accepted }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const egress = await startEgressProxy(t)
  egress.ports.set(`${host}:443`, await listen(server))
  const certificate = join(mkdtempSync(join(tmpdir(), 'egress-')), 'ca.pem')
  writeFileSync(certificate, pair.cert)
  const env = {
    LP_ACCOUNT_ID: '12345678',
    LP_DOMAIN_API_URL: `https://${host}`,
    LP_ALLOWED_HOSTS: host,
    NODE_EXTRA_CA_CERTS: certificate,
    https_proxy: egress.url.replace('//', `//user:${password}@`),
    LOG_LEVEL: 'trace',
  }
  return { egress, env }
}

t.test('behind an egress proxy a message arrives, and nothing shows the password', async (t) => {
  const { egress, env } = await startNetwork(t)
  const process = startProcess(t, env)
  const send = async () =>
    fetch(`${await process.url()}/conversations/c1/messages`, {
      method: 'POST',
      headers: {
        authorization: token,
        'x-lp-on-behalf': token,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ text: 'Hi' }),
    })
  const sent = await send()
  t.equal(sent.status, 201)
  t.match(await sent.json(), { sequence: 7 })
  t.match(egress.seen, [{ authority: `${host}:443` }])
  egress.status = 407
  egress.cut()
  const refused = await send()
  t.equal(refused.status, 503)
  const problem = await refused.text()
  t.match(JSON.parse(problem), { code: 'liveengage-unreachable', delivery: 'not-sent' })
  process.child.kill('SIGTERM')
  const { code, stdout, stderr } = await process.exit
  t.equal(code, 0)
  t.match(stdout, /EGRESS_PROXY_407/, 'the log says who refused')
  t.notMatch(stdout + stderr + problem, new RegExp(password))
})

/** What the doctor found, by name. */
async function examine(t: Test, env: Record<string, string>): Promise<Record<string, unknown>> {
  const { stdout } = await startProcess(t, env, undefined, ['doctor', '--json']).exit
  t.notMatch(stdout, new RegExp(password))
  const findings: { name: string }[] = JSON.parse(stdout)
  return Object.fromEntries(findings.map((finding) => [finding.name, finding]))
}

t.test('the doctor says through what it goes', async (t) => {
  const { egress, env } = await startNetwork(t)
  const findings = await examine(t, env)
  const proxy = new URL(egress.url).host
  t.match(findings['domain-api-dns'], {
    status: 'ok',
    detail: `${host} is called through the egress proxy; ${proxy} is 127.0.0.1`,
  })
  t.match(findings['domain-api-tls'], { status: 'ok', detail: /Example CA/ })
  t.match(findings['asyncMessagingEnt'], { status: 'ok' })
  t.match(findings['clock'], { status: 'ok' })
})

t.test('the doctor says what an egress proxy wants that refuses', async (t) => {
  const { egress, env } = await startNetwork(t)
  for (const [status, remedy] of [
    [407, /user and a password/],
    [403, /allow them/],
  ] as const) {
    egress.status = status
    const findings = await examine(t, env)
    t.match(findings['domain-api-tls'], {
      status: 'fail',
      detail: `the egress proxy answered CONNECT with ${status}`,
      remedy,
    })
  }
})
