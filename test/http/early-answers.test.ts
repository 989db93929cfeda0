/** Answers that come while the caller is still writing its body: it reads them, and not a reset. */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { start, startProxy, token } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { credentials, openWire, post, type Wire } from '../wire.ts'

const messages = '/conversations/c1/messages'
const json = 'Content-Type: application/json\r\n'
const pieces = 25
const piece = 'a'.repeat(8_000)

/** Writes a head and then a body of 200,000 bytes, 8,000 every 20 ms, and reads the answer only when all are written. */
async function writeSlowly(
  t: Test,
  url: string,
  head: string,
  isChunked = false,
  count = pieces,
): Promise<Wire> {
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${count * 8_000}`
  const wire = await openWire(t, url, `${head}${framing}\r\n\r\n`)
  wire.socket.pause()
  for (let written = 0; written < count; written += 1) {
    wire.socket.write(isChunked ? `1f40\r\n${piece}\r\n` : piece)
    await wait(20)
  }
  if (isChunked) wire.socket.write('0\r\n\r\n')
  wire.socket.resume()
  await wire.ended()
  return wire
}

/** The same by a client of Node's. */
async function answerOf(asking: ClientRequest, count = pieces): Promise<IncomingMessage> {
  const answered = once(asking, 'response')
  for (let written = 0; written < count; written += 1) {
    asking.write(piece)
    await wait(20)
  }
  asking.end()
  const [response] = await answered
  return response
}

t.test(
  'a caller that writes its body in pieces reads every answer that comes before its end',
  async (t) => {
    const upstream = await startUpstream(t)
    const env = { API_KEYS: 'a-key-of-the-callers' }
    const { url, drain } = await startProxy(t, upstream.origin, env)
    const key = 'X-API-Key: a-key-of-the-callers\r\n'
    const all = `${credentials}${key}${json}`
    const cases: [number, string, string][] = [
      [400, `POST ${messages}`, `${all}X-Request-Timeout-Ms: 1\r\n`],
      [401, `POST ${messages}`, `${credentials}${json}`],
      [401, `POST ${messages}`, `Host: localhost\r\n${key}${json}`],
      [403, `POST ${messages}`, `${all}Origin: http://evil.example\r\n`],
      [404, 'POST /nowhere', all],
      [405, `PUT ${messages}`, all],
      [413, `POST ${messages}`, all],
      [413, `POST ${messages}`, `${all}Connection: close\r\n`],
      [415, `POST ${messages}`, `${credentials}${key}Content-Type: text/plain\r\n`],
      [415, `POST ${messages}`, `${all}Content-Encoding: gzip\r\n`],
      [415, 'POST /conversations/c1/files', all],
      [421, `POST ${messages}`, all.replace('localhost', 'rebind.example')],
      [200, 'GET /livez', all],
    ]
    const check = async ([status, line, headers]: (typeof cases)[number], isChunked: boolean) => {
      const head = `${line} HTTP/1.1\r\n${headers}`
      const { socket, received } = await writeSlowly(t, url, head, isChunked)
      t.match(received(), new RegExp(`^HTTP/1.1 ${status} `), head)
      t.match(received(), /\r\nconnection: close\r\n/i, head)
      t.equal(received().match(/HTTP\/1.1/g)?.length, 1, head)
      t.equal(socket.errored, null, head)
    }
    await Promise.all(cases.map((each) => check(each, false)))
    await Promise.all(cases.map((each) => check(each, true)))
    drain.isClosing = true
    await check([503, `POST ${messages}`, all], false)
    t.strictSame(upstream.seen, [])
  },
)

/** Writes a head and a body of 12 MB at once, more than the sockets of both sides take, and reads only when all is written. */
async function writeAtOnce(t: Test, url: string, head: string): Promise<Wire> {
  const wire = await openWire(t, url)
  wire.socket.pause()
  const length = 12_000_000
  const bytes = `${head}Content-Length: ${length}\r\n\r\n${'a'.repeat(length)}`
  await new Promise<unknown>((resolve) => wire.socket.write(bytes, resolve))
  wire.socket.resume()
  await wire.ended()
  return wire
}

t.test('so does a caller that writes its whole body at once', async (t) => {
  const { url, sandbox } = await start(t)
  const large = post(messages, '{}'.padEnd(70_000))
  for (const before of [
    '',
    post(messages, '{"text":"Hi"}'),
    large,
    // Its turn comes when all behind it is there.
    post(messages, '{"text":"sandbox:slow=300"}') + large,
  ]) {
    const head = `${before}POST ${messages} HTTP/1.1\r\n${credentials}${json}`
    const { socket, received } = await writeAtOnce(t, url, head)
    t.match(received(), /HTTP\/1.1 413 [\s\S]*"code":"payload-too-large"/)
    t.equal(socket.errored, null)
  }
  const foreign = `Host: localhost\r\n${json}Connection: close\r\nOrigin: http://evil.example\r\n`
  const path = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
  const head = `POST ${path} HTTP/1.1\r\n${foreign}`
  const { socket, received } = await writeAtOnce(t, sandbox.origin, head)
  t.match(received(), /^HTTP\/1.1 403 /)
  t.equal(socket.errored, null)
})

t.test('the listeners of the platform and of LivePerson do the same', async (t) => {
  const secrets = { LP_CLIENT_ID: 'client', LP_CLIENT_SECRET: 'secret-of-the-client' }
  const env = {
    ADMIN_PORT: '0',
    WEBHOOK_PORT: '0',
    EVENTS_URL: 'http://127.0.0.1:9/',
    WEBHOOK_BODY_LIMIT_BYTES: '65536',
    ...secrets,
  }
  const { admin, webhooks } = await start(t, env)
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: localhost\r\n${json}`
  for (const [listener, status, line] of [
    [admin, 405, 'POST /metrics'],
    [webhooks?.server, 404, 'POST /nowhere'],
  ] as const) {
    if (listener === undefined) throw new Error('there is no such listener')
    t.teardown(() => listener.close())
    const url = await listener.listen({ host: '127.0.0.1', port: 0 })
    for (const isChunked of [false, true]) {
      const { socket, received } = await writeSlowly(t, url, head(line), isChunked)
      t.match(received(), new RegExp(`^HTTP/1.1 ${status} `), line)
      t.equal(socket.errored, null)
    }
  }
})

t.test('the sandbox does the same, in TLS too, and its end waits for nobody', async (t) => {
  const sandbox = await startSandbox({ port: 0 })
  const end = sandbox.close
  t.teardown(end)
  const path = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
  const host = `Host: localhost:${sandbox.port}\r\n`
  const url = `http://127.0.0.1:${sandbox.port}`
  const foreign = `Origin: http://evil.example\r\n`
  const close = 'Connection: close\r\n'
  for (const [status, headers] of [
    [413, ''],
    [403, `${foreign}${close}`],
  ] as const) {
    const head = `POST ${path} HTTP/1.1\r\n${host}${json}${headers}`
    const { socket, received } = await writeSlowly(t, url, head, false, 40)
    t.match(received(), new RegExp(`^HTTP/1.1 ${status} `), head)
    t.equal(socket.errored, null, head)
  }

  const encrypted = await startSandbox({ port: 0, tls: true })
  t.teardown(encrypted.close)
  const options = { method: 'POST', rejectUnauthorized: false }
  const asking = httpsRequest(`${encrypted.origin}${path}`, {
    ...options,
    headers: { 'content-type': 'application/json', 'content-length': 40 * 8_000 },
  })
  t.equal((await answerOf(asking, 40)).statusCode, 413)

  const wire = await openWire(
    t,
    url,
    `POST ${path} HTTP/1.1\r\n${host}${foreign}${close}Content-Length: 99999\r\n\r\n`,
  )
  await wire.ended()
  const begun = performance.now()
  await end()
  t.ok(performance.now() - begun < 1_000)
})

t.test('so does a caller of Node’s http, and one whose headers are too large', async (t) => {
  const { url } = await start(t)
  const tokens = { authorization: token, 'x-lp-on-behalf': token }
  const asking = request(`${url}${messages}`, {
    method: 'POST',
    headers: { ...tokens, 'content-type': 'application/json', 'content-length': pieces * 8_000 },
  })
  const response = await answerOf(asking)
  t.equal(response.statusCode, 413)
  t.match(await text(response), '"code":"payload-too-large"')

  const wire = await openWire(t, url, 'GET / HTTP/1.1\r\n')
  wire.socket.pause()
  for (let written = 0; written < pieces; written += 1) {
    wire.socket.write(`X-${written}: ${piece}\r\n`)
    await wait(20)
  }
  wire.socket.resume()
  t.match(await wire.ended(), /^HTTP\/1.1 431 /)
  t.equal(wire.socket.errored, null)
})

t.test('a small body is read on, and its connection serves the next request', async (t) => {
  const { url } = await start(t)
  const next = 'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const head = `POST /nowhere HTTP/1.1\r\nHost: a\r\n${json}Content-Length: 8000\r\n\r\n`
  const wire = await openWire(t, url, head)
  await wire.until(/route-not-found/)
  wire.socket.write(piece + next)
  t.match((await wire.ended()).match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 404', 'HTTP/1.1 200'])
})

t.test('nothing behind the last answer is taken for a request', async (t) => {
  const upstream = await startUpstream(t)
  const { url, logs } = await startProxy(t, upstream.origin)
  const head = `POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`
  const wire = await openWire(t, url, head)
  await wire.ended()
  wire.socket.end(`0\r\n\r\n${post(messages, '{"text":"Hi"}')}`)
  await once(wire.socket, 'close')
  t.equal(logs.filter(({ msg }) => msg === 'request').length, 1)
  t.strictSame(upstream.seen, [])
})

t.test('what is read on is bounded: 16 MiB, 2 s without a byte, 10 s in all', async (t) => {
  const { url, server } = await start(t)
  const head = `POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n`
  const open = async () => {
    const wire = await openWire(t, url, head)
    await wire.ended()
    const { socket } = wire
    const closed = new Promise((resolve) => socket.once('close', resolve))
    return { socket, closed, since: performance.now() }
  }
  const flood = async () => {
    const { socket, closed } = await open()
    const mebibyte = Buffer.alloc(1024 * 1024)
    const go = () => {
      while (socket.writable && socket.write(mebibyte));
    }
    socket.on('drain', go)
    go()
    await closed
    return socket.bytesWritten
  }
  const silence = async () => {
    const { closed, socket, since } = await open()
    // The proxy's close shows when something is written to it.
    const isGone = () =>
      new Promise<boolean>((resolve) => {
        server.server.getConnections((_error, count) => resolve(count < 2))
      })
    while (!(await isGone())) await wait(100)
    socket.destroy()
    await closed
    return performance.now() - since
  }
  const drip = async () => {
    const { socket, closed, since } = await open()
    const dripping = setInterval(() => socket.write('a'), 100)
    await closed
    clearInterval(dripping)
    return performance.now() - since
  }
  const read = await flood()
  t.ok(read > 16 * 1024 * 1024, `${read} bytes`)
  const [silentMs, drippedMs] = await Promise.all([silence(), drip()])
  t.ok(silentMs > 1_900 && silentMs < 6_000, `${silentMs} ms`)
  t.ok(drippedMs > 9_000 && drippedMs < 15_000, `${drippedMs} ms`)
})
