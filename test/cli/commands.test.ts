/** Each command of the real process. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readCommandLine, usage } from '../../src/cli/command-line.ts'
import { makeCertificate, validity } from '../doctor/fixtures/certificate.ts'
import { pointedTo, read as readFindings, startLivePerson } from '../doctor/fixtures/examine.ts'
import { startProcess } from '../process.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { json } from '../upstream.ts'

const run = (t: Test, args: string, env: Record<string, string> = {}) =>
  startProcess(t, env, undefined, args.split(' ')).exit

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const { version, bin } = JSON.parse(read('package.json'))

t.test('the package’s command is the process', async (t) => {
  t.strictSame(bin, { 'liveengage-proxy': 'dist/server.js' })
  t.match(read('src/server.ts'), /^#!\/usr\/bin\/env node\n/)
})

t.test('--help, --version and a mistake say so and end', async (t) => {
  const mistaken = readCommandLine(['docter'])
  const [help, shown, mistake] = await Promise.all(
    ['--help', '--version', 'docter'].map((args) => run(t, args)),
  )
  t.strictSame(help, { code: 0, signal: null, stdout: usage, stderr: '' })
  t.strictSame(shown, { code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
  t.strictSame(mistake, {
    code: 2,
    signal: null,
    stdout: '',
    stderr: `liveengage-proxy: ${Object(mistaken).sentence}\n`,
  })
})

t.test('--check-config prints what is set, or every fault as the start does', async (t) => {
  const env = { LP_ACCOUNT_ID: '12345678', LP_CLIENT_ID: 'acme', LP_CLIENT_SECRET: 'hunter2' }
  const [good, bad] = await Promise.all([
    run(t, '--check-config', env),
    run(t, '--check-config', { LP_CLIENT_ID: 'acme', PORT: 'hunter2', LP_ACOUNT_ID: 'hunter2' }),
  ])
  t.match(good, { code: 0, stderr: '' })
  t.match(good.stdout, /^ok\n.*serves +12345678\n.*set +PORT, LP_ACCOUNT_ID, LP_CLIENT_ID/s)
  t.strictSame(bad, {
    code: 1,
    signal: null,
    stdout: '',
    stderr: `liveengage-proxy: The environment is invalid:
  PORT: must be an integer from 0 to 65535
  LP_ACCOUNT_ID: must be set together with LP_CLIENT_ID
  LP_CLIENT_SECRET: must be set together with LP_CLIENT_ID
  unknown variable: LP_ACOUNT_ID (LP_ACCOUNT_ID?)
`,
  })
  t.notMatch(good.stdout, /hunter2/)
})

t.test('a start names variables that are not known, without their values', async (t) => {
  const env = { SANDBOX: 'true', SANDBOX_PORT: '0', LP_ACOUNT_ID: 'hunter2' }
  const started = startProcess(t, env)
  await started.url()
  started.child.kill('SIGTERM')
  t.match(await started.exit, { code: 0 })
  const [line = ''] = started.printed().split('\n')
  t.match(JSON.parse(line), {
    level: 'warn',
    variables: ['LP_ACOUNT_ID (LP_ACCOUNT_ID?)'],
    msg: 'unknown variables, ignored',
  })
  t.notMatch(started.printed(), /hunter2/)
})

t.test('the doctor finds nothing wrong with the sandbox', async (t) => {
  // Its port may be taken by the proxy that is running.
  const env = { SANDBOX: 'true', LP_ALLOWED_ACCOUNTS: 'other' }
  const [text, json] = await Promise.all([
    run(t, 'doctor', env),
    run(t, 'doctor --json --consumer ada', env),
  ])
  t.match(text, { code: 0, stderr: '' })
  t.match(text.stdout, /^ok {4}configuration {6}valid; LiveEngage: the embedded sandbox; /)
  t.notMatch(text.stdout, /^(FAIL|warn)/m)
  t.match(text.stdout, /^ok {4}dry-run.*\n {8}POST http:\/\/localhost:\d+\/api\/account\/sandbox/m)
  t.match(json, { code: 0, stderr: '' })
  const { names, findings } = readFindings(json.stdout)
  t.strictSame(names, [
    ...['configuration', 'domain-api-dns', 'domain-api-tls'],
    ...['asyncMessagingEnt', 'sentinel', 'idp', 'swift'],
    ...['clock', 'app-jwt', 'consumer-jws', 'dry-run'],
    ...['webhook-manifest', 'webhook-url', 'state-store'],
  ])
  const unused = new Set(['webhook-manifest', 'webhook-url', 'state-store'])
  for (const [name, finding] of Object.entries(findings)) {
    const status = unused.has(name) ? 'skip' : 'ok'
    t.match(finding, { status, remedy: null })
  }
  t.notMatch(text.stdout + json.stdout, /sandbox-secret|eyJ|\bada\b/)
})

t.test('a check that fails is exit code 1', async (t) => {
  const { code, stdout, stderr } = await run(t, 'doctor', {
    ...pointedTo({ origin: 'http://localhost:1', host: 'localhost:1' }),
  })
  t.equal(code, 1)
  t.equal(stderr, '')
  t.match(stdout, /^FAIL {2}domain-api-tls.*\n {8}Allow egress/m)
})

t.test('a remedy that several checks need is printed once', async (t) => {
  const upstream = await startLivePerson(t, { domain: json(401, '') })
  const { stdout } = await run(t, 'doctor', pointedTo(upstream))
  t.equal(stdout.match(/Check the account id/g)?.length, 1)
  t.equal(stdout.match(/^ {8}As above\.$/gm)?.length, 3)
})

t.test('certificates are judged as the proxy judges them', async (t) => {
  const cases = [
    { host: 'localhost', ...validity(-1, 30), failure: undefined, remedy: undefined },
    { host: 'localhost', ...validity(-30, -1), failure: 'CERT_HAS_EXPIRED', remedy: /clock/ },
    {
      host: 'elsewhere.example.com',
      ...validity(-1, 30),
      failure: 'ERR_TLS_CERT_ALTNAME_INVALID',
      remedy: /Another host answers under this name/,
    },
  ]
  const dir = t.testdir()
  await Promise.all(
    cases.map(async ({ failure, remedy, ...form }, index) => {
      const pair = makeCertificate({ organization: 'Example CA', ...form })
      const server = createTlsServer(pair, ({ headers, url = '' }, response) => {
        const [, service] = /\/service\/([^/]+)\//.exec(url) ?? []
        response.end(JSON.stringify({ service, baseURI: headers.host }))
      })
      t.teardown(() => server.close())
      const host = `localhost:${await listen(server)}`
      const file = join(dir, `ca-${index}.pem`)
      writeFileSync(file, pair.cert)
      const { stdout } = await run(t, 'doctor --json', {
        ...pointedTo({ origin: `https://${host}`, host }),
        NODE_EXTRA_CA_CERTS: file,
      })
      const { findings } = readFindings(stdout)
      const until = form.validUntil.toISOString().slice(0, 10)
      const shown = `certificate by Example CA, valid until ${until}`
      if (failure === undefined) {
        t.match(findings['domain-api-tls'], {
          status: 'ok',
          detail: `connected: TLSv1.3, ${shown}`,
        })
        t.match(findings['swift'], { status: 'ok', detail: shown })
        t.match(findings['clock'], { status: 'ok' })
        t.match(findings['dry-run'], { status: 'ok', detail: `POST https://${host}/api/account` })
      } else {
        const ending = `(${failure}); it presented a ${shown}`
        t.match(findings['domain-api-tls'], {
          status: 'fail',
          detail: ending,
          remedy: Object(remedy),
        })
      }
    }),
  )
})
