import { createServer, type RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { download } from '../../src/liveengage/download.ts'
import { portOf } from '../upstream.ts'
import { openConnections, peer, termsOf } from './fixtures/connections.ts'

async function setUp(t: Test, listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${portOf(server)}`
  const connections = openConnections(t, { connections: 1 })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const get = (timeoutMs = 5_000, pauseMs = 15_000) =>
    download(connections.to(origin), '/file', termsOf(timeoutMs), peer, pauseMs)
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
  const { body } = await stalled.get(5_000, 100)
  await t.rejects(buffer(body), { code: 'liveengage-timeout' })
  await ended

  const unread = await setUp(t, (_request, response) => {
    response.writeHead(200)
    response.end(Buffer.alloc(20_000_000))
  })
  const { body: kept } = await unread.get(5_000, 100)
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
