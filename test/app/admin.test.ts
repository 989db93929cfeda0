import { type Test, test } from 'tap'
import { startProcess } from '../process.ts'
import { scrape } from '../scrape.ts'
import { start } from '../start.ts'
import { portOf } from '../upstream.ts'
import { openWire, post } from '../wire.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

async function probe(url: string): Promise<number> {
  const answer = await fetch(url)
  await answer.arrayBuffer()
  return answer.status
}

/** A proxy with both listeners, in this process. */
async function startBoth(t: Test, env: Record<string, string> = {}) {
  const proxy = await start(t, { ADMIN_PORT: '0', ...env })
  const { admin } = proxy
  if (admin === undefined) throw new Error('there is no admin listener')
  t.teardown(() => admin.close())
  const adminUrl = await admin.listen({ host: '127.0.0.1', port: 0 })
  return { ...proxy, admin, adminUrl }
}

test('ADMIN_PORT moves the probes to a listener of their own, which asks for no key', async (t) => {
  const { url, adminUrl } = await startBoth(t, { API_KEYS: 'a-key' })
  for (const [path, status] of [
    ['/livez', 'alive'],
    ['/readyz', 'ready'],
  ] as const) {
    const answer = await fetch(`${adminUrl}${path}`, { headers: { 'x-request-id': 'one' } })
    t.equal(answer.status, 200, path)
    t.strictSame(await answer.json(), { status })
    t.match(Object.fromEntries(answer.headers), {
      'x-request-id': 'one',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    for (const method of ['GET', 'HEAD', 'POST']) {
      const elsewhere = await fetch(`${url}${path}?a=b`, { method })
      t.equal(elsewhere.status, 404, `${method} ${path} of the main listener`)
      if (method !== 'HEAD') t.match(await elsewhere.json(), { code: 'route-not-found' })
    }
    t.match(await (await fetch(`${url}${path}`)).json(), {
      detail: 'This route is on ADMIN_PORT.',
    })
  }
  t.equal((await fetch(`${url}/problems`)).status, 200, 'the rest is where it was')
})

test('ADMIN_PORT moves the metrics too, which count what the main listener answers', async (t) => {
  const { url, adminUrl, call } = await startBoth(t, { API_KEYS: 'a-key' })
  for (const key of ['a-key', undefined]) {
    t.match(await call('GET', '/metrics', undefined, { 'x-api-key': key }), {
      status: 404,
      body: { code: 'route-not-found' },
    })
  }
  await call('POST', '/conversations/c1/messages', { text: 'Hi' }, { 'x-api-key': 'a-key' })
  t.equal((await fetch(`${url}/problems`)).status, 200)
  t.equal((await fetch(`${adminUrl}/livez`)).status, 200)
  const { value } = await scrape(adminUrl)
  t.equal(value('requests_total', { action: 'sendMessage', status: '201' }), 1)
  t.equal(value('requests_total', { action: 'listProblems', status: '200' }), 1)
  t.equal(value('requests_total', { action: 'getMetrics', status: '404' }), 2)
  t.equal(value('requests_total'), 4, 'the platform’s own are not counted')
  t.equal(value('requests_in_flight'), 0)
})

test('the admin listener has nothing else, and refuses as the main one does', async (t) => {
  const { adminUrl } = await startBoth(t)
  for (const [method, path, status, code] of [
    ['GET', '/', 404, 'route-not-found'],
    ['GET', '/problems', 404, 'route-not-found'],
    ['GET', '/docs/', 404, 'route-not-found'],
    ['GET', '/openapi.json', 404, 'route-not-found'],
    ['POST', '/conversations', 404, 'route-not-found'],
    ['POST', '/conversations/c1/messages', 404, 'route-not-found'],
    ['POST', '/livez', 405, 'method-not-allowed'],
    ['GET', '/%zz', 400, 'invalid-request'],
  ] as const) {
    const answer = await fetch(`${adminUrl}${path}`, { method })
    t.equal(answer.status, status, `${method} ${path}`)
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
    t.match(await answer.json(), { code, delivery: 'not-sent' })
  }
  const broken = await openWire(t, adminUrl, 'no request\r\n\r\n')
  t.match(await broken.ended(), /^HTTP\/1\.1 400 [\s\S]*"code":"invalid-request"/)
})

test('the documents describe the probes wherever they are', async (t) => {
  const { url } = await startBoth(t)
  const { call } = await start(t)
  const document = await fetch(`${url}/openapi.json`)
  t.strictSame(await document.json(), (await call('GET', '/openapi.json')).body)
})

test('a probe that succeeds is logged at debug, one that fails at info', async (t) => {
  const { url, adminUrl, logs, drain } = await startBoth(t)
  logs.length = 0
  await fetch(`${adminUrl}/readyz`)
  await fetch(`${url}/readyz`)
  const drained = drain.run(0)
  await fetch(`${adminUrl}/readyz`)
  await drained
  t.match(logs, [
    { level: 'debug', route: '/readyz', status: 200 },
    { level: 'info', route: '/readyz', status: 404 },
    { level: 'info', route: '/readyz', status: 503, code: 'shutting-down' },
  ])
  t.equal(logs.length, 3)
})

test('while the main listener drains and when it is closed, the admin one goes on', async (t) => {
  const { server, adminUrl, drain } = await startBoth(t)
  await drain.run(0)
  await server.close()
  const readyz = await fetch(`${adminUrl}/readyz`)
  t.equal(readyz.status, 503)
  t.equal(readyz.headers.get('connection'), 'close')
  t.match(await readyz.json(), { code: 'shutting-down' })
  t.equal((await fetch(`${adminUrl}/livez`)).status, 200)
})

test('no connection of a probe keeps the admin listener open, idle, silent or half sent', async (t) => {
  const { admin, adminUrl } = await startBoth(t)
  const idle = await openWire(t, adminUrl, get('/livez'))
  await idle.until(/alive/)
  const silent = await openWire(t, adminUrl)
  const half = await openWire(t, adminUrl, 'GET /livez HTTP/1.1\r\n')
  await admin.close()
  await Promise.all([idle, silent, half].map((wire) => wire.ended()))
  await t.rejects(fetch(`${adminUrl}/livez`))
})

test('a process with both listeners says where each is and answers probes until its end', async (t) => {
  const run = startProcess(t, {
    SANDBOX: 'true',
    SANDBOX_PORT: '0',
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    SHUTDOWN_DELAY_MS: '300',
  })
  const url = await run.url()
  const [, adminUrl = ''] =
    /answering probes at (\S+)"/.exec(await run.until(/answering probes at \S+"/)) ?? []
  const slow = '{"text":"sandbox:slow=1500"}'
  const busy = await openWire(t, url, post('/conversations/c1/messages', slow))
  const stuck = await openWire(t, adminUrl, 'GET /livez HTTP/1.1\r\n')
  const kept = await openWire(t, adminUrl, get('/readyz'))
  await kept.until(/ready/)
  run.child.kill('SIGTERM')
  await run.until(/"stopping"/)
  // As a kubelet does, each probe on a new connection, as fast as they are answered.
  const statuses: Record<string, number[]> = { '/livez': [], '/readyz': [] }
  const isOver = (async () => {
    for (;;) {
      for (const [path, list] of Object.entries(statuses)) {
        const status = await probe(`${adminUrl}${path}`).catch(() => undefined)
        if (status === undefined) return
        list.push(status)
      }
    }
  })()
  t.match(await busy.ended(), /^HTTP\/1\.1 201 /)
  const atAnswer = statuses['/livez']?.length ?? 0
  const { code, stdout } = await run.exit
  await Promise.all([isOver, stuck.ended(), kept.ended()])
  t.equal(code, 0)
  t.ok(atAnswer > 0, 'probes were answered as long as a request was in flight')
  t.strictSame([...new Set(statuses['/livez'])], [200])
  t.strictSame([...new Set(statuses['/readyz'])], [503])
  const [began = 0, ended = 0] = ['stopping', 'stopped'].map((word) =>
    Date.parse(new RegExp(`"time":"([^"]+)"[^\\n]*"msg":"${word}"`).exec(stdout)?.[1] ?? ''),
  )
  t.ok(ended - began < 4_000, `${ended - began} ms`)
})

test('an admin port in use, or an admin host that is none, ends it with 1 and the reason', async (t) => {
  const { server } = await start(t)
  const port = portOf(server.server)
  const [taken, unknown] = await Promise.all([
    startProcess(t, { ADMIN_HOST: '127.0.0.1', ADMIN_PORT: String(port) }).exit,
    startProcess(t, { ADMIN_HOST: 'nowhere.invalid', ADMIN_PORT: '0' }).exit,
  ])
  t.equal(taken.code, 1)
  t.match(
    taken.stderr,
    `liveengage-proxy: listen EADDRINUSE: address already in use 127.0.0.1:${port} (ADMIN_HOST, ADMIN_PORT)`,
  )
  t.equal(unknown.code, 1)
  t.match(unknown.stderr, /^liveengage-proxy: getaddrinfo .* \(ADMIN_HOST, ADMIN_PORT\)$/m)
})
