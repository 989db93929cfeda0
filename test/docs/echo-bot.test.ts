import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { startProxy } from '../start.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { outbound } from '../webhooks/vectors.ts'

/** From a copy: the coverage of the sources is not the examples' matter. */
function copyOf(t: Test, name: string): string {
  const example = new URL(`../../examples/${name}.js`, import.meta.url)
  return `${t.testdir({ 'example.mjs': readFileSync(example, 'utf8') })}/example.mjs`
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

/** The bot, its proxy and a sandbox whose notifications come in by the proxy. */
async function startBot(t: Test) {
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const port = await freePort()
  const appUrl = `http://127.0.0.1:${port}/events`
  const proxy = await startProxy(t, sandbox.origin, {
    LP_ACCOUNT_ID: sandbox.accountId,
    LP_CLIENT_ID: sandbox.clientId,
    LP_CLIENT_SECRET: sandbox.clientSecret,
    API_KEYS: 'example-key-of-16',
    WEBHOOK_PORT: '0',
    EVENTS_URL: appUrl,
    EVENTS_SECRET: outbound.secret,
  })
  const origin = await proxy.webhooks?.server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => proxy.webhooks?.server.server.closeAllConnections())
  const webhookUrl = `${origin}/webhooks/liveperson`
  sandbox.setWebhookUrl(webhookUrl)
  const child = spawn(process.execPath, [copyOf(t, 'echo-bot')], {
    env: {
      PATH: process.env['PATH'],
      PROXY_URL: proxy.url,
      API_KEY: 'example-key-of-16',
      PORT: String(port),
      EVENTS_SECRET: outbound.secret,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  /** Waits for a line that begins so. @returns the rest of it */
  const until = async (beginning: string): Promise<string> => {
    for (;;) {
      const { value = '', done } = await lines.next()
      if (done) throw new Error(`the bot ended before it said ${beginning}`)
      if (value.startsWith(beginning)) return value.slice(beginning.length)
    }
  }
  return { sandbox, appUrl, webhookUrl, until }
}

/** Runs the bot until it has said something to its operator. @returns the first line of that, and how the bot ended, if it did */
async function firstComplaint(t: Test, env: Record<string, string>) {
  const child = spawn(process.execPath, [copyOf(t, 'echo-bot')], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { value } = await createInterface(child.stderr)[Symbol.asyncIterator]().next()
  return { value, child }
}

/** What the agent does. */
async function play({ origin }: Sandbox, action: string, body: object): Promise<void> {
  await fetch(`${origin}/sandbox/conversations/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

test('the echo bot opens, takes what the agent says, reads, types, answers and closes', async (t) => {
  const { sandbox, appUrl, until } = await startBot(t)
  const id = await until('opened ')
  const say = (words: string) => play(sandbox, `${id}/messages`, { text: words })
  await say('Grüezi 👋')
  t.equal(await until('message.created '), 'Grüezi 👋')
  const forged = { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1,x' }
  t.equal((await fetch(appUrl, { method: 'POST', headers: forged, body: '{}' })).status, 401)
  await say('bye')
  t.equal(await until('message.created '), 'bye')
  await until('conversation.closed')
  const sent = sandbox
    .calls()
    .filter(({ url }) => url.includes('/send'))
    .map(({ body }) => {
      const { event, conversationField } = Object(body).body
      return event?.message ?? event?.status ?? event?.chatState ?? conversationField
    })
    .filter((what) => what !== 'PAUSE')
  t.match(sent, [
    'Hi, I am a bot. Say "bye".',
    ...['READ', 'COMPOSING', 'You said: Grüezi 👋'],
    ...['READ', 'COMPOSING', { conversationState: 'CLOSE' }],
  ])
})

test('the sample notification is proved, and arrives once more as the same event', async (t) => {
  const { sandbox, webhookUrl, until } = await startBot(t)
  const id = await until('opened ')
  const script = copyOf(t, 'sign-notification')
  for (const words of ['Say "hi" \\ 👋', 'Say "hi" \\ 👋']) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, words, id], {
      env: { PATH: process.env['PATH'] },
    })
    const headers = [...stdout.matchAll(/^header = "(\S+): (.*)"$/gm)].map(
      ([, name = '', value = '']): [string, string] => [name, value],
    )
    const [, body = ''] = /^data-binary = (.*)$/m.exec(stdout) ?? []
    const init = { method: 'POST', headers, body: JSON.parse(body) }
    t.equal((await fetch(webhookUrl, init)).status, 200)
  }
  t.equal(await until('message.created '), 'Say "hi" \\ 👋')
  await play(sandbox, `${id}/typing`, { state: 'composing' })
  t.equal(await until('chat_state.updated '), 'composing')
  const echoes = sandbox.calls().filter(({ body }) => /You said/.test(JSON.stringify(body)))
  t.equal(echoes.length, 1)
})

test('the bot without a proxy, or on a taken port, says so in one line and ends', async (t) => {
  const taken = createServer()
  t.teardown(() => taken.close())
  const port = await listen(taken)
  const PROXY_URL = `http://127.0.0.1:${await freePort()}`
  const lost = await firstComplaint(t, { PROXY_URL, PORT: '0' })
  t.match(lost.value, /^fetch failed Is the proxy at http:\/\/127\.0\.0\.1:\d+, with EVENTS_URL=/)
  const blocked = await firstComplaint(t, { PROXY_URL, PORT: String(port) })
  t.match(blocked.value, `127.0.0.1:${port} Set PORT here, and EVENTS_URL there.`)
  for (const { child } of [lost, blocked]) {
    if (child.exitCode === null) await once(child, 'exit')
    t.equal(child.exitCode, 1)
  }
})

test('the bot says that no event finds its way to it', async (t) => {
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const { url } = await startProxy(t, sandbox.origin, {
    LP_CLIENT_ID: sandbox.clientId,
    LP_CLIENT_SECRET: sandbox.clientSecret,
  })
  const { value } = await firstComplaint(t, { PROXY_URL: url, PORT: String(await freePort()) })
  t.match(value, /^No event has come\. Is the proxy at http:\/\/127.*EVENTS_URL=http:\/\/127/)
})
