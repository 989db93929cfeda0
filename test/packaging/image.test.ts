/** What Dockerfile and docker-compose.yml promise by their text; `.ci/container` tries the rest in an engine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { start } from '../start.ts'
import { portOf } from '../upstream.ts'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

const instructions = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')

const argumentsOf = (instruction: string) =>
  instructions
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1))

t.test(
  'the image runs node itself, as a user without a name, on a base that can be chosen',
  async (t) => {
    t.strictSame(argumentsOf('ARG'), [
      'NODE_IMAGE=node:26.10.0-trixie-slim',
      'NODE_IMAGE',
      'VERSION=unknown',
    ])
    t.strictSame(
      argumentsOf('FROM').filter(
        (base) => !/^(\$\{NODE_IMAGE\}|manifests)( AS [a-z]+)?$/.test(base),
      ),
      [],
    )
    t.strictSame(argumentsOf('USER'), ['1000:1000'])
    t.strictSame(argumentsOf('STOPSIGNAL'), ['SIGTERM'])
    const { scripts } = JSON.parse(read('package.json'))
    t.strictSame(
      argumentsOf('ENTRYPOINT').map((form) => JSON.parse(form)),
      [scripts.start.split(' ').toSpliced(1, 0, '--max-semi-space-size=16')],
      'as npm start does, and the container’s arguments are the command line’s',
    )
    t.match(read('docs/operations.md'), `\`${scripts.start}\``, 'nor should a supervisor do less')
    t.strictSame(argumentsOf('CMD'), [])
    t.strictSame(
      argumentsOf('ENV'),
      ['HOST=:: ADMIN_HOST=:: WEBHOOK_HOST=:: NODE_ENV=production'],
      'IPv6 and IPv4',
    )
    t.match(argumentsOf('HEALTHCHECK'), [/^--interval=5s .* CMD \["node", "-e", ".+"\]$/])
  },
)

t.test('the image installs from the lockfile and runs no install script', async (t) => {
  const installs = argumentsOf('RUN').filter((command) => command.includes('npm'))
  t.strictSame(installs, [
    'npm ci --ignore-scripts',
    "npm run build -- --no-source-maps && rm -r dist/client && find dist -name '*.d.ts' -delete",
    "npm ci --omit=dev --ignore-scripts && find node_modules -type f \\( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \\) -delete",
  ])
})

t.test('the image says what it is, of which version and licence', async (t) => {
  const [labels = ''] = argumentsOf('LABEL')
  const { description, license } = JSON.parse(read('package.json'))
  t.strictSame(
    Object.fromEntries(
      [...labels.matchAll(/org\.opencontainers\.image\.([a-z.]+)="([^"]*)"/g)].map(
        ([, name, value]) => [name, value],
      ),
    ),
    {
      title: 'liveengage-proxy',
      description,
      licenses: license,
      version: '$VERSION',
      'base.name': '$NODE_IMAGE',
    },
  )
})

/** Runs code as a health check does. @returns the exit code */
async function check(code: string, env: Record<string, string | undefined>): Promise<unknown> {
  // tap would load its own modules into a process that a test starts, by this variable.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, '-e', code], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...env },
    stdio: 'ignore',
  })
  const [exitCode] = await once(child, 'exit')
  return exitCode
}

t.test('the health check asks /livez where it is, and fails where nothing answers', async (t) => {
  const [form = ''] = /\["node".*\]$/.exec(argumentsOf('HEALTHCHECK')[0] ?? '') ?? []
  const [, , code = ''] = JSON.parse(form)
  const { server, admin } = await start(t, { ADMIN_PORT: '0' })
  const plain = await start(t)
  t.teardown(() => admin?.close())
  // As ADMIN_HOST is by default: the health check names it as Host.
  await admin?.listen({ host: '0.0.0.0', port: 0 })
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const [main, probes, both, mute] = [
    server.server,
    admin?.server,
    plain.server.server,
    silent,
  ].map((each) => (each === undefined ? '' : String(portOf(each))))
  const cases: [string, number, Record<string, string | undefined>][] = [
    ['on the admin listener', 0, { PORT: main, ADMIN_HOST: '', ADMIN_PORT: probes }],
    ['on the main one', 0, { PORT: both, ADMIN_PORT: '' }],
    ['on any address', 0, { HOST: '::', PORT: both, ADMIN_PORT: '' }],
    ['not on the main one beside an admin listener', 1, { PORT: main }],
    ['nobody listens', 1, { PORT: '1' }],
    ['nobody answers', 1, { PORT: mute }],
  ]
  await Promise.all(
    cases.map(async ([name, expected, env]) => t.equal(await check(code, env), expected, name)),
  )
})

const { proxy, sandbox } = parse(read('docker-compose.yml')).services

t.test('the composed sandbox is unhealthy where nothing answers', async (t) => {
  const [kind, program, flag, code] = sandbox.healthcheck.test
  t.strictSame([kind, program, flag], ['CMD', 'node', '-e'])
  t.equal(await check(code.replace(':3001', ':1'), {}), 1)
})

t.test('the composed pair has no rights it does not need and shares one network', async (t) => {
  for (const service of [proxy, sandbox]) {
    t.match(service, {
      init: false,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
  }
  t.equal(sandbox.network_mode, 'service:proxy')
  t.equal(sandbox.image, proxy.image)
})

t.test(
  'the composed proxy is reached from this host only and talks to the sandbox only',
  async (t) => {
    t.strictSame(
      proxy.ports.map((port: string) => port.replace(/\$\{\w+:-(\d+)\}/, '$1')),
      ['127.0.0.1:3000:3000', '127.0.0.1:3001:3001', '127.0.0.1:9080:9080'],
    )
    const config = loadConfig({ ...proxy.environment, LOG_LEVEL: undefined })
    t.match(config, { domainApiUrl: 'http://localhost:3001', allowedHosts: ['localhost:3001'] })
    t.equal(proxy.stop_grace_period, '15s')
    t.ok(config.shutdownTimeoutMs < 15_000)
  },
)
