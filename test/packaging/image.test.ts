/** What Dockerfile and docker-compose.yml promise by their text; `.ci/container` tries the rest in an engine. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config.ts'

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
    t.strictSame(argumentsOf('ARG'), ['NODE_IMAGE=node:26-trixie-slim'])
    t.strictSame(
      argumentsOf('FROM').filter(
        (base) => !/^(\$\{NODE_IMAGE\}|manifests)( AS [a-z]+)?$/.test(base),
      ),
      [],
    )
    t.strictSame(argumentsOf('USER'), ['1000:1000'])
    t.strictSame(argumentsOf('STOPSIGNAL'), ['SIGTERM'])
    t.strictSame(
      argumentsOf('ENTRYPOINT').map((form) => JSON.parse(form)),
      [['node', 'dist/server.js']],
      'the container’s arguments are the command line’s',
    )
    t.strictSame(argumentsOf('CMD'), [])
    t.match(argumentsOf('HEALTHCHECK'), [/ CMD \["node", "-e", ".+"\]$/])
  },
)

t.test('the image installs from the lockfile and runs no install script', async (t) => {
  const installs = argumentsOf('RUN').filter((command) => command.includes('npm'))
  t.strictSame(installs, [
    'npm ci --ignore-scripts',
    'npm run build -- --sourceMap false',
    'npm ci --omit=dev --ignore-scripts',
  ])
})

const { proxy, sandbox } = parse(read('docker-compose.yml')).services

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
      ['127.0.0.1:3000:3000', '127.0.0.1:3001:3001'],
    )
    const config = loadConfig({ ...proxy.environment, LOG_LEVEL: undefined })
    t.match(config, { domainApiUrl: 'http://localhost:3001', allowedHosts: ['localhost:3001'] })
    t.equal(proxy.stop_grace_period, '15s')
    t.ok(config.shutdownTimeoutMs < 15_000)
  },
)
