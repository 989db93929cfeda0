import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { at, CLOSE, documented, eventsOf, send, startBox, text, update } from './fixtures/box.ts'

t.test('a fault that refuses answers in its own form, and nothing is recorded', async (t) => {
  const sandbox = await startBox(t)
  const cases = [
    {
      fault: '400',
      status: 400,
      body: { code: 'BAD_REQUEST', body: { msg: 'Bad Request' }, reqId: '1' },
    },
    { fault: '401', status: 401, body: at(documented('56'), 'response', 'body') },
    {
      fault: '502',
      status: 502,
      body: {
        kind: 'resp',
        reqId: '1',
        code: 502,
        body: {
          title: 'Unable to access resource',
          details: 'Failed to connect to AC for setting delay',
          errorCode: 50201,
        },
        type: '.ReqBody$ErrorResp',
      },
    },
    {
      fault: 'closed',
      status: 400,
      body: {
        code: 'BAD_REQUEST',
        body: { msg: 'Bad Request, Conversation is close' },
        reqId: '1',
      },
    },
  ]
  for (const { fault, status, body } of cases) {
    const answer = await send(sandbox, text(`sandbox:${fault}`))
    t.equal(answer.status, status, fault)
    t.strictSame(answer.body, body, fault)
  }
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('sandbox:429 says when to come back and nothing else', async (t) => {
  const sandbox = await startBox(t)
  const { status, headers, text: body } = await send(sandbox, text('sandbox:429'))
  t.equal(status, 429)
  t.equal(headers['retry-after'], '1')
  t.equal(body, '')
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('sandbox:500 and sandbox:html answer what no Connector API client expects', async (t) => {
  const sandbox = await startBox(t)
  const failed = await send(sandbox, text('sandbox:500'))
  t.equal(failed.status, 500)
  t.equal(failed.text, 'Internal Server Error')
  t.match(failed.headers['content-type'], /^text\/plain/)
  const page = await send(sandbox, text('sandbox:html'))
  t.equal(page.status, 200)
  t.match(page.headers['content-type'], /^text\/html/)
  t.match(page.text, /^<!doctype html>/)
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('an unknown fault is a 400 that names it', async (t) => {
  const sandbox = await startBox(t)
  for (const name of ['418', 'constructor', 'slow', 'slow=soon', '']) {
    const { status, body } = await send(sandbox, text(`sandbox:${name}`))
    t.equal(status, 400)
    t.strictSame(body, {
      code: 'BAD_REQUEST',
      body: { msg: `The sandbox knows no fault "${name}"` },
      reqId: '1',
    })
  }
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('a text that only contains the word is an ordinary one', async (t) => {
  const sandbox = await startBox(t)
  t.equal((await send(sandbox, text('the sandbox:401'))).status, 200)
  t.equal((await send(sandbox, text('sandbox'))).status, 200)
})

t.test('sandbox:reset resets the connection, and nothing is recorded', async (t) => {
  const sandbox = await startBox(t)
  await t.rejects(send(sandbox, text('sandbox:reset')), { code: 'ECONNRESET' })
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('sandbox:lost accepts and records, then drops the connection', async (t) => {
  const sandbox = await startBox(t)
  await t.rejects(send(sandbox, text('sandbox:lost')), { message: 'socket hang up' })
  t.match(await eventsOf(sandbox, 'c1'), [{ sequence: 0, body: text('sandbox:lost').body }])
  t.match((await send(sandbox, text('next'))).body, { body: { sequence: 1 } })
})

t.test('sandbox:slow accepts and answers no sooner than asked', async (t) => {
  const sandbox = await startBox(t)
  const before = performance.now()
  const { status, body } = await send(sandbox, text('sandbox:slow=80'))
  // A timer may fire up to a millisecond early.
  t.ok(performance.now() - before >= 79)
  t.equal(status, 200)
  t.strictSame(body, { reqId: '1', code: 'OK', body: { sequence: 0 } })
  t.equal((await eventsOf(sandbox, 'c1')).length, 1)
})

t.test('an accepted fault is refused where any other text would be', async (t) => {
  const sandbox = await startBox(t)
  await send(sandbox, update(CLOSE))
  t.equal((await send(sandbox, text('sandbox:lost'))).status, 400)
  t.equal((await send(sandbox, text('sandbox:slow=30000'))).status, 400)
})

t.test('sandbox:timeout never answers, and gives up after 60 seconds', async (t) => {
  const sandbox = await startBox(t)
  const arrival = nextServerSocket()
  const outcome = t.rejects(send(sandbox, text('sandbox:timeout')), { message: 'socket hang up' })
  const socket = await arrival
  while (socket.timeout !== 60_000) await setImmediate()
  // What node does when the time is over.
  socket.emit('timeout')
  await outcome
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('close ends a call that waits', async (t) => {
  const sandbox = await startBox(t)
  const arrival = nextServerSocket()
  const waiting = ['sandbox:timeout', 'sandbox:slow=999999999'].map((fault) =>
    t.rejects(send(sandbox, text(fault)), { message: 'socket hang up' }, fault),
  )
  const socket = await arrival
  while (socket.timeout !== 60_000) await setImmediate()
  while ((await eventsOf(sandbox, 'c1')).length === 0) await setImmediate()
  await sandbox.close()
  await Promise.all(waiting)
})

/** The server's end of the next connection, as node itself tells it. */
function nextServerSocket(): Promise<Socket> {
  const channel = 'http.server.request.start'
  return new Promise((resolve) => {
    const listener = (message: unknown) => {
      const socket = at(message, 'socket')
      if (!(socket instanceof Socket)) return
      unsubscribe(channel, listener)
      resolve(socket)
    }
    subscribe(channel, listener)
  })
}
