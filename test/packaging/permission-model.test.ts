import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(`${root}docs/operations.md`, 'utf8')
const command = /^node (--permission .*) (dist\/server\.js)$/m.exec(page)

/** The flags that the page gives, as this Node calls them, if it has them. */
function flags(secrets: string): string[] {
  const { allowedNodeEnvironmentFlags: known } = process
  return (command?.[1] ?? '')
    .replaceAll("'", '')
    .replace(
      '--permission',
      known.has('--permission') ? '--permission' : '--experimental-permission',
    )
    .replace('/app/', root)
    .replace('/run/secrets/', `${secrets}/`)
    .split(' ')
    .filter((flag) => flag !== '--allow-net' || known.has('--allow-net'))
}

function startConfined(t: Test, secrets: string, env: Record<string, string>) {
  const program = [process.execPath, ...flags(secrets), command?.[2] ?? '']
  // tap would load its own modules into a process that a test starts, by this variable.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...program], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      SANDBOX: 'true',
      SANDBOX_PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

test('it works under Node’s permission model with the flags that the page gives', async (t) => {
  const secrets = t.testdir({ 'api-keys': 'first-key\n' })
  const child = startConfined(t, secrets, { API_KEYS_FILE: `${secrets}/api-keys` })
  const over = once(child, 'exit')
  let url = ''
  const send = (key: string) =>
    fetch(`${url}/conversations/c1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-lp-consumer-id': 'ada', 'x-api-key': key },
      body: '{"text":"Hi"}',
    })
  for await (const line of createInterface(child.stdout)) {
    const { msg } = JSON.parse(line)
    if (/^listening at /.test(msg)) {
      url = msg.replace('listening at ', '')
      t.equal((await send('first-key')).status, 201, 'it reaches LiveEngage')
      t.equal((await fetch(`${url}/docs/static/swagger-ui.css`)).status, 200)
      writeFileSync(`${secrets}/api-keys`, 'second-key-of-another-length\n')
    }
    if (msg === 'the file was read again') {
      t.equal((await send('second-key-of-another-length')).status, 201, 'a changed secret is seen')
      child.kill('SIGTERM')
    }
  }
  t.strictSame(await over, [0, null])
})

test('under it a secret that it may not read is named at start', async (t) => {
  const directory = t.testdir({ 'api-keys': 'a-key', allowed: {} })
  const elsewhere = '/etc/hostname'
  const child = startConfined(t, `${directory}/allowed`, { API_KEYS_FILE: elsewhere })
  const [stderr, [code]] = await Promise.all([readAll(child.stderr), once(child, 'exit')])
  t.equal(code, 1)
  t.match(stderr, /API_KEYS_FILE: \/etc\/hostname cannot be read/)
})
