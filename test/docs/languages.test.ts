/** The examples in other languages, each where its runtime is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { type Test, test } from 'tap'
import { wants } from '../programs.ts'
import { start } from '../start.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { outbound } from '../webhooks/vectors.ts'

const jackson = '/usr/share/java/jackson-databind.jar'

const languages = [
  {
    name: 'Python',
    skipped: wants('python3'),
    command: 'python3',
    sources: { send: 'python/send.py', receive: 'python/receive.py' },
  },
  {
    name: 'Go',
    skipped: wants('go'),
    command: 'go run',
    sources: { send: 'go/send.go', receive: 'go/receive.go' },
  },
  {
    name: 'Java',
    skipped: existsSync(jackson) ? wants('java') : { skip: `there is no ${jackson}` },
    command: 'java -cp /usr/share/java/*',
    sources: { send: 'java/Send.java', receive: 'java/Receive.java' },
  },
]

const pathOf = (source: string) =>
  fileURLToPath(new URL(`../../examples/${source}`, import.meta.url))

/** What compilers keep is kept between tests. */
const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env

function run(t: Test, command: string, source: string, env: Record<string, string>): ChildProcess {
  const [program = '', ...args] = command.split(' ')
  const child = spawn(program, [...args, pathOf(source)], {
    env: { PATH, HOME, TMPDIR, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // `go run` starts another process, which has to end with it.
    detached: true,
  })
  t.teardown(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  })
  return child
}

async function outputOf({ stdout, stderr, ...child }: ChildProcess) {
  if (stdout === null || stderr === null) throw new Error('its output is not read')
  const [printed, complaint] = await Promise.all([text(stdout), text(stderr)])
  return { printed, complaint, ...child }
}

/** Passes calls on to the proxy, but for the answer to the first message: its caller cannot know whether it was sent. */
async function startLossyWay(t: Test, proxyUrl: string) {
  const keys: unknown[] = []
  const way = createServer(async (incoming, outgoing) => {
    const isMessage = incoming.url?.endsWith('/messages') === true
    if (isMessage) keys.push(incoming.headers['idempotency-key'])
    const { method = 'GET', headers } = incoming
    const onward = request(`${proxyUrl}${incoming.url}`, { method, headers })
    incoming.pipe(onward)
    const [answer] = await once(onward, 'response')
    if (isMessage && keys.length === 1) {
      incoming.socket.destroy()
      return
    }
    outgoing.writeHead(answer.statusCode, answer.headers)
    answer.pipe(outgoing)
  })
  t.teardown(() => {
    way.close()
    way.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${await listen(way)}`, keys }
}

for (const { name, command, skipped, sources } of languages) {
  test(
    `in ${name} a message whose answer is lost is tried again, and arrives once`,
    skipped,
    async (t) => {
      const { url, sandbox } = await start(t, {
        LP_CLIENT_ID: 'sandbox-client',
        LP_CLIENT_SECRET: 'sandbox-secret',
        API_KEYS: 'example-key-of-16',
      })
      const way = await startLossyWay(t, url)
      const env = { PROXY_URL: way.url, API_KEY: 'example-key-of-16' }
      const { printed } = await outputOf(run(t, command, sources.send, env))
      t.match(printed, /^opened [\w-]+\nsent 0\n$/)
      t.equal(way.keys.length, 2)
      t.equal(way.keys[0], way.keys[1])
      t.equal(sandbox.calls().filter((call) => call.url.includes('/send')).length, 1)
      const refused = await outputOf(run(t, command, sources.send, { PROXY_URL: url }))
      t.match(refused, { printed: '', complaint: /api-key-required, delivery: not-sent/ })
    },
  )

  test(`in ${name} an event is taken if it is signed and new`, skipped, async (t) => {
    const child = run(t, command, sources.receive, { PORT: '0', EVENTS_SECRET: outbound.secret })
    const lines = createInterface(child.stdout ?? process.stdin)[Symbol.asyncIterator]()
    const [, port] = /^listening on (\d+)$/.exec((await lines.next()).value ?? '') ?? []
    const { event } = outbound.events.find(({ from }) => from === 'text_emoji') ?? {}
    const body = JSON.stringify(event)
    const { secret } = outbound
    const post = async (signature: string, at = new Date(), sent = body) => {
      const headers = {
        'webhook-id': 'lp-1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signature,
      }
      const init = { method: 'POST', headers, body: sent }
      return (await fetch(`http://127.0.0.1:${port}/`, init)).status
    }
    const sign = (at: Date) => new Webhook(secret).sign('lp-1', at, body)
    const now = new Date()
    const old = new Date(now.getTime() - 3_600_000)
    t.equal(await post(sign(now), now, `${body} `), 401, 'other bytes')
    t.equal(await post(sign(old), old), 401, 'an old one')
    t.equal(await post('v1,', now), 401, 'no signature')
    t.equal(await post(`v1,other ${sign(now)}`, now), 204, 'one of two')
    t.equal((await lines.next()).value, `agent: ${Object(event).data.text}`)
  })
}

test('each of these examples is short', (t) => {
  for (const source of languages.flatMap(({ sources }) => Object.values(sources))) {
    t.ok(readFileSync(pathOf(source), 'utf8').split('\n').length <= 80, source)
  }
  t.end()
})
