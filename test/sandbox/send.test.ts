import t from 'tap'
import { CLOSE, eventsOf, send, startBox, text, update } from './fixtures/box.ts'

function publish(event: object, dialogId = 'c1') {
  return { kind: 'req', id: '1', type: 'ms.PublishEvent', body: { dialogId, event } }
}

const ok = (body: object) => ({ reqId: '1', code: 'OK', body })

t.test('messages and receipts share one count from 0, chat states are outside it', async (t) => {
  const sandbox = await startBox(t)
  const receipt = { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [0] }
  const typing = { type: 'ChatStateEvent', chatState: 'COMPOSING' }
  t.strictSame((await send(sandbox, text('a'))).body, ok({ sequence: 0 }))
  t.strictSame((await send(sandbox, publish(typing))).body, ok({ sequence: 0 }))
  t.strictSame((await send(sandbox, publish(receipt))).body, ok({ sequence: 1 }))
  t.strictSame((await send(sandbox, text('b'))).body, ok({ sequence: 2 }))
  t.strictSame((await send(sandbox, text('c', 'c2'))).body, ok({ sequence: 0 }), 'another')

  const now = await eventsOf(sandbox, 'c1')
  t.match(now, [
    { sequence: 0, type: 'ms.PublishEvent', body: text('a').body },
    { type: 'ms.PublishEvent', body: { dialogId: 'c1', event: typing } },
    { sequence: 1, type: 'ms.PublishEvent', body: { dialogId: 'c1', event: receipt } },
    { sequence: 2, type: 'ms.PublishEvent', body: text('b').body },
  ])
  t.notHas(now[1], { sequence: 0 })
})

t.test('metadata travels beside the body and is shown with the event', async (t) => {
  const sandbox = await startBox(t)
  const metadata = [{ type: 'ExternalId', id: 'click-1' }]
  await send(sandbox, { ...text('yes'), metadata })
  t.match(await eventsOf(sandbox, 'c1'), [{ sequence: 0, metadata }])
})

t.test('a numeric id comes back as a string, any other verbatim', async (t) => {
  const sandbox = await startBox(t)
  t.strictSame((await send(sandbox, text('a', 'c1', 12))).body, {
    reqId: '12',
    code: 'OK',
    body: { sequence: 0 },
  })
  t.match((await send(sandbox, text('a', 'c1', '1,'))).body, { reqId: '1,' })
})

t.test('a closed conversation takes no event and no second close, but CSAT and TTR', async (t) => {
  const sandbox = await startBox(t)
  const closed = {
    code: 'BAD_REQUEST',
    body: { msg: 'Bad Request, Conversation is close' },
  }
  const csat = {
    field: 'CSATRate',
    csatRate: 5,
    csatResolutionConfirmation: true,
    status: 'FILLED',
  }
  const ttr = { field: 'TTRField', ttrType: 'URGENT', value: 300 }
  t.equal((await send(sandbox, update(CLOSE))).status, 200)
  for (const [refused, reqId] of [
    [text('a'), '1'],
    [publish({ type: 'ChatStateEvent', chatState: 'GONE' }), '1'],
    [update(CLOSE), 'u'],
  ]) {
    const answer = await send(sandbox, refused)
    t.equal(answer.status, 400)
    t.strictSame(answer.body, { ...closed, reqId })
  }
  t.equal((await send(sandbox, update(csat))).status, 200)
  t.equal((await send(sandbox, update(ttr))).status, 200)
  t.equal((await eventsOf(sandbox, 'c1')).length, 3)
})

t.test('closing the main dialog closes the conversation for it', async (t) => {
  const sandbox = await startBox(t)
  const dialog = { dialogId: 'c1', state: 'CLOSE', closedCause: 'Closed by consumer' }
  const change = update({ field: 'DialogChange', type: 'UPDATE', dialog })
  t.strictSame((await send(sandbox, change)).body, {
    reqId: 'u',
    code: 'OK',
    body: { msg: 'OK Dialog closed successfully' },
  })
  t.equal((await send(sandbox, text('a'))).status, 400)
  t.equal((await send(sandbox, change)).status, 400)
})

t.test('a dialog of its own id is its own: closing it leaves the conversation open', async (t) => {
  const sandbox = await startBox(t)
  const dialog = { dialogId: 'survey', state: 'CLOSE', closedCause: 'Closed by consumer' }
  await send(sandbox, update({ field: 'DialogChange', type: 'UPDATE', dialog }))
  t.equal((await send(sandbox, text('a'))).status, 200)
  t.equal((await send(sandbox, text('a', 'survey'))).status, 400)
})

t.test('one id in two accounts means two conversations', async (t) => {
  const sandbox = await startBox(t)
  await send(sandbox, text('a'))
  t.strictSame((await send(sandbox, text('b'), { account: 'other' })).body, ok({ sequence: 0 }))
  t.equal((await eventsOf(sandbox, 'c1')).length, 2)
})

t.test('a text may have 5000 characters, a preview 30 KB', async (t) => {
  const sandbox = await startBox(t)
  const file = (preview: string) =>
    publish({
      type: 'ContentEvent',
      contentType: 'hosted/file',
      message: { relativePath: '/v1/x', fileType: 'PNG', preview },
    })
  t.equal((await send(sandbox, text('😀'.repeat(5000)))).status, 200)
  t.equal((await send(sandbox, text('😀'.repeat(5001)))).status, 400)
  t.equal((await send(sandbox, file('x'.repeat(30 * 1024)))).status, 200)
  const refused = await send(sandbox, file('x'.repeat(30 * 1024 + 1)))
  t.equal(refused.status, 400)
  t.strictSame(refused.body, { code: 'BAD_REQUEST', body: { msg: 'Bad Request' }, reqId: '1' })
})
