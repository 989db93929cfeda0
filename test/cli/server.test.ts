import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { startProcess } from '../process.ts'
import { scrape } from '../scrape.ts'
import { token } from '../start.ts'
import { ok, type Script, startUpstream, type Upstream } from '../upstream.ts'
import { openWire, post } from '../wire.ts'

const messages = '/conversations/c1/messages'

/** Whole answers on a connection: their statuses and whether each closes it. */
function answersIn(received: string): { status: number; closes: boolean; isWhole: boolean }[] {
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part !== '')
    .map((part) => {
      const [head = '', ...body] = part.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      return {
        status: Number(head.slice(9, 12)),
        closes: /\r\nconnection: close/i.test(head),
        isWhole: body.join('\r\n\r\n').length === length,
      }
    })
}

t.test('it serves, with the sandbox inside, and says that it is the sandbox', async (t) => {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0' })
  const url = await run.url()
  t.equal((await fetch(`${url}/livez`)).status, 200)
  t.equal((await fetch(`${url}/readyz`)).status, 200)
  const wire = await openWire(t, url, post(messages, '{"text":"Hi"}', 'Connection: close\r\n'))
  t.match(await wire.ended(), /^HTTP\/1.1 201 [\s\S]*"sequence":0/)
  run.child.kill('SIGTERM')
  const { code, stdout, stderr } = await run.exit
  t.equal(code, 0)
  t.strictSame(
    stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/:.*/, '')),
    ['API documentation', 'The agent’s desk', 'Send a message', 'Stop'],
    'four lines for a person, which are no part of the log',
  )
  t.match(stderr, `${url}/docs\n`)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    // The sandbox's notifications come when they come.
    .filter(({ route }) => route !== '/webhooks/liveperson')
  t.match(lines.at(0), { level: 'info', msg: /^listening at http:\/\/127\.0\.0\.1:\d+$/ })
  t.match(lines.at(1), {
    msg: /^taking notifications at http:\/\/127\.0\.0\.1:\d+\/webhooks\/liveperson$/,
  })
  t.match(lines.at(2), {
    level: 'info',
    serves: 'the sandbox’s account',
    credentials: 'the sandbox’s',
    callers: 'need no API key',
    liveengage: 'the embedded sandbox',
    docs: `${url}/docs`,
    msg: 'serving',
  })
  t.match(lines.at(3), { level: 'warn', msg: 'talking to the embedded sandbox, not to LivePerson' })
  t.match(lines.at(-2), { signal: 'SIGTERM', msg: 'stopping' })
  t.match(lines.at(-1), { msg: 'stopped' }, 'the last line is not lost')
  const requests = lines.filter(({ msg }) => msg === 'request')
  t.equal(requests.filter(({ route }) => route === '/conversations/:id/messages').length, 1)
  t.equal(requests.filter(({ route }) => /^.(livez|readyz)$/.test(route)).length, 0)
})

// What the kernel says to a server that names `::`, where it has no IPv6.
const withoutIpv6 = `data:text/javascript,${encodeURIComponent(`
import { Server } from 'node:net'
const { listen } = Server.prototype
Server.prototype.listen = function (options, ...rest) {
  if (options.host !== '::') return listen.call(this, options, ...rest)
  const error = Object.assign(new Error('listen EAFNOSUPPORT'), { code: 'EAFNOSUPPORT' })
  process.nextTick(() => this.emit('error', error))
  return this
}`)}`

t.test('HOST=:: serves IPv4 too, also on a system without IPv6', async (t) => {
  for (const preload of [undefined, withoutIpv6]) {
    const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0', HOST: '::' }, preload)
    const { port } = new URL(await run.url())
    t.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200)
    await run.said(/https?:.*\/docs/)
    run.child.kill('SIGTERM')
    const { code, stderr } = await run.exit
    t.equal(code, 0)
    t.notMatch(stderr, '[::]', 'where IPv6 is turned off, nobody can call that')
  }
})

for (const round of [1, 2]) {
  t.test(`SIGTERM under load loses no answer (round ${round})`, async (t) => {
    const run = startProcess(t, {
      SANDBOX: 'true',
      SANDBOX_PORT: '0',
      // Notifications would take as much of the process as the messages; they are not what this is about.
      SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:9/',
      SHUTDOWN_DELAY_MS: '600',
    })
    const url = await run.url()
    const silent = await Promise.all(Array.from({ length: 20 }, () => openWire(t, url)))
    const slow = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        openWire(
          t,
          url,
          post(
            `/conversations/slow-${index}/messages`,
            `{"text":"sandbox:slow=${2_500 + 10 * index}"}`,
          ),
        ),
      ),
    )
    const written: string[] = []
    const answered: string[] = []
    const clients = Array.from({ length: 10 }, async (_, client) => {
      // Each a keep-alive client: the next request right after each answer, a new connection where the answer closed it.
      for (;;) {
        const wire = await openWire(t, url).catch(() => undefined)
        if (wire === undefined) return
        for (let count = 1, isOpen = true; isOpen; count += 1) {
          const id = `client-${client}-${written.length}`
          written.push(id)
          const path = `/conversations/client-${client}/messages`
          wire.socket.write(post(path, '{"text":"Hi"}', `X-Request-Id: ${id}\r\n`))
          const whole = new RegExp(`^(HTTP/1\\.1 201 [\\s\\S]*?\\r\\n\\r\\n\\{.*?\\}){${count}}$`)
          const received = await wire.until(whole).catch(() => undefined)
          if (received !== undefined) answered.push(id)
          isOpen = received !== undefined && answersIn(received).at(-1)?.closes === false
        }
        wire.socket.destroy()
      }
    })
    await run.until(/"status":201/)
    run.child.kill('SIGTERM')
    await run.until(/"stopping"/)
    const [readyz, livez] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/livez`)])
    t.equal(readyz.status, 503, '/readyz says no while it still serves')
    t.equal(readyz.headers.get('connection'), 'close')
    t.match(await readyz.json(), { code: 'shutting-down' })
    t.equal(livez.status, 200)
    const answers = await Promise.all(slow.map((wire) => wire.ended()))
    t.strictSame(
      answers.map(answersIn),
      answers.map(() => [{ status: 201, closes: true, isWhole: true }]),
    )
    await Promise.all(clients)
    await Promise.all(silent.map((wire) => wire.ended()))
    const { code, stdout } = await run.exit
    // By the process's own clock: the test's may be held up by other tests.
    const [began = 0, ended = 0] = ['stopping', 'stopped'].map((word) =>
      Date.parse(new RegExp(`"time":"([^"]+)"[^\\n]*"msg":"${word}"`).exec(stdout)?.[1] ?? ''),
    )
    const ms = ended - began
    t.equal(code, 0)
    t.ok(ms < 6_000, `${Math.round(ms)} ms`)
    const unanswered = written.filter((id) => !answered.includes(id))
    const lost = unanswered.filter((id) => stdout.includes(id))
    t.strictSame(lost, [], 'what reached the process got an answer')
    t.ok(unanswered.length <= clients.length, 'the rest never reached it')
    const lines = stdout.split('\n').filter((line) => /"status":201/.test(line))
    t.equal(lines.length, slow.length + answered.length, 'each answer has its line')
    await t.rejects(openWire(t, url), { code: 'ECONNREFUSED' })
  })
}

t.test(
  'a request that waits on an idle connection until after the signal is answered',
  async (t) => {
    const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0' })
    const wire = await openWire(t, await run.url(), post(messages, '{"text":"Hi"}'))
    await wire.until(/"sequence":0,?.*\}$/)
    run.child.kill('SIGTERM')
    await run.until(/"stopping"/)
    wire.socket.write(post(messages, '{"text":"Hi"}'))
    t.strictSame(
      answersIn(await wire.ended()).map(({ status, closes }) => ({ status, closes })),
      [
        { status: 201, closes: false },
        { status: 201, closes: true },
      ],
    )
    t.equal((await run.exit).code, 0)
  },
)

t.test(
  'SIGINT ends it the same way, and localhost is one address, so that each connection is drained',
  async (t) => {
    const run = startProcess(t, { HOST: 'localhost', SANDBOX: 'true', SANDBOX_PORT: '0' })
    const wire = await openWire(t, await run.url(), post(messages, '{"text":"sandbox:slow=500"}'))
    const taken = await fetch(`${await run.url()}/livez`)
    t.equal(taken.status, 200)
    run.child.kill('SIGINT')
    t.match(await wire.ended(), /^HTTP\/1.1 201 /)
    const { code, stdout } = await run.exit
    t.equal(code, 0)
    t.equal(stdout.match(/listening at/g)?.length, 1)
  },
)

t.test('a second signal ends it at once', async (t) => {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0', SHUTDOWN_DELAY_MS: '10000' })
  await run.url()
  run.child.kill('SIGTERM')
  await run.until(/"stopping"/)
  const before = performance.now()
  run.child.kill('SIGTERM')
  const { code } = await run.exit
  t.equal(code, 1)
  t.ok(performance.now() - before < 8_000)
})

t.test(
  'what waits for LiveEngage when SHUTDOWN_TIMEOUT_MS nears its end is told the truth',
  async (t) => {
    const run = startProcess(t, {
      SANDBOX: 'true',
      SANDBOX_PORT: '0',
      LP_ALLOWED_ACCOUNTS: 'other',
      SHUTDOWN_TIMEOUT_MS: '3000',
    })
    const url = await run.url()
    const wire = await openWire(t, url, post(messages, '{"text":"sandbox:slow=9000"}'))
    t.equal((await fetch(`${url}/livez`)).status, 200)
    run.child.kill('SIGTERM')
    const { code, stdout } = await run.exit
    t.equal(code, 0)
    t.match(stdout, /"stopping".*"time is up/s)
    t.match(await wire.ended(), /^HTTP\/1\.1 502 [\s\S]*"delivery":"unknown"/)
    t.match(stdout, /"status":502[^\n]*"delivery":"unknown"/)
  },
)

t.test('a caller that never reads its answers does not hold up the end', async (t) => {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0', SHUTDOWN_TIMEOUT_MS: '3000' })
  const wire = await openWire(t, await run.url())
  wire.socket.pause()
  wire.socket.write('GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(200))
  await run.until(/"route":"\/openapi.json"/)
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 1, 'whoever waits for the end is told that answers were lost')
  t.match(stdout, /"time is up.*"requests":\d+,"msg":"callers were cut off.*"stopped"/s)
})

t.test('it goes on when nobody reads what it says, counts that, and ends', async (t) => {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0' })
  // What it says is cut off here.
  run.exit.catch(() => undefined)
  run.child.stderr?.destroy()
  const url = await run.url()
  run.child.stdout?.destroy()
  do {
    const wire = await openWire(t, url, post(messages, '{"text":"Hi"}', 'Connection: close\r\n'))
    t.match(await wire.ended(), /^HTTP\/1.1 201 /)
  } while ((await scrape(url)).value('log_lines_dropped_total') === 0)
  const ended = once(run.child, 'exit')
  run.child.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
})

t.test('a start that cannot send by itself, or is open to all, says so in a warning', async (t) => {
  const run = startProcess(t, { HOST: '0.0.0.0' })
  const url = await run.url()
  const printed = await run.until(/no API keys/)
  const lines = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    // One for each address of the machine.
    .filter(({ msg }) => !msg.startsWith('listening at'))
  t.match(lines.at(0), {
    serves: 'any account',
    credentials: 'the callers’: each sends both tokens',
    liveengage: 'https://api.liveperson.net and .liveperson.net',
    docs: `${url}/docs`,
    msg: 'serving',
  })
  t.match(lines.at(1), { level: 'warn', msg: /set LP_ACCOUNT_ID, LP_CLIENT_ID and LP_CLIENT/ })
  t.match(lines.at(2), { level: 'warn', msg: /^HOST is not a loopback address and there are no/ })
})

t.test('a wrong environment ends it with 1 and every wrong name, no value', async (t) => {
  const run = startProcess(t, {
    PORT: 'hunter2',
    LOG_LEVEL: 'hunter2',
    LP_DOMAIN_API_URL: 'http://hunter2.example',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  })
  const { code, stdout, stderr } = await run.exit
  t.equal(code, 1)
  t.equal(stdout, '')
  for (const name of ['PORT', 'LOG_LEVEL', 'LP_DOMAIN_API_URL', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
    t.match(stderr, new RegExp(`^ {2}${name}: must `, 'm'))
  }
  t.notMatch(stderr, /hunter2/)
})

t.test('a port in use, or a host that is none, ends it with 1 and the reason', async (t) => {
  const occupant = createServer().listen(0, '127.0.0.1')
  await once(occupant, 'listening')
  t.teardown(() => occupant.close())
  const { port } = Object(occupant.address())
  const [taken, takenBySandbox, unknown] = await Promise.all([
    startProcess(t, { PORT: String(port), npm_lifecycle_event: 'start' }).exit,
    startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: String(port), npm_lifecycle_event: 'npx' })
      .exit,
    startProcess(t, { HOST: 'nowhere.invalid' }).exit,
  ])
  t.equal(taken.code, 1)
  t.match(
    taken.stderr,
    `liveengage-proxy: listen EADDRINUSE: address already in use 127.0.0.1:${port} (HOST, PORT)`,
  )
  t.match(taken.stderr, 'use a free port: PORT=0 npm start, with your other variables as before\n')
  t.equal(takenBySandbox.code, 1)
  t.match(takenBySandbox.stderr, `address already in use 127.0.0.1:${port} (SANDBOX_PORT)`)
  t.match(
    takenBySandbox.stderr,
    'PORT=0 SANDBOX_PORT=0 npx liveengage-proxy sandbox, with your other variables as before\n',
  )
  t.equal(unknown.code, 1)
  t.match(unknown.stderr, /^liveengage-proxy: getaddrinfo .* \(HOST, PORT\)$/m)
})

t.test(
  'an error that nobody caught is logged without its message, and ends it with 1',
  async (t) => {
    const preload = `data:text/javascript,process.on('SIGUSR1',()=>{throw new TypeError(['planted','words'].join(' '))})`
    const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0' }, preload)
    await run.url()
    run.child.kill('SIGUSR1')
    const { code, stdout, stderr } = await run.exit
    t.equal(code, 1)
    t.notMatch(stdout + stderr, /planted words/)
    const fatal = stdout.split('\n').find((line) => /"fatal"/.test(line)) ?? '{}'
    t.match(JSON.parse(fatal), {
      level: 'fatal',
      err: { name: 'TypeError', frames: [/^ {4}at /] },
      msg: 'the process fails',
    })
  },
)

/** A process on a scripted LiveEngage where some consumers type for a minute. */
async function startTyping(t: Test, dialogs: number, env: Record<string, string> = {}) {
  const upstream = await startUpstream(t)
  const run = startProcess(t, {
    LP_ACCOUNT_ID: '12345678',
    LP_DOMAIN_API_URL: upstream.origin,
    LP_ALLOWED_HOSTS: upstream.host,
    ...env,
  })
  const url = await run.url()
  const headers = {
    authorization: token,
    'x-lp-on-behalf': token,
    'content-type': 'application/json',
  }
  const type = async (id: number) => {
    const init = { method: 'POST', headers, body: '{"expiresInSeconds":60}' }
    return (await fetch(`${url}/conversations/c${id}/typing`, init)).status
  }
  const statuses = await Promise.all(Array.from({ length: dialogs }, (_, id) => type(id)))
  t.strictSame(new Set(statuses), new Set([204]))
  return { run, upstream }
}

const pausesOf = (upstream: Upstream) =>
  upstream.sends().filter(({ body }) => body.includes('"PAUSE"'))

t.test('SIGTERM ends typing that was to end later, 32 at a time', async (t) => {
  const { run, upstream } = await startTyping(t, 70)
  let waiting = 0
  let most = 0
  upstream.script.send = (...exchange: Parameters<Script>) => {
    waiting += 1
    most = Math.max(most, waiting)
    setTimeout(() => {
      waiting -= 1
      ok(...exchange)
    }, 20)
  }
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  const dialogs = pausesOf(upstream).map(({ body }) => JSON.parse(body).body.dialogId)
  t.equal(dialogs.length, 70)
  t.equal(new Set(dialogs).size, 70)
  t.equal(most, 32)
  t.notMatch(stdout, /"msg":"typing/)
})

t.test(
  'typing is ended in time where another call holds the process until it is cut',
  async (t) => {
    const { run, upstream } = await startTyping(t, 40, { SHUTDOWN_TIMEOUT_MS: '4000' })
    upstream.script.send = (...exchange: Parameters<Script>) => {
      const [{ body }] = exchange
      if (body.includes('"PAUSE"')) ok(...exchange)
      else run.child.kill('SIGTERM')
    }
    const wire = await openWire(t, await run.url(), post(messages, '{"text":"Hi"}'))
    const { code, stdout } = await run.exit
    t.equal(code, 0)
    t.match(stdout, /"time is up/)
    t.match(await wire.ended(), /^HTTP\/1.1 502 [\s\S]*"delivery":"unknown"/)
    t.equal(pausesOf(upstream).length, 40)
    t.notMatch(stdout, /"msg":"typing/)
  },
)

t.test('typing is ended in time where the delay leaves little of it', async (t) => {
  const env = { SHUTDOWN_DELAY_MS: '5500', SHUTDOWN_TIMEOUT_MS: '6500' }
  const { run, upstream } = await startTyping(t, 3, env)
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  t.equal(pausesOf(upstream).length, 3)
  t.notMatch(stdout, /"msg":"typing/)
})

t.test('a call whose caller has hung up is waited for, and what it armed is ended', async (t) => {
  const { run, upstream } = await startTyping(t, 1)
  const url = await run.url()
  const path = '/conversations/gone/typing'
  const arrived = new Promise<() => void>((resolve) => {
    upstream.script.send = (...exchange) => resolve(() => ok(...exchange))
  })
  const head = 'X-Request-Id: gone\r\n'
  const wire = await openWire(t, url, post(path, '{"expiresInSeconds":60}', head))
  const answer = await arrived
  upstream.script.send = ok
  wire.socket.destroy()
  run.child.kill('SIGTERM')
  await run.until(/"stopping"/)
  // Long after it has closed its last connection.
  setTimeout(answer, 1_500)
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  t.match(stdout, /"requestId":"gone"[^\n]*"status":204/)
  const dialogs = pausesOf(upstream).map(({ body }) => JSON.parse(body).body.dialogId)
  t.strictSame(dialogs.toSorted(), ['c0', 'gone'])
})

t.test('typing that cannot be ended holds the process no longer than the rest', async (t) => {
  const { run, upstream } = await startTyping(t, 40, { SHUTDOWN_TIMEOUT_MS: '6000' })
  upstream.script.send = () => undefined
  run.child.kill('SIGTERM')
  const { code, stdout } = await run.exit
  t.equal(code, 0)
  t.match(stdout, /"time is up[^\n]*\n[^\n]*"dialogs":8[^\n]*"typing goes on showing/)
  t.equal(stdout.match(/"typing was not ended"/g)?.length, 32)
  t.equal(pausesOf(upstream).length, 32, 'each was tried once, and those that were left not at all')
})
