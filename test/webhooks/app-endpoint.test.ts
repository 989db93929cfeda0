import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { type Test, test } from 'tap'
import { postTo } from '../../src/webhooks/app-endpoint.ts'
import { makeCertificate, validity } from '../doctor/fixtures/certificate.ts'
import { openHosts } from '../transport/fixtures/hosts.ts'
import { type Answer, listen, startRaw } from '../transport/fixtures/raw.ts'

/** What comes of one event at an app that answers with these bytes. */
async function outcomeAt(t: Test, answer: Answer, timeoutMs = 1_000) {
  const app = await startRaw(t, answer)
  const post = postTo(openHosts(t))
  return {
    app,
    outcome: await post(destination(`${app.origin}/events?x=1`, timeoutMs), '{"a":"b"}'),
  }
}

function destination(url: string, timeoutMs: number) {
  const deadline = performance.now() + timeoutMs
  return { accountId: '12345678', url, headers: { 'x-a': 'b' }, deadline, trace: undefined }
}

/** Waits for what an event at the app's end brings about. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(5)
}

test('an event is one POST, and its status is what came of it', async (t) => {
  for (const [line, status] of [
    ['200 OK', 200],
    ['204 No Content', 204],
    ['302 Found\r\nlocation: /other', 302],
    ['410 Gone', 410],
    ['500 Oops', 500],
  ] as const) {
    const { app, outcome } = await outcomeAt(t, (socket) =>
      socket.write(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`),
    )
    t.strictSame(outcome, { status })
    t.equal(app.requests.length, 1)
    t.match(app.requests[0], /^POST \/events\?x=1 HTTP\/1\.1\r\n/)
    t.match(app.requests[0], /\r\nx-a: b\r\n/)
    t.ok(app.requests[0]?.includes('\r\ncontent-length: 9\r\n'))
  }
})

test('an event is taken as soon as the head of the answer is there, whatever its body does', async (t) => {
  const { app, outcome } = await outcomeAt(t, (socket) =>
    socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12'),
  )
  t.strictSame(outcome, { status: 200 })
  // A body that never ends costs its connection.
  await until(() => app.open() === 0)
})

test('a long body is not read to its end', async (t) => {
  const { app, outcome } = await outcomeAt(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(100_000)}`)
  })
  t.strictSame(outcome, { status: 200 })
  await until(() => app.open() === 0)
})

test('a short body leaves the connection to the next event', async (t) => {
  const app = await startRaw(t, (socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  )
  const post = postTo(openHosts(t))
  for (let each = 0; each < 3; each += 1) {
    t.strictSame(await post(destination(app.origin, 1_000), '{}'), { status: 200 })
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(app.connections(), 1)
})

test('what breaks after the write has failed, and is not tried again', async (t) => {
  for (const answer of [
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end('this is no HTTP\r\n\r\n'),
    (socket) => socket.end('HTTP/1.1 200'),
  ] satisfies Answer[]) {
    const { app, outcome } = await outcomeAt(t, answer)
    t.strictSame(outcome, { failure: 'failed' })
    t.equal(app.requests.length, 1)
  }
})

test('no answer until the deadline is a time-out', async (t) => {
  const startedAt = performance.now()
  const { outcome } = await outcomeAt(t, () => undefined, 100)
  t.strictSame(outcome, { failure: 'timeout' })
  t.ok(performance.now() - startedAt < 1_000)
})

test('an app that refuses connections, or has no address, may come back', async (t) => {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  const post = postTo(openHosts(t))
  const outcome = { failure: 'unreachable', mayRecover: true }
  t.strictSame(await post(destination(`http://127.0.0.1:${port}/`, 1_000), '{}'), outcome)
  t.strictSame(await post(destination('http://no-app.invalid/', 1_000), '{}'), outcome)
  t.strictSame(await post(destination(`http://127.0.0.1:${port}/`, -1), '{}'), outcome)
})

test('a certificate that does not verify is not waited for', async (t) => {
  const identity = makeCertificate({ host: 'localhost', ...validity(-1, 1) })
  let served = 0
  const server = createTlsServer(identity, () => {
    served += 1
  })
  t.teardown(() => server.close())
  const post = postTo(openHosts(t))
  const outcome = await post(destination(`https://localhost:${await listen(server)}/`, 1_000), '{}')
  t.strictSame(outcome, { failure: 'unreachable', mayRecover: false })
  t.equal(served, 0)
})

test('however often the app fails, the next event is tried', async (t) => {
  const app = await startRaw(t, (socket) =>
    socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n'),
  )
  const hosts = openHosts(t)
  const post = postTo(hosts)
  for (let each = 0; each < 60; each += 1) {
    t.strictSame(await post(destination(app.origin, 1_000), '{}'), { status: 500 })
  }
  t.equal(app.requests.length, 60)
  t.strictSame([...hosts.at(app.origin).breakers], [])
  t.equal(hosts.statistics.services.app.calls.failure, 60)
})

test('a failure of the program itself is no outcome', async (t) => {
  const app = await startRaw(t, () => undefined)
  const post = postTo(openHosts(t))
  const startCall = () => {
    throw new Error('the tracer failed')
  }
  const broken = { ...destination(app.origin, 1_000), trace: { startCall } }
  await t.rejects(post(broken, '{}'), { message: 'the tracer failed' })
})
