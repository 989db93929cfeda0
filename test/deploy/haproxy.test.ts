/** The notifications' half of deploy/haproxy/haproxy.cfg, with other addresses. The API's half runs under `npm run test:replicas`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { isListening } from '../faults/is-listening.ts'
import { wants } from '../programs.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { notify, sign, startApp, startListener } from '../webhooks/start-listener.ts'
import { inbound, rawOf } from '../webhooks/vectors.ts'

const shipped = fileURLToPath(new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url))
const options = wants('haproxy')
const text = rawOf('text_emoji')

test('the configuration is valid as it is', options, async (t) => {
  t.doesNotThrow(() => execFileSync('haproxy', ['-c', '-f', shipped], { stdio: 'pipe' }))
})

/** Where probes ask about each replica: one port at several addresses of this machine, as in the example. */
async function startProbes(t: Test) {
  const statuses = [200, 200, 200]
  let port = 0
  for (const index of statuses.keys()) {
    const server = createServer((_request, response) => {
      response.writeHead(statuses[index] ?? 503).end()
    })
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    server.listen(port, `127.0.0.1${index + 1}`)
    await once(server, 'listening')
    port = portOf(server)
  }
  return { port, statuses }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

/** @param replicas where each takes notifications, `host:port` */
async function startBalancer(t: Test, replicas: readonly string[], probePort: number) {
  const port = await freePort()
  const example = readFileSync(shipped, 'utf8')
    .replace('bind :3000', `bind 127.0.0.1:${await freePort()}`)
    .replace('bind :9080', `bind 127.0.0.1:${port}`)
    .replace('check port 9090 ', `check port ${probePort} `)
    .replaceAll(/ 10\.0\.0\.(1\d):3000/g, ' 127.0.0.$1:1')
    .replaceAll(/ 10\.0\.0\.1(\d):9080/g, (_all, number) => ` ${replicas[Number(number) - 1]}`)
  const file = `${t.testdir({})}/haproxy.cfg`
  writeFileSync(file, example)
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const printed = follow(child)
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`haproxy did not start: ${printed.text}`)
  }
  return { origin: `http://127.0.0.1:${port}`, printed }
}

function follow(child: ChildProcess) {
  const printed = { text: '', until: async (_pattern: RegExp) => {} }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      printed.text += chunk
      child.emit('printed')
    })
  }
  printed.until = async (pattern) => {
    while (!pattern.test(printed.text)) await once(child, 'printed')
  }
  return printed
}

/** Three replicas behind the balancer, with one app. */
async function startSite(t: Test) {
  const app = await startApp(t)
  const listeners = await Promise.all([0, 1, 2].map(() => startListener(t, app.url)))
  const probes = await startProbes(t)
  const hosts = listeners.map(({ origin }) => new URL(origin).host)
  const balancer = await startBalancer(t, hosts, probes.port)
  /** Of each replica, since the last time. */
  const taken = () =>
    listeners.map(({ logs }) => logs.splice(0).filter(({ taken }) => taken === 1).length)
  return { app, listeners, probes, taken, ...balancer }
}

test(
  'a notification passes as it is, whatever its bytes and the form of its signature',
  options,
  async (t) => {
    const { app, origin, taken } = await startSite(t)
    const large = JSON.parse(text)
    large.body.changes[0].event.message = 'ü\ud83d\udc4b'.repeat(150_000)
    const bodies = [
      text,
      JSON.stringify(large),
      // Other spellings of the same JSON, which a rewriting hop would lose.
      JSON.stringify(JSON.parse(text), null, '\t').replaceAll('\n', '\r\n'),
      `\n${text.replace('€', '\\u20AC')} \n`,
    ]
    for (const raw of bodies) t.equal((await notify(origin, raw)).status, 200)
    for (const signature of Object.values(inbound.notifications['text_emoji']?.signatures ?? {})) {
      const headers = { 'x-liveperson-signature': signature, 'content-type': undefined }
      t.equal((await notify(origin, Buffer.from(text), headers)).status, 200)
    }
    t.equal(app.taken.length, bodies.length + 4)
    const forged = { 'x-liveperson-signature': sign(text, 'other') }
    t.equal((await notify(origin, text, forged)).status, 401)
    t.equal(
      taken().reduce((sum, count) => sum + count),
      bodies.length + 4,
      'no notification went to two replicas',
    )
  },
)

test('nothing but the path of the notifications is passed on', options, async (t) => {
  const { origin, listeners } = await startSite(t)
  for (const { logs } of listeners) logs.splice(0)
  for (const path of ['/', '/livez', '/conversations', '/webhooks/liveperson/x', '/webhooks']) {
    const response = await fetch(`${origin}${path}`, { method: 'POST' })
    t.equal(response.status, 404, path)
    await response.text()
  }
  t.strictSame(
    listeners.flatMap(({ logs }) => logs),
    [],
  )
})

test('a replica that is gone or stops costs no notification', options, async (t) => {
  const { origin, listeners, probes, printed, taken } = await startSite(t)
  const [first] = listeners
  const send = async () => {
    for (let count = 0; count < 6; count += 1) t.equal((await notify(origin, text)).status, 200)
    return taken()
  }
  t.ok(
    (await send()).every((count) => count > 0),
    'each gets some',
  )
  first?.webhooks.server.server.close()
  const [ofGone] = await send()
  t.equal(ofGone, 0)
  probes.statuses[1] = 503
  await printed.until(/notifications\/replica-2 is DOWN/)
  t.strictSame(await send(), [0, 0, 6])
})
