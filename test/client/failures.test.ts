import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { type Test, test } from 'tap'
import { createClient, LiveEngageProxyError } from '../../src/client/index.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { failureOf } from './recorded.ts'

const send = (baseUrl: string, maxAttempts = 1) =>
  failureOf(
    createClient({ baseUrl, maxAttempts, consumerId: 'ada' }).sendMessage('c', { text: 'Hi' }),
  )

/** What is in the place of the proxy, and answers each call so. */
async function startGateway(
  t: Test,
  status: number,
  headers: Record<string, string>,
  body: string,
): Promise<{ url: string; count: () => number }> {
  let count = 0
  const server = createServer((request, response) => {
    count += 1
    request.resume()
    response.writeHead(status, headers).end(body)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${await listen(server)}`, count: () => count }
}

test('after an answer that is not from the proxy the outcome of the message is unknown', async (t) => {
  const html = { 'content-type': 'text/html' }
  const problem = { 'content-type': 'application/problem+json' }
  for (const [status, headers, body, attempts] of [
    [502, html, '<h1>Bad Gateway</h1>', 2],
    [503, { ...html, 'retry-after': '0' }, '', 2],
    [429, html, '', 2],
    [408, html, '', 2],
    [404, html, '<h1>Not Found</h1>', 1],
    [200, html, '<h1>Welcome</h1>', 1],
    [201, html, '<h1>Created</h1>', 1],
    [201, { 'content-type': 'application/json' }, '{"id":1}', 1],
    [302, { location: 'http://127.0.0.1:1/' }, '', 1],
    [503, problem, '{"title":"of another program","status":503}', 2],
    [503, problem, 'no JSON', 2],
  ] as const) {
    const { url, count } = await startGateway(t, status, headers, body)
    const label = `${status} ${body}`
    t.match(
      await send(url, 2),
      { code: 'unexpected-answer', status, delivery: 'unknown', retryable: false, attempts },
      label,
    )
    t.equal(count(), attempts, label)
  }
})

test('Retry-After is read as seconds and as a date', async (t) => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString()
  for (const [header, least, most] of [
    ['7', 7, 7],
    [inAMinute, 30, 60],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0, 0],
  ] as const) {
    const { url } = await startGateway(t, 503, { 'retry-after': header }, '')
    const { retryAfterSeconds } = Object(await send(url))
    t.ok(retryAfterSeconds >= least && retryAfterSeconds <= most, `${header} ${retryAfterSeconds}`)
  }
  const { url } = await startGateway(t, 503, { 'retry-after': 'soon' }, '')
  t.match(await send(url), { retryAfterSeconds: undefined })
})

test('a connection that breaks after the request leaves it unknown', async (t) => {
  for (const answer of [
    '',
    'HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{"conversationId"',
  ]) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(answer))
    })
    t.teardown(() => server.close())
    const error = await send(`http://127.0.0.1:${await listen(server)}`)
    t.match(error, { code: 'network-error', delivery: 'unknown', retryable: false }, answer)
    t.match(error, { remedy: /idempotencyKey/, idempotencyKey: /./ }, answer)
    t.ok(error instanceof LiveEngageProxyError && error instanceof Error)
  }
})

/** A client whose every attempt fails so. */
function failing(error: Error) {
  const fetch = async () => {
    throw error
  }
  const client = createClient({ baseUrl: 'http://proxy', maxAttempts: 1, fetch })
  return failureOf(client.sendMessage('c', { text: 'Hi' }))
}

test('nothing was sent where no connection came about, as far as the runtime tells', async (t) => {
  const server = createTcpServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  for (const host of ['127.0.0.1', 'localhost']) {
    const error = await send(`http://${host}:${port}`)
    t.match(error, { code: 'network-error', delivery: 'not-sent', retryable: true }, host)
  }
  const deno = 'error sending request for url (http://proxy/)'
  const refused = { syscall: 'connect', code: 'ECONNREFUSED' }
  const broken = { syscall: 'read', code: 'ECONNRESET' }
  for (const [cause, delivery] of [
    [{ syscall: 'getaddrinfo', code: 'ENOTFOUND' }, 'not-sent'],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'not-sent'],
    [{ message: `${deno}: client error (Connect): tcp connect error` }, 'not-sent'],
    [{ message: `${deno}: client error (SendRequest): connection closed` }, 'unknown'],
    [{ errors: [refused, refused] }, 'not-sent'],
    [{ errors: [refused, broken] }, 'unknown'],
    [{ errors: [] }, 'unknown'],
    [broken, 'unknown'],
    [undefined, 'unknown'],
  ] as const) {
    const error = new TypeError('fetch failed', { cause })
    t.match(await failing(error), { code: 'network-error', delivery }, JSON.stringify(cause))
  }
  const ofBun = Object.assign(new TypeError('Unable to connect.'), { code: 'ECONNREFUSED' })
  t.match(await failing(ofBun), { code: 'network-error', delivery: 'not-sent' })
})
