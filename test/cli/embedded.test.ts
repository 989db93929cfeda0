/** The program inside another one, as an app's tests have it. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'tap'
import { startProxy } from '../../src/index.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { listen } from '../transport/fixtures/raw.ts'

const anyPort = { PORT: '0', SANDBOX: 'true', SANDBOX_PORT: '0' }

function send(url: string, text: string): Promise<Response> {
  return fetch(`${url}/conversations/demo/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-lp-consumer-id': 'ada' },
    body: JSON.stringify({ text }),
  })
}

test('it starts with the settings that it is given, and says where everything is', async (t) => {
  const lines: string[] = []
  const handled = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection', 'beforeExit']
  const listeners = () => handled.map((name) => process.listenerCount(name))
  const before = listeners()
  const proxy = await startProxy({
    env: { ...anyPort, ADMIN_PORT: '0', ADMIN_HOST: '127.0.0.1', LP_ACCOUNT_ID: undefined },
    log: (line) => void lines.push(line),
  })
  t.strictSame(listeners(), before, 'the process is as it was')
  t.equal((await send(proxy.url, 'Hi')).status, 201)
  t.equal((await fetch(`${proxy.adminUrl}/readyz`)).status, 200)
  t.equal((await fetch(proxy.webhookUrl ?? '', { method: 'POST' })).status, 401)
  t.equal((await fetch(`${proxy.sandboxUrl}/sandbox/events?conversationId=demo`)).status, 200)
  t.equal(await proxy.stop(), 0)
  t.equal(await proxy.stop(), 0, 'once more changes nothing')
  for (const url of [proxy.url, proxy.adminUrl, proxy.sandboxUrl]) {
    await t.rejects(fetch(`${url}/`), { message: 'fetch failed' })
  }
  for (const line of lines) t.match(line, /^\{.*\}\n$/)
  t.match(JSON.parse(lines.at(0) ?? ''), { msg: `listening at ${proxy.url}` })
})

test('a proxy and a sandbox that were started apart', async (t) => {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const proxy = await startProxy({ env: { ...sandbox.proxyEnv, PORT: '0' }, log: () => undefined })
  t.match(proxy, { adminUrl: undefined, webhookUrl: undefined, sandboxUrl: undefined })
  const slow = send(proxy.url, 'sandbox:slow=300')
  while (!sandbox.calls().some(({ url }) => url.includes('/send'))) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(await proxy.stop(), 0)
  t.equal((await slow).status, 201, 'what was under way has its answer')
})

test('a start that fails leaves nothing behind', async (t) => {
  const taken = createServer()
  const PORT = String(await listen(taken))
  t.teardown(() => taken.close())
  const free = createServer()
  const SANDBOX_PORT = String(await listen(free))
  free.close()
  await once(free, 'close')
  const env = { ...anyPort, PORT, SANDBOX_PORT }
  await t.rejects(startProxy({ env, log: () => undefined }), {
    message: /EADDRINUSE.*\(HOST, PORT\)\n.*use a free port: PORT=0 SANDBOX_PORT=0$/,
    code: 'EADDRINUSE',
  })
  const isFree = async () => {
    free.listen(Number(SANDBOX_PORT), '127.0.0.1')
    await once(free, 'listening')
    free.close()
    await once(free, 'close')
  }
  await isFree()
  // What is only found after the sandbox has its port.
  const secretless = { ...anyPort, SANDBOX_PORT, EVENTS_SECRET: 'whsec_x' }
  await t.rejects(startProxy({ env: secretless, log: () => undefined }), {
    message: /EVENTS_SECRET/,
  })
  await isFree()
  await t.rejects(startProxy({ env: { PORT: 'x' } }), { name: 'ConfigError', message: /PORT/ })
})
