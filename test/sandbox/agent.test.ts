import { createHmac } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import t from 'tap'
import { isLoopback } from '../../src/sandbox/own-origin.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { type Received, startApp } from './fixtures/app.ts'
import {
  AUTHORIZED,
  at,
  CLOSE,
  call,
  converse,
  opening,
  send,
  startBox,
  text,
  tokenWith,
  update,
} from './fixtures/box.ts'

const headers = { 'content-type': 'application/json' }
const jane = { ...AUTHORIZED, 'x-lp-on-behalf': tokenWith({ lp_consumer_id: 'jane' }) }

const post = (sandbox: Sandbox, path: string, body: unknown = {}) =>
  call(sandbox, path, { headers, body })
const get = (sandbox: Sandbox, path: string) => call(sandbox, path, { method: 'GET' })
const put = (sandbox: Sandbox, path: string, body: unknown) =>
  call(sandbox, path, { method: 'PUT', headers, body })

async function openConversation(sandbox: Sandbox, headers: Record<string, string> = jane) {
  const { body } = await converse(sandbox, opening(), { headers })
  return String(at(body, 1, 'body', 'conversationId'))
}

/** What each change of a notification is about, in a word. */
function wordsOf({ body }: Received): string[] {
  const changes = at(body, 'body', 'changes')
  return (Array.isArray(changes) ? changes : []).map((change) => {
    const details = at(change, 'result', 'conversationDetails')
    if (details !== undefined) return `${at(details, 'state')} ${at(details, 'stage')}`
    const { type, message, chatState, status } = Object(at(change, 'event'))
    const said = message ?? chatState ?? status ?? type
    return `${at(change, 'originatorMetadata', 'role')} ${at(change, 'sequence') ?? '-'} ${said}`
  })
}

t.test(
  'the app is told of a whole conversation, signed, in order, its own messages included',
  async (t) => {
    const app = await startApp(t)
    const sandbox = await startBox(t, { webhookUrl: app.url })
    const id = await openConversation(sandbox)
    await send(sandbox, text('Hello', id), { headers: jane })
    const path = `/sandbox/conversations/${id}`
    t.equal((await post(sandbox, `${path}/suggest`)).status, 200)
    t.equal((await post(sandbox, `${path}/join`)).status, 200)
    t.strictSame((await post(sandbox, `${path}/receipts`, { status: 'read' })).body, {
      sequences: [0],
    })
    t.strictSame((await post(sandbox, `${path}/receipts`, { status: 'read' })).body, {
      sequences: [],
    })
    await post(sandbox, `${path}/typing`, { state: 'composing' })
    const { status, body } = await post(sandbox, `${path}/messages`, { text: 'Hi 👋' })
    t.equal(status, 201)
    t.strictSame(body, { sequence: 2 })
    await post(sandbox, `${path}/messages`, { text: 'Careful', audience: 'internal' })
    await send(sandbox, update(CLOSE, id), { headers: jane })

    const received = await app.count(9)
    t.strictSame(received.flatMap(wordsOf), [
      'OPEN OPEN',
      'CONSUMER 0 Hello',
      'OPEN OPEN',
      'OPEN OPEN',
      'ASSIGNED_AGENT 1 READ',
      'ASSIGNED_AGENT - COMPOSING',
      'ASSIGNED_AGENT 2 Hi 👋',
      'ASSIGNED_AGENT 3 Careful',
      'CLOSE CLOSE',
    ])
    t.equal(at(received[7]?.body, 'body', 'changes', 0, 'messageAudience'), 'AGENTS_AND_MANAGERS')
    for (const { headers, raw } of received) {
      const digest = createHmac('sha1', 'sandbox-secret').update(raw).digest('base64')
      t.match(headers, {
        'content-type': 'application/json',
        'x-liveperson-account-id': 'acme',
        'x-liveperson-client-id': 'sandbox-client',
        'x-liveperson-signature': `sha1=${digest}`,
      })
    }
  },
)

t.test(
  'a close with a survey asks in a dialog of its own, counted from 0, until it is answered',
  async (t) => {
    const app = await startApp(t)
    const sandbox = await startBox(t, { webhookUrl: app.url })
    const id = await openConversation(sandbox)
    await post(sandbox, `/sandbox/conversations/${id}/messages`, { text: 'Bye' })
    const closed = await post(sandbox, `/sandbox/conversations/${id}/close`, { survey: true })
    t.match(closed.body, { status: 'survey', surveyDialogId: String })
    const dialogId = String(at(closed.body, 'surveyDialogId'))
    t.not(dialogId, id)
    t.equal((await send(sandbox, text('late', id), { headers: jane })).status, 400)
    const [, , , , question] = await app.count(5)
    t.match(at(question?.body, 'body', 'changes', 0), {
      sequence: 0,
      dialogId,
      conversationId: id,
      originatorMetadata: { role: 'AGENT' },
      event: { quickReplies: { replies: [{ title: '1' }] } },
      metadata: [{ type: 'Question' }],
    })
    const answer = await send(sandbox, text('4', dialogId), { headers: jane })
    t.match(answer.body, { body: { sequence: 1 } })
    const received = await app.count(8)
    t.strictSame(received.slice(3).flatMap(wordsOf), [
      'CLOSE OPEN',
      'AGENT 0 How satisfied are you, from 1 to 5?',
      'CONSUMER 1 4',
      'AGENT 2 Thank you.',
      'CLOSE CLOSE',
    ])
    t.match((await get(sandbox, `/sandbox/conversations/${id}`)).body, {
      status: 'closed',
      csat: { csatRate: 4 },
      closeReason: 'AGENT',
    })
    t.equal((await send(sandbox, text('5', dialogId), { headers: jane })).status, 400)
  },
)

t.test(
  'a consumer who shows several dialogs gets a survey on closing one, others do not',
  async (t) => {
    const sandbox = await startBox(t)
    const features = JSON.stringify({ type: '.ClientProperties', features: ['MULTI_DIALOG'] })
    const close = (dialogId: string) =>
      update(
        {
          ...{ field: 'DialogChange', type: 'UPDATE' },
          dialog: { dialogId, state: 'CLOSE', closedCause: 'Closed by consumer' },
        },
        dialogId,
      )
    const id = await openConversation(sandbox, { ...jane, 'client-properties': features })
    await send(sandbox, close(id), { headers: jane })
    const { body } = await get(sandbox, `/sandbox/conversations/${id}`)
    t.match(body, { status: 'survey', closeReason: 'CONSUMER' })
    const card = { kind: 'req', id: '1', type: 'ms.PublishEvent' }
    const event = { type: 'RichContentEvent' }
    const dialogId = String(at(body, 'surveyDialogId'))
    await send(sandbox, { ...card, body: { dialogId, event } }, { headers: jane })
    t.match((await get(sandbox, `/sandbox/conversations/${id}`)).body, { status: 'survey' })
    await send(sandbox, close(dialogId), { headers: jane })
    t.match((await get(sandbox, `/sandbox/conversations/${id}`)).body, {
      status: 'closed',
      csat: null,
    })

    const plain = await openConversation(sandbox)
    await send(sandbox, close(plain), { headers: jane })
    t.match((await get(sandbox, `/sandbox/conversations/${plain}`)).body, { status: 'closed' })
  },
)

t.test('a conversation that is closed while its survey is open is closed as a whole', async (t) => {
  const sandbox = await startBox(t)
  const id = await openConversation(sandbox)
  const path = `/sandbox/conversations/${id}`
  await post(sandbox, `${path}/close`, { survey: true, by: 'system' })
  t.match(await post(sandbox, `${path}/close`, { survey: true, by: 'consumer' }), {
    body: { status: 'closed', closeReason: 'SYSTEM' },
  })
  t.equal((await post(sandbox, `${path}/close`)).status, 409)
  t.equal((await post(sandbox, `${path}/messages`, { text: 'x' })).status, 409)
  t.match(await post(sandbox, `${path}/rating`, { rating: 2, resolved: false }), {
    body: { csat: { csatRate: 2, csatResolutionConfirmation: false } },
  })
})

t.test('the agent sends quick replies, cards and pictures, and hands over', async (t) => {
  const app = await startApp(t)
  const sandbox = await startBox(t, { webhookUrl: app.url })
  const id = await openConversation(sandbox)
  const path = `/sandbox/conversations/${id}`
  const metadata = [{ type: 'ExternalId', id: 'card-1' }]
  await post(sandbox, `${path}/messages`, { text: 'Well?', quickReplies: ['Yes', 'No'] })
  await post(sandbox, `${path}/messages`, { card: { type: 'vertical', elements: [] }, metadata })
  const base64 = Buffer.from('\x89PNG').toString('base64')
  const stored = await post(sandbox, '/sandbox/files', { fileType: 'PNG', base64, account: 'acme' })
  t.equal(stored.status, 201)
  const file = { ...Object(stored.body), caption: 'Your bill' }
  await post(sandbox, `${path}/messages`, { file })
  await post(sandbox, `${path}/messages`, { text: 'Automatic', role: 'CONTROLLER' })
  await post(sandbox, `${path}/messages`, { text: 'The boss', role: 'MANAGER' })
  const transferred = await post(sandbox, `${path}/transfer`, { skillId: '12' })
  t.match(transferred.body, { agent: null, skillId: '12' })
  const kim = '3b7d42aa-0000-5b1e-9c53-5d1f0f2b0004'
  const joined = await post(sandbox, `${path}/join`, { agentId: kim })
  t.match(joined.body, { agent: { id: kim, name: 'Kim', state: 'ACTIVE' } })
  t.match(await post(sandbox, `${path}/join`, { agentId: 'temp' }), {
    body: { agent: { name: 'temp' } },
  })

  const events = (await app.count(10)).map(({ body }) => at(body, 'body', 'changes', 0))
  t.match(events[2], {
    event: {
      message: 'Well?',
      quickReplies: {
        itemsPerRow: 8,
        replies: [
          {
            title: 'Yes',
            click: {
              actions: [{ type: 'publishText', text: 'Yes' }],
              metadata: [{ id: 'reply-1' }],
            },
          },
          { title: 'No' },
        ],
      },
    },
  })
  t.match(events[3], {
    event: { type: 'RichContentEvent', content: { type: 'vertical' } },
    metadata,
  })
  t.match(events[4], {
    event: { contentType: 'hosted/file', message: { caption: 'Your bill', fileType: 'PNG' } },
  })
  t.match(events[5], { originatorMetadata: { role: 'CONTROLLER' } })
  t.match(events[6], { originatorMetadata: { role: 'MANAGER' } })
  const relativePath = String(at(stored.body, 'relativePath'))
  const picture = await get(sandbox, `/sandbox/files${relativePath}`)
  t.match(picture, {
    status: 200,
    text: '\x89PNG'.replace('\x89', '\xc2\x89'),
    headers: { 'content-type': 'image/png' },
  })
  const download = {
    kind: 'req',
    id: '1',
    type: 'ms.GenerateURLForDownloadFile',
    body: { relativePath },
  }
  t.equal((await send(sandbox, download, { headers: jane })).status, 200)
  t.equal((await get(sandbox, '/sandbox/files/v1/none')).status, 404)
  const tooMuch = 'A'.repeat(4 * 2 ** 20)
  t.equal(
    (await post(sandbox, '/sandbox/files', { fileType: 'PNG', base64: `${tooMuch}AAAA` })).status,
    413,
  )
})

t.test('every unhappy path arrives at the app as it is called', async (t) => {
  const app = await startApp(t, ({ headers }) =>
    String(headers['x-liveperson-signature']).length === 0 ? 401 : 200,
  )
  const sandbox = await startBox(t, { webhookUrl: app.url })
  const id = await openConversation(sandbox)
  const path = `/sandbox/conversations/${id}`
  const go = async (kind: string, expected: number, extra: object = {}) => {
    const before = app.received.length
    const { status, body } = await post(sandbox, `${path}/unhappy-paths`, { kind, ...extra })
    t.equal(status, 200, kind)
    t.type(at(body, 'done'), 'string')
    return (await app.count(before + expected)).slice(before)
  }
  await post(sandbox, `${path}/messages`, { text: 'Hi' })
  await app.count(3)
  const [same] = await go('duplicate', 1)
  t.equal(same?.raw, app.received[2]?.raw, 'byte for byte')
  const swapped = await go('swapped', 2)
  t.strictSame(swapped.flatMap(wordsOf), [
    'ASSIGNED_AGENT 2 This was said second.',
    'ASSIGNED_AGENT 1 This was said first.',
  ])
  const [both] = await go('two-in-one', 1)
  t.strictSame(both === undefined ? [] : wordsOf(both).map((word) => word.slice(0, 16)), [
    'ASSIGNED_AGENT 3',
    'ASSIGNED_AGENT 4',
  ])
  const [forged] = await go('wrong-signature', 1)
  const right = createHmac('sha1', 'sandbox-secret').update(String(forged?.raw)).digest('base64')
  t.match(forged?.headers['x-liveperson-signature'], /^sha1=.{28}$/)
  t.not(forged?.headers['x-liveperson-signature'], `sha1=${right}`)
  const [old] = await go('old-form', 1)
  t.equal(at(old?.body, 'body', 'changes', 0, 'conversationId'), undefined)
  t.equal(at(old?.body, 'body', 'changes', 0, 'dialogId'), id)
  const elsewhere = await go('other-channel', 2)
  t.match(
    at(elsewhere[0]?.body, 'body', 'changes', 0, 'result', 'conversationDetails', 'dialogs', 0),
    {
      metaData: { appInstallId: '89db1d2e-2222-4333-8444-5555666677aa' },
    },
  )
  const [unknown] = await go('unknown-type', 1)
  t.equal(at(unknown?.body, 'body', 'changes', 0, 'event', 'type'), 'HologramEvent')
  const [large] = await go('large', 1, { bytes: 200_000 })
  t.ok(Number(large?.raw.length) > 200_000)
  const flood = await go('flood', 20, { count: 20 })
  t.strictSame(
    flood.map(({ body }) => at(body, 'body', 'changes', 0, 'event', 'message')),
    Array.from({ length: 20 }, (_, i) => `Message ${i + 1} of 20.`),
  )
  t.equal((await post(sandbox, `${path}/unhappy-paths`, { kind: 'no' })).status, 400)
})

t.test('without a webhook URL notifications are kept for eyes and go nowhere', async (t) => {
  const sandbox = await startBox(t)
  const id = await openConversation(sandbox)
  const path = `/sandbox/conversations/${id}`
  await post(sandbox, `${path}/unhappy-paths`, { kind: 'wrong-signature' })
  await post(sandbox, `${path}/unhappy-paths`, { kind: 'duplicate' })
  const { body } = await get(sandbox, '/sandbox/notifications?limit=2')
  t.match(body, {
    notifications: [
      { state: 'nowhere', note: 'the same again', attempts: 0 },
      { state: 'nowhere' },
    ],
  })
  const number = Number(at(body, 'notifications', 1, 'number'))
  const older = await get(sandbox, `/sandbox/notifications?before=${number}`)
  t.strictSame(
    [at(older.body, 'notifications', 0, 'number'), at(older.body, 'notifications', 1, 'number')],
    [number - 1, number - 2],
  )
  await post(sandbox, '/sandbox/reset')
  t.match(await post(sandbox, `${path}/messages`, { text: 'Hi' }), { status: 404 })
  const fresh = await openConversation(sandbox)
  await post(sandbox, '/sandbox/reset')
  t.match((await get(sandbox, '/sandbox/conversations')).body, { conversations: [] })
  t.ok(fresh)
})

t.test('a conversation of another channel is of no app and has no profile', async (t) => {
  const sandbox = await startBox(t)
  const { body } = await post(sandbox, '/sandbox/conversations', {})
  t.match(body, { origin: 'other', accountId: 'sandbox' })
  const path = `/sandbox/conversations/${at(body, 'id')}`
  t.match((await get(sandbox, path)).body, { profile: null })
})

t.test('what nobody has taken yet is handed over by the first of the agents', async (t) => {
  const sandbox = await startBox(t)
  const id = await openConversation(sandbox)
  await post(sandbox, `/sandbox/conversations/${id}/transfer`, { skillId: '12' })
  const { body } = await get(sandbox, `/sandbox/conversations/${id}`)
  const entries: unknown[] = Object(at(body, 'entries'))
  t.match(entries.at(-1), {
    by: { id: '29c3019d-0000-5200-afe8-737abfea0001', role: 'ASSIGNED_AGENT' },
    body: { what: 'transferred', skillId: '12' },
  })
})

t.test('a picture ends the survey without a rating', async (t) => {
  const sandbox = await startBox(t)
  const id = await openConversation(sandbox)
  const path = `/sandbox/conversations/${id}`
  const { body } = await post(sandbox, `${path}/close`, { survey: true })
  const picture = { relativePath: '/v1/x', fileType: 'PNG', preview: 'iVBORw0KGgo=' }
  const event = { type: 'ContentEvent', contentType: 'hosted/file', message: picture }
  const answer = await send(
    sandbox,
    {
      ...{ kind: 'req', id: '1', type: 'ms.PublishEvent' },
      body: { dialogId: String(at(body, 'surveyDialogId')), event },
    },
    { headers: jane },
  )
  t.equal(answer.status, 200)
  t.match((await get(sandbox, path)).body, { status: 'closed', csat: null })
})

t.test('a fault of the sandbox’s own is a 500', async (t) => {
  let isBroken = false
  const sandbox = await startBox(t, {
    now() {
      if (isBroken) throw new Error('the clock has stopped')
      return Date.now()
    },
  })
  isBroken = true
  const { status, headers, body } = await post(sandbox, '/sandbox/conversations')
  t.equal(status, 500)
  t.match(headers['content-type'], /^application\/problem\+json/)
  t.match(body, { status: 500, title: 'Internal Server Error', detail: 'the clock has stopped' })
})

t.test('an event is kept when the URL goes while it waits', async (t) => {
  const gate = new EventEmitter()
  const isHeld = once(gate, 'held')
  const app = await startApp(t, async () => {
    gate.emit('held')
    await once(gate, 'open')
    return 200
  })
  const sandbox = await startBox(t, { webhookUrl: app.url })
  const id = await openConversation(sandbox)
  await isHeld
  await send(sandbox, text('Hello', id), { headers: jane })
  sandbox.setWebhookUrl(undefined)
  gate.emit('open')
  await app.count(1)
  let states: unknown[] = []
  while (states[1] !== 'delivered') {
    const { body } = await get(sandbox, '/sandbox/notifications')
    states = [at(body, 'notifications', 0, 'state'), at(body, 'notifications', 1, 'state')]
  }
  t.strictSame(states, ['stored', 'delivered'])
})

t.test(
  'a failing app puts its install to FAILED; an outage and a retry can be had by hand',
  async (t) => {
    let status = 503
    const app = await startApp(t, () => status)
    const sandbox = await startBox(t, { webhookUrl: app.url })
    const id = await openConversation(sandbox)
    await app.count(1)
    const installs = async () => at((await get(sandbox, '/sandbox')).body, 'installs')
    while (at(await installs(), 0, 'state') !== 'FAILED') await app.count(1)
    t.match(await installs(), [
      { accountId: 'acme', state: 'FAILED', stored: 1, nextAttemptAt: String },
    ])
    const [one] = Object(at((await get(sandbox, '/sandbox/notifications')).body, 'notifications'))
    t.match((await get(sandbox, `/sandbox/notifications/${at(one, 'id')}`)).body, {
      state: 'stored',
      history: [
        {
          status: 503,
          answer: '{"said":"so"}',
          url: app.url,
          headers: { 'x-liveperson-signature': /^sha1=/ },
        },
      ],
    })
    status = 200
    await post(sandbox, '/sandbox/retry')
    await app.count(2)
    while (at(await installs(), 0, 'state') !== 'UP') await app.count(2)
    await post(sandbox, '/sandbox/outage', { on: true, accountId: 'acme' })
    await post(sandbox, `/sandbox/conversations/${id}/messages`, { text: 'stored' })
    t.match(await installs(), [{ state: 'FAILED', stored: 2, nextAttemptAt: null }])
    await post(sandbox, '/sandbox/outage', { on: false, accountId: 'acme' })
    t.equal((await app.count(4)).length, 4)
    t.equal((await post(sandbox, '/sandbox/outage', { on: false })).status, 200, 'the own account')
    const again = await post(sandbox, `/sandbox/notifications/${at(one, 'id')}/repeat`)
    t.equal(again.status, 201)
    t.equal((await app.count(5))[4]?.raw, app.received[0]?.raw)
  },
)

t.test('where and how notifications go can be changed at any time', async (t) => {
  const app = await startApp(t)
  const sandbox = await startBox(t)
  const id = await openConversation(sandbox)
  t.match(
    await put(sandbox, '/sandbox/webhook', {
      url: app.url,
      signature: 'sha256-hex',
      escapeUnicode: true,
    }),
    {
      body: {
        url: app.url,
        signature: 'sha256-hex',
        escapeUnicode: true,
        retentionSeconds: 259_200,
      },
    },
  )
  await post(sandbox, `/sandbox/conversations/${id}/messages`, { text: 'Grüezi' })
  const [, message] = await app.count(2)
  t.match(message?.raw, 'Gr\\u00fcezi')
  const digest = createHmac('sha256', 'sandbox-secret').update(String(message?.raw)).digest('hex')
  t.equal(message?.headers['x-liveperson-signature'], `sha256=${digest}`)
  t.match(await put(sandbox, '/sandbox/webhook', { retentionSeconds: 60 }), {
    body: { url: app.url, retentionSeconds: 60 },
  })
  t.match(await put(sandbox, '/sandbox/webhook', { url: null }), { body: { url: null } })
  t.equal((await put(sandbox, '/sandbox/webhook', { url: 'http://[::1' })).status, 400)
  t.equal((await put(sandbox, '/sandbox/webhook', { url: 'ftp://x' })).status, 400)
  sandbox.setWebhookUrl(app.url)
  t.match((await get(sandbox, '/sandbox')).body, { webhook: { url: app.url } })
})

t.test('calls are listed and read without tokens, secrets and signatures', async (t) => {
  const sandbox = await startBox(t)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const secret =
    'grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret'
  await call(sandbox, '/sentinel/api/account/acme/app/token?v=1.0', { headers: form, body: secret })
  await send(sandbox, text('Hello'))
  const upload = { kind: 'req', id: '1', type: 'ms.GenerateURLForUploadFile' }
  const { body } = await send(sandbox, { ...upload, body: { fileSize: '5', fileType: 'PNG' } })
  const query = new URLSearchParams(Object(at(body, 'body', 'queryParams')))
  await call(sandbox, `${at(body, 'body', 'relativePath')}?${query}`, {
    method: 'PUT',
    body: 'hello',
  })
  await send(sandbox, '{malformed')
  await t.rejects(send(sandbox, text('sandbox:reset')))
  const list = await get(sandbox, '/sandbox/calls')
  t.match(list.body, {
    calls: [
      { service: 'send', status: 0 },
      { service: 'send', status: 400, rule: 'the body is not JSON' },
      { service: 'upload', status: 201, url: /temp_url_sig=\[redacted\]/ },
      { service: 'send', status: 200, what: 'ms.GenerateURLForUploadFile' },
      { service: 'send', status: 200, what: 'ContentEvent', conversationId: 'c1' },
      { service: 'sentinel', status: 200 },
    ],
  })
  const shown = []
  for (const { id } of Object(at(list.body, 'calls'))) {
    shown.push((await get(sandbox, `/sandbox/calls/${id}`)).body)
  }
  t.match(shown, [
    { answer: null },
    { body: '{malformed' },
    { body: '5 characters of a file' },
    { answer: { body: { queryParams: { temp_url_sig: '[redacted]' } } } },
    {
      headers: { authorization: '[redacted]', 'x-lp-on-behalf': '[redacted]' },
      body: text('Hello'),
    },
    { body: /client_secret=\[redacted\]/, answer: { access_token: '[redacted]' } },
  ])
  t.equal((await get(sandbox, '/sandbox/calls/none')).status, 404)
})

t.test('a call that waits for its answer is shown without one', async (t) => {
  const sandbox = await startBox(t)
  const waiting = t.rejects(send(sandbox, text('sandbox:slow=999999999')))
  let call: unknown
  while (at(call, 'conversationId') !== 'c1') {
    call = at((await get(sandbox, '/sandbox/calls')).body, 'calls', 0)
  }
  t.match(call, { service: 'send', status: null, ms: null })
  t.match((await get(sandbox, `/sandbox/calls/${at(call, 'id')}`)).body, { answer: null })
  await sandbox.close()
  await waiting
})

t.test('a conversation shows whose it is, what was said and what is new in it', async (t) => {
  const sandbox = await startBox(t)
  const token = tokenWith({ lp_consumer_id: 'jane', ext_consumer_id: '+41791234567' })
  const headers = { ...AUTHORIZED, 'x-lp-on-behalf': token }
  const id = await openConversation(sandbox, headers)
  t.match((await get(sandbox, `/sandbox/conversations/${id}`)).body, {
    consumer: { name: '+41791234567' },
    lastText: null,
    unread: 0,
    isTyping: false,
  })
  const personal = { firstname: 'Jane', lastname: 'Doe' }
  const profile = { authenticatedData: { lp_sdes: [{ type: 'personal', personal }] } }
  await send(
    sandbox,
    { kind: 'req', id: 1, type: 'userprofile.SetUserProfile', body: profile },
    { headers },
  )
  await send(sandbox, text('Hello', id), { headers })
  const typing = { type: 'ChatStateEvent', chatState: 'COMPOSING' }
  const publication = { kind: 'req', id: '1', type: 'ms.PublishEvent' }
  await send(sandbox, { ...publication, body: { dialogId: id, event: typing } }, { headers })
  const { body } = await get(sandbox, `/sandbox/conversations/${id}?account=acme`)
  t.match(body, {
    consumer: { name: 'Jane Doe' },
    lastText: 'Hello',
    unread: 1,
    isTyping: true,
    isWhole: true,
  })
  const numbers = Object(at(body, 'entries')).map(({ number }: { number: number }) => number)
  const newer = await get(sandbox, `/sandbox/conversations/${id}?after=${numbers.at(-2)}`)
  t.strictSame(Object(at(newer.body, 'entries')).length, 1)
  await post(sandbox, `/sandbox/conversations/${id}/receipts`, { status: 'read' })
  await post(sandbox, `/sandbox/conversations/${id}/messages`, { card: { type: 'text' } })
  t.match((await get(sandbox, '/sandbox/conversations?limit=1')).body, {
    agents: [{ name: 'Robin' }, { name: 'Kim' }],
    conversations: [{ unread: 0, lastText: 'A card' }],
  })
  t.equal((await get(sandbox, `/sandbox/conversations/${id}?account=other`)).status, 404)
  t.equal((await post(sandbox, `/sandbox/conversations/${id}/messages`, {})).status, 400)
})

t.test('what changes is told at once to those who watch, and to 20 at most', async (t) => {
  const sandbox = await startBox(t)
  const streams: IncomingMessage[] = []
  for (let i = 0; i < 20; i++) streams.push(await watch(sandbox))
  t.equal((await watch(sandbox)).statusCode, 503)
  const [first] = streams
  if (first === undefined) return
  const id = await openConversation(sandbox)
  let told = ''
  while (!/"notifications":\[\{.*"state":"nowhere"/s.test(told))
    told += (await once(first, 'data'))[0]
  t.match(told, new RegExp(`"conversations":\\[\\{"id":"${id}"`))
  await post(sandbox, '/sandbox/reset')
  while (!told.includes('"reset":true')) told += (await once(first, 'data'))[0]
  const ended = new Promise((resolve) => first.once('close', resolve))
  for (const stream of streams) stream.on('error', () => {})
  await sandbox.close()
  await ended
})

async function watch({ port }: Sandbox): Promise<IncomingMessage> {
  const outgoing = request({ host: '127.0.0.1', port, path: '/sandbox/stream', agent: false })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response')
  if (incoming.statusCode === 200) await once(incoming, 'data')
  return incoming
}

t.test('a listener is on loopback by its address', async (t) => {
  const hosts = ['localhost', '127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '10.127.0.1']
  t.strictSame(hosts.map(isLoopback), [true, true, true, true, false, false, false])
})

t.test(
  'no page of another origin may call, and no name but the own of a loopback address',
  async (t) => {
    const sandbox = await startBox(t)
    const own = `http://localhost:${sandbox.port}`
    const cases: [Record<string, string>, number][] = [
      [{}, 200],
      [{ host: `localhost:${sandbox.port}`, origin: own }, 200],
      [{ host: '[::1]:3001' }, 200],
      [{ 'sec-fetch-site': 'same-origin' }, 200],
      [{ host: `localhost:${sandbox.port}`, origin: 'http://localhost:1' }, 403],
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{ 'sec-fetch-site': 'cross-site' }, 403],
      [{ host: 'rebind.example', origin: 'http://rebind.example' }, 421],
      [{ host: '127.0.0.1.evil.example' }, 421],
    ]
    for (const [headers, status] of cases) {
      t.equal(
        (await call(sandbox, '/sandbox', { method: 'GET', headers })).status,
        status,
        JSON.stringify(headers),
      )
    }
    const form = { 'content-type': 'text/plain' }
    t.equal((await call(sandbox, '/sandbox/reset', { headers: form, body: '{}' })).status, 415)
    const everywhere = await startBox(t, { host: '0.0.0.0' })
    t.equal(
      (await call(everywhere, '/sandbox', { method: 'GET', headers: { host: 'sandbox:3001' } }))
        .status,
      200,
    )
  },
)

t.test(
  'the API has an OpenAPI document and a page that shows each operation with its curl',
  async (t) => {
    const sandbox = await startBox(t)
    const { body } = await get(sandbox, '/sandbox/openapi.json')
    t.equal(at(body, 'openapi'), '3.1.0')
    const paths = Object.keys(Object(at(body, 'paths')))
    t.ok(paths.includes('/sandbox/conversations/{id}/messages'))
    t.notOk(paths.includes('/sandbox/stream'))
    const page = await get(sandbox, '/sandbox/docs')
    t.equal(page.status, 200)
    t.match(page.headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': /frame-ancestors 'none'/,
    })
    for (const path of paths) t.ok(page.text.includes(`<code>${path}</code>`), path)
    t.match(page.text, `curl -X POST &#34;$SANDBOX/sandbox/conversations/$ID/messages&#34;`)
  },
)
