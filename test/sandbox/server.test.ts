import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:https'
import { connect, createServer } from 'node:net'
import { text as readAll } from 'node:stream/consumers'
import t from 'tap'
import { commandOf } from '../process.ts'

function start(t: { teardown: (end: () => void) => void }, settings: Record<string, string>) {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SANDBOX_')),
  )
  const [node, ...program] = commandOf('sandbox/server')
  const child = spawn(node, program, {
    env: { ...inherited, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

async function portOf({ stdout }: ChildProcess): Promise<number> {
  let printed = ''
  while (printed.split('\n').length < 5) {
    const [chunk] = await once(Object(stdout), 'data')
    printed += chunk
  }
  t.match(
    printed,
    /^The sandbox, a LiveEngage in the box, listens on http:\/\/localhost:(\d+)\nPoint the proxy to it: LP_DOMAIN_API_URL=http:\/\/localhost:\1 LP_ALLOWED_HOSTS=localhost:\1 LP_ACCOUNT_ID=sandbox LP_CLIENT_ID=sandbox-client LP_CLIENT_SECRET=sandbox-secret WEBHOOK_HOST=127.0.0.1\nPlay the agent: open http:\/\/localhost:\1 in a browser, or see http:\/\/localhost:\1\/sandbox\/docs\nNotifications are shown there, and sent to SANDBOX_WEBHOOK_URL where it is set\n$/,
  )
  return Number(/localhost:(\d+)/.exec(printed)?.[1])
}

t.test('the process ends with 0 on SIGTERM and SIGINT, also with open connections', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = start(t, { SANDBOX_PORT: '0' })
    const socket = connect(await portOf(child), '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = await once(socket, 'data')
    t.match(String(answer), /^HTTP\/1.1 200 OK/)
    const exit = once(child, 'exit')
    child.kill(signal)
    t.strictSame(await exit, [0, null], signal)
  }
})

t.test('wrong settings end it with 1 and a line for each', async (t) => {
  const child = start(t, {
    ...{ SANDBOX_PORT: '65536', SANDBOX_HOST: 'example.com', SANDBOX_STRICT: 'yes' },
    ...{ SANDBOX_TLS: '1', SANDBOX_WEBHOOK_URL: 'ftp://example.com' },
  })
  const exit = once(child, 'exit')
  const printed = await readAll(child.stderr)
  t.match(printed, /^SANDBOX_HOST has to be an IP address or localhost$/m)
  t.match(printed, /^SANDBOX_PORT has to be a whole number from 0 to 65535, 0 for any free port$/m)
  t.match(printed, /^SANDBOX_STRICT has to be true or false$/m)
  t.match(printed, /^SANDBOX_TLS has to be true or false$/m)
  t.match(printed, /^SANDBOX_WEBHOOK_URL has to be an http or https URL$/m)
  t.strictSame(await exit, [1, null])
})

t.test('strict, with TLS and a webhook it says so, and why a call is refused', async (t) => {
  const child = start(t, {
    ...{ SANDBOX_PORT: '0', SANDBOX_STRICT: 'true', SANDBOX_TLS: 'true' },
    SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:1/webhooks',
  })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  while (!printed.includes('END CERTIFICATE')) await once(child.stdout, 'data')
  t.match(printed, 'Notifications go to http://127.0.0.1:1/webhooks\n')
  const [ca] = /-----BEGIN.*END CERTIFICATE-----/s.exec(printed) ?? []
  const [, origin = ''] = /listens on (https:\S+)/.exec(printed) ?? []
  const outgoing = request(`${origin}/nothing`, { ca, agent: false })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response')
  incoming.resume()
  while (!printed.includes('refused')) await once(child.stdout, 'data')
  t.match(printed, 'refused unknown: no such endpoint\n')
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
})

t.test('a port that is taken ends it with 1 and the reason', async (t) => {
  const occupant = createServer().listen(0, '127.0.0.1')
  await once(occupant, 'listening')
  t.teardown(() => occupant.close())
  const { port } = Object(occupant.address())
  const child = start(t, { SANDBOX_PORT: String(port) })
  const exit = once(child, 'exit')
  t.match(await readAll(child.stderr), `The sandbox cannot listen on 127.0.0.1:${port}: `)
  t.strictSame(await exit, [1, null])
})

t.test('without settings it is port 3001 of loopback', async (t) => {
  const child = start(t, {})
  // Where something else has that port already, the complaint names it just the same.
  const [said] = await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')])
  t.match(String(said), /(localhost|127\.0\.0\.1):3001/)
})
