import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { type StartedProxy, start, startProxy, token } from '../start.ts'
import { json, ok, type Script, startUpstream, type Upstream } from '../upstream.ts'

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)])
const file = { relativePath: '/v1/AUTH_async-images/12345678/a.PNG', fileType: 'PNG' }

/** What happened in a dialog, in order: chat states, types of content, types of the rest. */
async function eventsOf(origin: string, conversationId: string): Promise<string[]> {
  const response = await fetch(`${origin}/sandbox/events?conversationId=${conversationId}`)
  const { events } = Object(await response.json())
  return events.map(({ type, body }: { type: string; body: Record<string, unknown> }) => {
    const { chatState, contentType } = Object(body['event'])
    return chatState ?? contentType ?? type
  })
}

/** Waits until it is so, ten seconds at least. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await isSo()) return
    await setTimeout(5)
  }
  throw new Error('it did not come to be')
}

/** Waits until a dialog has so many events. */
async function untilThereAre(count: number, origin: string, id: string): Promise<string[]> {
  await until(async () => (await eventsOf(origin, id)).length >= count)
  return eventsOf(origin, id)
}

function upload(proxy: StartedProxy, id: string, fields: Record<string, string> = {}) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', new Blob([png]), 'a.png')
  return proxy.call('POST', `/conversations/${id}/files`, form)
}

test('after its time typing ends, unless a call about typing or the end of the conversation came first', async (t) => {
  const { call, sandbox, logs } = await start(t)
  const { origin } = sandbox
  const type = async (id: string, body: unknown = { expiresInSeconds: 1 }) => {
    t.equal((await call('POST', `/conversations/${id}/typing`, body)).status, 204)
  }
  await Promise.all(
    ['typed', 'stopped', 'gone', 'closed', 'closed-already', 'native'].map((id) => type(id)),
  )
  await type('plain', {})
  await type('other-dialog', { expiresInSeconds: 1, dialogId: 'survey' })
  const send = '/api/account/12345678/messaging/consumer/conversation/send?v=3'
  const closing = {
    type: 'cm.UpdateConversationField',
    body: {
      conversationId: 'closed-already',
      conversationField: { field: 'ConversationStateField', conversationState: 'CLOSE' },
    },
  }
  const hi = { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' }
  const native = { type: 'ms.PublishEvent', body: { dialogId: 'native', event: hi } }
  const replies = await Promise.all([
    call('POST', '/conversations/typed/typing'),
    call('DELETE', '/conversations/stopped/typing'),
    call('PUT', '/conversations/gone/chat-state', { state: 'gone' }),
    call('POST', '/conversations/closed/close'),
    call('POST', send, { kind: 'req', id: '1', ...closing }),
    call('POST', send, { kind: 'req', id: '2', ...native }),
  ])
  t.strictSame(
    replies.map(({ status }) => status),
    [204, 204, 204, 204, 200, 200],
  )
  t.equal((await call('POST', '/conversations/closed-already/close')).status, 204)
  // Armed last, so that by its end all others would have been sent.
  await type('control')
  t.strictSame(await untilThereAre(2, origin, 'control'), ['COMPOSING', 'PAUSE'])
  t.strictSame(await untilThereAre(2, origin, 'survey'), ['COMPOSING', 'PAUSE'])
  t.strictSame(await untilThereAre(3, origin, 'native'), ['COMPOSING', 'text/plain', 'PAUSE'])
  for (const [id, events] of Object.entries({
    typed: ['COMPOSING', 'COMPOSING'],
    stopped: ['COMPOSING', 'PAUSE'],
    gone: ['COMPOSING', 'GONE'],
    closed: ['COMPOSING', 'cm.UpdateConversationField'],
    'closed-already': ['COMPOSING', 'cm.UpdateConversationField'],
    plain: ['COMPOSING'],
    'other-dialog': [],
  })) {
    t.strictSame(await eventsOf(origin, id), events, id)
  }
  const ended = logs.filter(({ msg }) => /^typing /.test(String(msg)))
  t.equal(ended.length, 3)
  for (const { level, time, ...line } of ended) {
    t.strictSame(line, { accountId: '12345678', attempt: 1, msg: 'typing ended' })
    t.equal(level, 'debug')
  }
})

test('an accepted message to the dialog ends typing: a text, a file, an upload', async (t) => {
  const proxy = await start(t)
  const { call, sandbox } = proxy
  const cases: [string, () => ReturnType<typeof call>, string][] = [
    ['text', () => call('POST', '/conversations/text/messages', { text: 'Hi' }), 'text/plain'],
    ['file', () => call('POST', '/conversations/file/messages', { file }), 'hosted/file'],
    ['upload', () => upload(proxy, 'upload'), 'hosted/file'],
    ['survey', () => upload(proxy, 'other', { dialogId: 'survey' }), 'hosted/file'],
  ]
  for (const [dialogId, send, contentType] of cases) {
    const conversationId = dialogId === 'survey' ? 'other' : dialogId
    const typing = { expiresInSeconds: 60, dialogId }
    t.equal((await call('POST', `/conversations/${conversationId}/typing`, typing)).status, 204)
    t.equal((await send()).status, 201)
    const events = await untilThereAre(3, sandbox.origin, dialogId)
    t.strictSame(events, ['COMPOSING', contentType, 'PAUSE'])
    t.equal((await send()).status, 201)
    t.equal((await eventsOf(sandbox.origin, dialogId)).length, 4, 'once')
  }
})

test('a message that LiveEngage refuses leaves typing as it is', async (t) => {
  const { call, sandbox } = await start(t)
  await call('POST', '/conversations/c1/typing', { expiresInSeconds: 60 })
  const { status } = await call('POST', '/conversations/c1/messages', { text: 'sandbox:400' })
  t.equal(status, 400)
  await call('POST', '/conversations/c1/messages', { text: 'Hi' })
  t.strictSame(await untilThereAre(3, sandbox.origin, 'c1'), ['COMPOSING', 'text/plain', 'PAUSE'])
})

/** Answers the SENDs that match only when the test lets it. */
function holding(upstream: Upstream, pattern: RegExp, answer = ok) {
  const held: (() => void)[] = []
  upstream.script.send = (...exchange: Parameters<Script>) => {
    if (!pattern.test(exchange[0].body)) return answer(...exchange)
    held.push(() => answer(...exchange))
  }
  return {
    until: (count: number) => until(() => held.length >= count),
    release() {
      for (const answer of held) answer()
    },
  }
}

/** Of the SENDs those that change typing or say something. */
function toldTo(upstream: Upstream): string[] {
  return upstream.sends().flatMap(({ body }) => {
    const { chatState, contentType } = Object(JSON.parse(body).body.event)
    return chatState ?? contentType ?? []
  })
}

test('the answer to a message does not wait for the PAUSE, which has the tokens of the typing call', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const pause = holding(upstream, /PAUSE/)
  const own = {
    authorization: 'eyJhIjoxfQ.e30.dHlwaW5n',
    'client-properties': '{"type":".ClientProperties","features":["AUTO_MESSAGES"]}',
  }
  await call('POST', '/conversations/c1/typing', { expiresInSeconds: 60 }, own)
  t.equal((await call('POST', '/conversations/c1/messages', { text: 'Hi' })).status, 201)
  await pause.until(1)
  t.match(upstream.sends().at(-1), {
    headers: { ...own, 'x-lp-on-behalf': token },
    body: /"dialogId":"c1".*"PAUSE"/,
  })
  pause.release()
})

test('an upload ends only the typing that was there when it came', async (t) => {
  const upstream = await startUpstream(t)
  upstream.script.domain = (seen, ...rest) => {
    const service = /service\/(\w+)/.exec(seen.url)?.[1]
    json(200, { service, account: '12345678', baseURI: upstream.host })(seen, ...rest)
  }
  const proxy = await startProxy(t, upstream.origin)
  const question = holding(upstream, /GenerateURLForUploadFile/, (seen, ...rest) => {
    if (seen.method === 'PUT') return json(201, '')(seen, ...rest)
    const { id: reqId, type } = JSON.parse(seen.body)
    if (type !== 'ms.GenerateURLForUploadFile') return ok(seen, ...rest)
    const queryParams = { temp_url_sig: 'a', temp_url_expires: '1' }
    const body = { relativePath: file.relativePath, queryParams }
    json(200, { reqId, code: 'OK', body })(seen, ...rest)
  })
  const type = () => proxy.call('POST', '/conversations/c1/typing', { expiresInSeconds: 60 })
  await type()
  const uploaded = upload(proxy, 'c1')
  await question.until(1)
  await type()
  question.release()
  t.equal((await uploaded).status, 201)
  await proxy.call('POST', '/conversations/c1/messages', { text: 'Hi' })
  await until(() => toldTo(upstream).length >= 5)
  t.strictSame(toldTo(upstream), ['COMPOSING', 'COMPOSING', 'hosted/file', 'text/plain', 'PAUSE'])
})

test('typing that was not sent arms nothing; what may have been sent is ended', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const pauses = () => upstream.sends().filter(({ body }) => /PAUSE/.test(body))
  const type = (id: string, answer: Script) => {
    upstream.script.send = answer
    const typed = call('POST', `/conversations/${id}/typing`, { expiresInSeconds: 1 })
    return typed.finally(() => {
      upstream.script.send = ok
    })
  }
  t.equal((await type('refused', json(400, { code: 'BAD_REQUEST' }))).status, 400)
  t.equal((await type('failed', json(500, {}))).status, 502)
  t.equal((await type('control', ok)).status, 204)
  await until(() => pauses().length >= 2)
  t.strictSame(
    pauses().map(({ body }) => JSON.parse(body).body.dialogId),
    ['failed', 'control'],
  )
})

test('expiresInSeconds is an integer from 1 to 60', async (t) => {
  const { call, sandbox } = await start(t)
  for (const [expiresInSeconds, message] of [
    [0, 'must be at least 1'],
    [61, 'must be at most 60'],
    [1.5, 'must be an integer'],
    ['5', 'must be an integer'],
    [null, 'must not be null; leave out a key that has no value'],
  ]) {
    const { status, body } = await call('POST', '/conversations/c1/typing', { expiresInSeconds })
    t.equal(status, 400, String(expiresInSeconds))
    t.strictSame(body.errors, [{ path: '/expiresInSeconds', message }])
  }
  for (const expiresInSeconds of [1, 60]) {
    const { status } = await call('POST', '/conversations/c1/typing', { expiresInSeconds })
    t.equal(status, 204)
  }
  await call('DELETE', '/conversations/c1/typing')
  t.strictSame(await eventsOf(sandbox.origin, 'c1'), ['COMPOSING', 'COMPOSING', 'PAUSE'])
})

test('a dry run, or a call that is not valid, neither arms nor disarms', async (t) => {
  const { call, sandbox } = await start(t)
  const typing = '/conversations/c1/typing'
  const dry = await call('POST', `${typing}?dryRun=true`, { expiresInSeconds: 1 })
  t.match(dry.body, { body: { body: { event: { chatState: 'COMPOSING' } } } })
  await call('POST', typing, { expiresInSeconds: 1 })
  const replies = await Promise.all([
    call('DELETE', `${typing}?dryRun=true`),
    call('POST', '/conversations/c1/messages?dryRun=true', { text: 'Hi' }),
    call('POST', '/conversations/c1/close?dryRun=true'),
    call('POST', typing, { expiresInSeconds: 0 }),
    call('PUT', '/conversations/c1/chat-state', { state: 'away' }),
  ])
  t.strictSame(
    replies.map(({ status }) => status),
    [200, 200, 200, 400, 400],
  )
  t.strictSame(await untilThereAre(2, sandbox.origin, 'c1'), ['COMPOSING', 'PAUSE'])
})

test('after the drain what is armed is ended, what was armed during it included', async (t) => {
  const { call, sandbox, drain, endTyping } = await start(t)
  await call('POST', '/conversations/before/typing', { expiresInSeconds: 60 })
  const drained = drain.run(300)
  t.equal(
    (await call('POST', '/conversations/during/typing', { expiresInSeconds: 60 })).status,
    204,
  )
  await drained
  await endTyping()
  for (const id of ['before', 'during']) {
    t.strictSame(await eventsOf(sandbox.origin, id), ['COMPOSING', 'PAUSE'], id)
  }
})

test('closed without a drain, the app sends nothing more and says what it leaves', async (t) => {
  const { call, sandbox, server, logs } = await start(t)
  await call('POST', '/conversations/c1/typing', { expiresInSeconds: 60 })
  server.server.closeAllConnections()
  await server.close()
  t.match(logs.at(-1), { level: 'warn', dialogs: 1, msg: 'typing goes on showing' })
  t.strictSame(await eventsOf(sandbox.origin, 'c1'), ['COMPOSING'])
})
