import { test } from 'tap'
import { sendAfter } from '../../src/routes/receipt-first.ts'
import { start, startProxy } from '../start.ts'
import { json, ok, type Script, startUpstream } from '../upstream.ts'

const path = '/conversations/c1/messages'
const metadata = [{ type: 'ExternalId', id: 'offer-yes', more: { a: [1] } }]
const answer = { text: 'Yes, please', inReplyTo: 4, metadata }

const receiptSend = {
  kind: 'req',
  type: 'ms.PublishEvent',
  body: {
    dialogId: 'c1',
    event: { type: 'AcceptStatusEvent', status: 'ACTION', sequenceList: [4] },
  },
  metadata,
}
const textSend = {
  kind: 'req',
  type: 'ms.PublishEvent',
  body: {
    dialogId: 'c1',
    event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Yes, please' },
  },
  metadata,
}

const refused = json(400, { code: 'BAD_REQUEST', body: { msg: 'no' } })
const failed = json(500, 'oh no')
const silent: Script = () => undefined

/** A LiveEngage that answers receipts by one script and everything else by another. */
async function startWith(t: Parameters<typeof startUpstream>[0], receipt: Script, text: Script) {
  const upstream = await startUpstream(t)
  upstream.script.send = (seen, ...rest) =>
    (seen.body.includes('AcceptStatusEvent') ? receipt : text)(seen, ...rest)
  const proxy = await startProxy(t, upstream.origin)
  return { ...proxy, upstream }
}

test('an answer to a card is the receipt of the click, then the text, both with its metadata', async (t) => {
  const { call, sandbox } = await start(t)
  const reply = await call('POST', path, answer)
  t.match(reply, {
    status: 201,
    body: { conversationId: 'c1', dialogId: 'c1', sequence: 1, receipt: 'sent' },
  })
  const sends = sandbox.calls().filter(({ method }) => method === 'POST')
  const envelopes = sends.map(({ body }) => Object(body))
  t.strictSame(
    envelopes.map(({ id, ...envelope }) => envelope),
    [receiptSend, textSend],
  )
  t.not(envelopes[0].id, envelopes[1].id)
})

test('an answer in another dialog acknowledges there', async (t) => {
  const { call, sandbox } = await start(t)
  await call('POST', path, { ...answer, inReplyTo: 0, dialogId: 'survey' })
  const [receipt, text] = sandbox.calls().filter(({ method }) => method === 'POST')
  t.match(receipt?.body, { body: { dialogId: 'survey', event: { sequenceList: [0] } } })
  t.match(text?.body, { body: { dialogId: 'survey' } })
})

test('an answer that ends typing does so once', async (t) => {
  const { call, sandbox } = await start(t)
  await call('POST', '/conversations/c1/typing', { expiresInSeconds: 60 })
  t.match(await call('POST', path, answer), { status: 201, body: { receipt: 'sent' } })
  const count = () => JSON.stringify(sandbox.calls()).split('"PAUSE"').length - 1
  for (let tries = 0; count() === 0 && tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.equal(count(), 1)
})

test('a refused receipt is the answer’s failure, and the text is not sent', async (t) => {
  const { call, upstream } = await startWith(t, refused, ok)
  const reply = await call('POST', path, answer)
  t.match(reply, { status: 400, body: { code: 'rejected-by-liveengage', delivery: 'not-sent' } })
  t.notOk('receipt' in reply.body)
  t.equal(upstream.sends().length, 1)
})

test('a receipt of unknown outcome keeps the text from nothing, and the answer says so', async (t) => {
  const { call, upstream, logs } = await startWith(t, failed, ok)
  t.match(await call('POST', path, answer), {
    status: 201,
    body: { sequence: 0, receipt: 'unknown' },
  })
  t.equal(upstream.sends().length, 2)
  t.ok(logs.some(({ level, msg }) => level === 'warn' && /receipt is unknown/.test(String(msg))))
})

test('a receipt that gets no answer leaves the text half of the time', async (t) => {
  const { call } = await startWith(t, silent, ok)
  const reply = await call('POST', path, answer, { 'x-request-timeout-ms': '800' })
  t.match(reply, { status: 201, body: { receipt: 'unknown' } })
})

test('a text that fails after its receipt fails as any other, and tells of the receipt', async (t) => {
  for (const [receipt, text, status, body] of [
    [ok, refused, 400, { code: 'rejected-by-liveengage', delivery: 'not-sent', receipt: 'sent' }],
    [failed, refused, 400, { delivery: 'not-sent', receipt: 'unknown' }],
    [ok, failed, 502, { code: 'liveengage-failed', delivery: 'unknown', receipt: 'sent' }],
    [failed, failed, 502, { delivery: 'unknown', receipt: 'unknown' }],
    [ok, silent, 504, { code: 'liveengage-timeout', delivery: 'unknown', receipt: 'sent' }],
  ] as const) {
    const { call } = await startWith(t, receipt, text)
    const reply = await call('POST', path, answer, { 'x-request-timeout-ms': '1500' })
    t.match(reply, { status, body }, JSON.stringify(body))
  }
})

test('an Idempotency-Key gives the two calls one outcome', async (t) => {
  const { call, upstream } = await startWith(t, ok, ok)
  const keyed = { 'idempotency-key': 'click-1' }
  const first = await call('POST', path, answer, keyed)
  const again = await call('POST', path, answer, keyed)
  t.strictSame(again.body, first.body)
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.equal(upstream.sends().length, 2)
})

test('under an Idempotency-Key an unknown text is replayed, a refused one sent again with its receipt', async (t) => {
  const { call, upstream } = await startWith(t, ok, refused)
  const send = upstream.script.send
  t.match(await call('POST', path, answer, { 'idempotency-key': 'a' }), { status: 400 })
  upstream.script.send = ok
  t.match(await call('POST', path, answer, { 'idempotency-key': 'a' }), {
    status: 201,
    body: { receipt: 'sent' },
  })
  t.equal(upstream.sends().length, 4)
  upstream.script.send = (seen, ...rest) =>
    (seen.body.includes('AcceptStatusEvent') ? ok : failed)(seen, ...rest)
  const lost = await call('POST', path, answer, { 'idempotency-key': 'b' })
  upstream.script.send = send
  const replayed = await call('POST', path, answer, { 'idempotency-key': 'b' })
  t.strictSame(replayed.body, lost.body)
  t.match(replayed, { status: 502, body: { receipt: 'sent' } })
  t.equal(upstream.sends().length, 6)
})

test('a dry run of an answer to a card shows the first of its calls and sends nothing', async (t) => {
  const { call, upstream } = await startWith(t, ok, ok)
  const reply = await call('POST', `${path}?dryRun=true`, answer)
  t.equal(reply.status, 200)
  const { id, ...envelope } = reply.body.body
  t.strictSame(envelope, receiptSend)
  t.equal(upstream.sends().length, 0)
})

test('inReplyTo needs the metadata of the click, and a text', async (t) => {
  const { call, upstream } = await startWith(t, ok, ok)
  const file = { relativePath: '/a.PNG', fileType: 'PNG' }
  for (const [body, at, message] of [
    [{ text: 'Yes', inReplyTo: 4 }, '/metadata', 'is required'],
    [{ text: 'Yes', inReplyTo: 4, metadata: [] }, '/metadata', 'must have at least 1 item'],
    [{ ...answer, inReplyTo: -1 }, '/inReplyTo', 'must be at least 0'],
    [{ ...answer, inReplyTo: '4' }, '/inReplyTo', 'must be an integer'],
    [{ inReplyTo: 4, metadata }, '', 'must have text or file'],
    [
      { file, inReplyTo: 4, metadata },
      '/inReplyTo',
      'cannot be combined with the other keys of this body',
    ],
  ] as const) {
    const reply = await call('POST', path, body)
    t.equal(reply.status, 400)
    t.strictSame(reply.body.errors, [{ path: at, message }], JSON.stringify(body))
  }
  t.equal(upstream.sends().length, 0)
})

test('a fault of the proxy’s own is passed on as it is, from either call', async (t) => {
  const fault = new Error('a fault')
  const fails = () => Promise.reject(fault)
  const succeeds = () => Promise.resolve({ sequence: 1, body: {} })
  await t.rejects(sendAfter(fails, succeeds), fault)
  await t.rejects(sendAfter(succeeds, fails), fault)
})
