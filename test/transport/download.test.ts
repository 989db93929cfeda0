import { createServer, type RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { CircuitBreaker } from '../../src/transport/circuit-breaker.ts'
import { ConnectFailure } from '../../src/transport/connector.ts'
import { download, type TransferBounds } from '../../src/transport/download.ts'
import { CallStatistics } from '../../src/transport/statistics.ts'
import { portOf } from '../upstream.ts'
import { controlClock } from './fixtures/clock.ts'
import { openHosts, termsOf, upstream } from './fixtures/hosts.ts'
import { controller, reached, ScriptedDispatcher } from './fixtures/scripted.ts'

/** The end of such an answer can be told from a cut. */
const chunked = { 'transfer-encoding': 'chunked' }

async function setUp(t: Test, listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${portOf(server)}`
  const hosts = openHosts(t, { connections: 1 })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const usual = { longestPauseMs: 15_000, longestTransferMs: 300_000 }
  const get = (timeoutMs = 5_000, bounds: Partial<TransferBounds> = {}) => {
    const terms = termsOf(timeoutMs)
    return download(hosts.at(origin), '/file', terms, upstream, { ...usual, ...bounds })
  }
  return { get, server }
}

test('a download has its status, type, length and bytes, however many', async (t) => {
  const bytes = Buffer.alloc(5_000_000, 'abc')
  const { get } = await setUp(t, (_request, response) => {
    response.writeProcessing()
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes.length })
    response.end(bytes)
  })
  const { body, ...head } = await get()
  t.strictSame(head, { status: 200, contentType: 'image/png', contentLength: '5000000' })
  t.ok((await buffer(body)).equals(bytes))
})

test('what has no single type or length has none', async (t) => {
  const { get } = await setUp(t, (_request, response) => response.writeHead(404).end('x'))
  const { body, ...head } = await get()
  t.strictSame(head, { status: 404, contentType: undefined, contentLength: undefined })
  body.destroy()
})

test('a deadline that has passed writes nothing', async (t) => {
  const { get } = await setUp(t, () => t.fail('nothing is written'))
  await t.rejects(get(-1), { code: 'deadline-exceeded' })
})

test('a download whose deadline passes while it waits for a connection is never written', async (t) => {
  let requests = 0
  let release = () => {}
  const { get } = await setUp(t, (_request, response) => {
    requests += 1
    release = () => void response.end('done')
    response.writeHead(200)
    response.flushHeaders()
  })
  const first = await get()
  await t.rejects(get(100), { code: 'deadline-exceeded', delivery: 'not-sent' })
  release()
  t.equal((await buffer(first.body)).toString(), 'done')
  const third = await get()
  release()
  await buffer(third.body)
  t.equal(requests, 2)
})

test('no first byte in time is a timeout, a broken connection a failure', async (t) => {
  const { get } = await setUp(t, () => undefined)
  await t.rejects(get(100), { code: 'liveengage-timeout' })
  const broken = await setUp(t, (request) => request.socket.destroy())
  await t.rejects(broken.get(), { code: 'liveengage-failed' })
  broken.server.closeAllConnections()
  await new Promise((resolve) => broken.server.close(resolve))
  await t.rejects(broken.get(), { code: 'liveengage-unreachable', delivery: 'not-sent' })
})

test('a transfer in which nothing moves any more ends for both sides', async (t) => {
  let closed = () => {}
  const ended = new Promise<void>((resolve) => {
    closed = resolve
  })
  const stalled = await setUp(t, (_request, response) => {
    response.writeHead(200)
    response.write('some')
    response.once('close', closed)
  })
  const { body } = await stalled.get(5_000, { longestPauseMs: 100 })
  await t.rejects(buffer(body), { code: 'liveengage-timeout' })
  await ended

  const unread = await setUp(t, (_request, response) => {
    response.writeHead(200)
    response.end(Buffer.alloc(20_000_000))
  })
  const { body: kept } = await unread.get(5_000, { longestPauseMs: 100 })
  const error = await new Promise((resolve) => kept.once('error', resolve))
  t.match(error, { code: 'liveengage-timeout' })
})

test('a reader who leaves ends the transfer', async (t) => {
  let closed = () => {}
  const ended = new Promise<void>((resolve) => {
    closed = resolve
  })
  const { get } = await setUp(t, (_request, response) => {
    response.writeHead(200)
    response.write('some')
    response.once('close', closed)
  })
  const { body } = await get()
  body.destroy()
  await ended
  t.pass('the storage saw the end')
})

test('a download whose time is up before a connection is made is not written', async (t) => {
  let written: unknown
  let connect = () => void t.fail('it was never begun')
  const late = new ScriptedDispatcher((handler) => {
    connect = () => {
      try {
        handler.onRequestStart?.(controller, {})
      } catch (error) {
        written = error
      }
      handler.onResponseError?.(controller, new Error('too late'))
    }
  })
  await t.rejects(download(reached(late), '/file', termsOf(500), upstream), {
    code: 'deadline-exceeded',
    delivery: 'not-sent',
  })
  connect()
  t.match(written, { message: /nothing may be written/ })
})

/** What the breaker is told. */
function watchBreaker(t: Test): string[] {
  const outcomes: string[] = []
  t.intercept(CircuitBreaker.prototype, 'end', {
    value: (_era: number, outcome: string) => void outcomes.push(outcome),
  })
  return outcomes
}

test('only a connection that did not come about, or a broken one, counts against the storage', async (t) => {
  const outcomes = watchBreaker(t)
  const failures = [new ConnectFailure(new Error('refused')), new Error('a dead socket')]
  for (const failure of failures) {
    const dead = new ScriptedDispatcher((handler) => handler.onResponseError?.(controller, failure))
    await t.rejects(download(reached(dead), '/file', termsOf(1_000), upstream), {
      code: 'liveengage-unreachable',
    })
  }
  const broken = new ScriptedDispatcher((handler) => {
    handler.onRequestStart?.(controller, {})
    handler.onResponseError?.(controller, new Error('reset'))
  })
  await t.rejects(download(reached(broken), '/file', termsOf(1_000), upstream), {
    code: 'liveengage-failed',
  })
  t.strictSame(outcomes, ['failure', 'none', 'failure'])
})

test('no first byte counts against the storage where it was given time', async (t) => {
  const outcomes = watchBreaker(t)
  const silent = () =>
    new ScriptedDispatcher((handler) => {
      const abort = (reason?: unknown) => handler.onResponseError?.(controller, Object(reason))
      handler.onRequestStart?.({ ...controller, abort }, {})
    })
  for (const patienceMs of [20, 1_000]) {
    const destination = reached(silent(), { patienceMs })
    await t.rejects(download(destination, '/file', termsOf(40), upstream), {
      code: 'liveengage-timeout',
    })
  }
  t.strictSame(outcomes, ['failure', 'none'])
})

test('the storage is judged by its status, not by how long its reader takes or when it leaves', async (t) => {
  const outcomes = watchBreaker(t)
  const { get } = await setUp(t, (_request, response) => {
    response.writeHead(statuses.shift() ?? 0)
    response.write('some')
  })
  const statuses = [200, 404, 500]
  const expected = ['success', 'refusal', 'failure']
  for (const [index] of expected.entries()) {
    const { body } = await get()
    t.strictSame(outcomes, expected.slice(0, index + 1), 'before the last byte')
    body.destroy()
  }
  const { body } = await setUp(t, (_request, response) => {
    response.writeHead(500)
    response.write('some')
  }).then((stalled) => stalled.get(5_000, { longestPauseMs: 50 }))
  await t.rejects(buffer(body), { code: 'liveengage-timeout' })
  t.strictSame(outcomes, [...expected, 'failure'], 'once')
})

test('slow readers hold no probe of a storage that is back', async (t) => {
  const clock = controlClock(t)
  const statistics = new CallStatistics()
  let status = 500
  const answering = new ScriptedDispatcher((handler) => {
    handler.onRequestStart?.(controller, {})
    handler.onResponseStart?.(controller, status, chunked, '')
    if (status === 500) handler.onResponseEnd?.(controller, {})
  })
  const destination = reached(answering, { slots: 4, statistics })
  const get = () => download(destination, '/file', termsOf(1_000), upstream)
  for (let count = 0; count < 20; count += 1) (await get()).body.destroy()
  await t.rejects(async () => get(), { code: 'circuit-open' })
  await clock.pass(10_000)
  status = 200
  const held = [await get(), await get(), await get()]
  t.equal(statistics.services.messaging.inFlight, 3)
  const next = await get()
  t.equal(next.status, 200, 'the breaker is closed although none has been read')
  for (const { body } of [...held, next]) body.destroy()
})

test('a transfer ends after its time, however steadily its bytes trickle', async (t) => {
  let closed = () => {}
  const ended = new Promise<void>((resolve) => {
    closed = resolve
  })
  const { get } = await setUp(t, (_request, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('a'), 5)
    response.once('close', () => {
      clearInterval(timer)
      closed()
    })
  })
  const { body } = await get(5_000, { longestPauseMs: 5_000, longestTransferMs: 200 })
  await t.rejects(buffer(body), { code: 'liveengage-timeout' })
  await ended
  const second = await get(5_000, { longestTransferMs: 1_000 })
  second.body.destroy()
  t.equal(second.status, 200, 'its slot is free')
})

test('bytes that come without a break put the end of a transfer off no further', async (t) => {
  const clock = controlClock(t)
  let feed = () => {}
  const aborts: unknown[] = []
  const busy = new ScriptedDispatcher((handler) => {
    const ended = { ...controller, abort: (reason?: unknown) => void aborts.push(reason) }
    handler.onRequestStart?.(ended, {})
    handler.onResponseStart?.(ended, 200, chunked, '')
    feed = () => handler.onResponseData?.(ended, Buffer.from('a'))
  })
  const { body } = await download(reached(busy), '/file', termsOf(1_000), upstream)
  const failed = new Promise((resolve) => body.once('error', resolve))
  await clock.pass(299_000)
  feed()
  t.notOk(body.destroyed)
  await clock.pass(1_000)
  feed()
  t.match(await failed, { code: 'liveengage-timeout' })
  t.ok(aborts.length > 0)
})

test('a download that had to wait too long in line is not begun', async (t) => {
  const idle = new ScriptedDispatcher(() => t.fail('nothing is asked'))
  await t.rejects(download(reached(idle), '/file', termsOf(-1), upstream), {
    code: 'deadline-exceeded',
  })
})

test('an answer whose end could not be told from a cut is a failure, whole or not', async (t) => {
  const { get } = await setUp(t, ({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nhalf a pict'))
  await t.rejects(get(), { code: 'liveengage-failed' })
  await t.rejects(get(), { code: 'liveengage-failed' }, 'and its connection is free again')
})

test('a download that is cut, by length or in its chunks, does not end as if it were whole', async (t) => {
  const heads = [
    'content-length: 100\r\n\r\nhalf',
    'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
  ]
  for (const head of heads) {
    const { get } = await setUp(t, ({ socket }) => socket.end(`HTTP/1.1 200 OK\r\n${head}`))
    const { body } = await get()
    await t.rejects(buffer(body), { code: 'liveengage-failed' }, head)
  }
})
