import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { AUTHORIZED, announce, call, send, startBox, text } from './fixtures/box.ts'

const GET = { method: 'GET' }

t.test('a sandbox says where it is and how to log in', async (t) => {
  const sandbox = await startBox(t)
  t.ok(sandbox.port > 0)
  t.match(sandbox, {
    origin: `http://localhost:${sandbox.port}`,
    accountId: 'sandbox',
    clientId: 'sandbox-client',
    clientSecret: 'sandbox-secret',
  })
  const own = await startBox(t, { host: 'localhost', clientId: 'me', clientSecret: 'mine' })
  t.match(own, { clientId: 'me', clientSecret: 'mine' })
  t.equal((await fetch(own.origin)).status, 200)
})

t.test('a port that is taken fails the start', async (t) => {
  const { port } = await startBox(t)
  await t.rejects(startSandbox({ port }), { code: 'EADDRINUSE' })
})

t.test('the root says what this is, anything unknown is a 404 in JSON', async (t) => {
  const sandbox = await startBox(t)
  const root = await call(sandbox, '/', GET)
  t.match(root.body, { name: 'LiveEngage in the box', endpoints: [String, String] })
  for (const method of ['GET', 'DELETE', 'HEAD']) {
    const answer = await call(sandbox, '/nothing', { method })
    t.equal(answer.status, 404)
    t.match(answer.headers['content-type'], /^application\/json/)
  }
})

t.test('the events of one named conversation can be read, none of an unknown one', async (t) => {
  const sandbox = await startBox(t)
  for (const query of ['', '?conversationId=', '?conversationId=a&conversationId=b']) {
    t.equal((await call(sandbox, `/sandbox/events${query}`, GET)).status, 400, query)
  }
  const { status, body } = await call(sandbox, '/sandbox/events?conversationId=a', GET)
  t.equal(status, 200)
  t.strictSame(body, { conversationId: 'a', events: [], refused: [] })
})

t.test(
  'every call is kept as it arrived but those of the desk, refused, faulted and oversized ones too',
  async (t) => {
    let milliseconds = 5
    const sandbox = await startBox(t, { now: () => milliseconds++ })
    const path = '/api/account/acme/messaging/consumer/conversation/send?v=3'
    await send(sandbox, text('sandbox:400'))
    await send(sandbox, '{malformed')
    await t.rejects(send(sandbox, text('sandbox:reset')))
    await call(sandbox, '/nothing', { headers: { 'content-type': 'text/plain' }, body: 'hi' })
    await call(sandbox, '/nothing', { body: 'untyped' })
    await call(sandbox, '/', GET)
    await call(sandbox, '/sandbox', GET)
    await announce(sandbox, path, { method: 'POST', headers: { 'content-length': '999999' } })

    const calls = sandbox.calls()
    t.match(calls[0], { method: 'POST', url: path, headers: AUTHORIZED, receivedAt: Number })
    t.strictSame(
      calls.map(({ body }) => body),
      [text('sandbox:400'), '{malformed', text('sandbox:reset'), 'hi', 'untyped', undefined],
    )
    const times = calls.map(({ receivedAt }) => receivedAt)
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
    )
  },
)

t.test('close ends idle connections too', async (t) => {
  const sandbox = await startBox(t)
  const socket = connect(sandbox.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  const ended = once(socket, 'close')
  await sandbox.close()
  await ended
  await t.rejects(call(sandbox, '/', GET), { code: 'ECONNREFUSED' })
})
