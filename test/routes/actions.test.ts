import { test } from 'tap'
import { actions } from '../../src/routes/actions.ts'
import { start, startProxy, token } from '../start.ts'
import { json, ok, startUpstream } from '../upstream.ts'

const id = 'cbf6e739-dfe6-4e3c-a544-2504afbe8747'
const text = { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' }
const publish = (event: object, dialogId = id) => ({
  type: 'ms.PublishEvent',
  body: { dialogId, event },
})
const update = (conversationField: object) => ({
  type: 'cm.UpdateConversationField',
  body: { conversationId: id, conversationField },
})
const chatState = (state: string) => publish({ type: 'ChatStateEvent', chatState: state })
const file = { relativePath: '/v1/AUTH_async-images/12345678/a.PNG', fileType: 'PNG' }
const metadata = [{ type: 'ExternalId', id: 'offer-yes', more: { a: [1] } }]
const profile = { customer: { ctype: 'vip' }, personal: { firstname: 'John' } }

/** Every route: method, path, body, LiveEngage's command, status. */
const routes: [string, string, unknown, object, number][] = [
  ['POST', `/conversations/${id}/messages`, { text: 'Hi' }, publish(text), 201],
  [
    'POST',
    `/conversations/${id}/messages`,
    { text: 'Hi', dialogId: 'other', metadata },
    { ...publish(text, 'other'), metadata },
    201,
  ],
  [
    'POST',
    `/conversations/${id}/messages`,
    { file: { ...file, caption: 'My receipt', preview: 'data:image/png;base64,iVBORw0KGgo=' } },
    publish({
      type: 'ContentEvent',
      contentType: 'hosted/file',
      message: { ...file, caption: 'My receipt', preview: 'data:image/png;base64,iVBORw0KGgo=' },
    }),
    201,
  ],
  ['POST', `/conversations/${id}/typing`, undefined, chatState('COMPOSING'), 204],
  ['POST', `/conversations/${id}/typing`, {}, chatState('COMPOSING'), 204],
  ['DELETE', `/conversations/${id}/typing`, undefined, chatState('PAUSE'), 204],
  [
    'DELETE',
    `/conversations/${id}/typing?dialogId=other`,
    undefined,
    publish({ type: 'ChatStateEvent', chatState: 'PAUSE' }, 'other'),
    204,
  ],
  ['PUT', `/conversations/${id}/chat-state`, { state: 'gone' }, chatState('GONE'), 204],
  [
    'POST',
    `/conversations/${id}/receipts`,
    { status: 'accept', sequences: [1, 2] },
    publish({ type: 'AcceptStatusEvent', status: 'ACCEPT', sequenceList: [1, 2] }),
    201,
  ],
  [
    'PUT',
    `/conversations/${id}/csat`,
    { rating: 5, resolved: true },
    update({
      field: 'CSATRate',
      csatRate: 5,
      csatResolutionConfirmation: true,
      status: 'FILLED',
    }),
    204,
  ],
  [
    'PUT',
    `/conversations/${id}/urgency`,
    { level: 'urgent', targetSeconds: 300 },
    update({ field: 'TTRField', ttrType: 'URGENT', value: 300 }),
    204,
  ],
  [
    'PUT',
    '/consumer/profile',
    profile,
    {
      type: 'userprofile.SetUserProfile',
      body: {
        authenticatedData: {
          lp_sdes: [
            { type: 'ctmrinfo', info: { ctype: 'vip' } },
            { type: 'personal', personal: { firstname: 'John' } },
          ],
        },
      },
    },
    204,
  ],
  [
    'POST',
    `/conversations/${id}/close`,
    undefined,
    update({ field: 'ConversationStateField', conversationState: 'CLOSE' }),
    204,
  ],
  [
    'POST',
    `/conversations/${id}/close`,
    { survey: true },
    update({
      field: 'DialogChange',
      type: 'UPDATE',
      dialog: { dialogId: id, state: 'CLOSE', closedCause: 'Closed by consumer' },
    }),
    204,
  ],
]

test('every route sends exactly one documented envelope with the two bare tokens', async (t) => {
  const { call, sandbox } = await start(t)
  for (const [method, path, body, command, status] of routes) {
    const before = sandbox.calls().length
    const reply = await call(method, path, body, { authorization: `Bearer ${token}` })
    const label = `${method} ${path} ${JSON.stringify(body)}`
    t.equal(reply.status, status, label)
    const sends = sandbox
      .calls()
      .slice(before)
      .filter(({ method }) => method === 'POST')
    t.equal(sends.length, 1, `${label} is one call`)
    const [sent] = sends
    t.equal(sent?.url, '/api/account/12345678/messaging/consumer/conversation/send?v=3')
    t.match(sent?.headers, {
      authorization: token,
      'x-lp-on-behalf': token,
      'content-type': 'application/json',
    })
    t.match(sent?.body, { id: /^[A-Za-z0-9_-]{8,64}$/ })
    const { id: envelopeId, ...rest } = Object(sent?.body)
    t.strictSame(rest, { kind: 'req', ...command }, `${label} sends exactly this`)
  }
})

test('the envelope’s id is a fresh one each time', async (t) => {
  const { call, sandbox } = await start(t)
  await Promise.all(
    Array.from({ length: 50 }, () => call('POST', `/conversations/${id}/messages`, { text: 'Hi' })),
  )
  const ids = sandbox
    .calls()
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => Object(body).id)
  t.equal(new Set(ids).size, 50)
})

test('what LiveEngage numbers is answered 201 with its sequence, the first being 0', async (t) => {
  const { call } = await start(t)
  const path = `/conversations/${id}`
  for (const sequence of [0, 1]) {
    const reply = await call('POST', `${path}/messages`, { text: 'Hi' }, { 'x-request-id': 'r.1' })
    t.equal(reply.status, 201)
    t.strictSame(reply.body, { conversationId: id, dialogId: id, sequence, requestId: 'r.1' })
  }
  const receipt = await call('POST', `${path}/receipts`, { status: 'read', sequences: [0] })
  t.equal(receipt.body.sequence, 2, 'receipts share the counter')
  const other = await call('POST', `${path}/messages`, { text: 'Hi', dialogId: 'survey' })
  t.match(other.body, { conversationId: id, dialogId: 'survey' })
})

test('an OK without a usable sequence is 201 without one, and logged', async (t) => {
  const upstream = await startUpstream(t)
  const { call, logs } = await startProxy(t, upstream.origin)
  for (const sequence of [undefined, -1, '3', 1.5]) {
    upstream.script.send = (seen, response, request) =>
      json(200, { code: 'OK', reqId: JSON.parse(seen.body).id, body: { sequence } })(
        seen,
        response,
        request,
      )
    const reply = await call('POST', `/conversations/${id}/messages`, { text: 'Hi' })
    t.equal(reply.status, 201)
    t.notOk('sequence' in reply.body)
  }
  t.equal(logs.filter(({ level }) => level === 'warn').length, 4)
})

test('closing what is closed already is 204', async (t) => {
  const { call, sandbox } = await start(t)
  for (const _ of [1, 2]) t.equal((await call('POST', `/conversations/${id}/close`)).status, 204)
  t.equal(sandbox.calls().filter(({ method }) => method === 'POST').length, 2)
  const late = await call('POST', `/conversations/${id}/messages`, { text: 'Hi' })
  t.match(late, { status: 409, body: { code: 'conversation-closed', delivery: 'not-sent' } })
})

test('closing tells of every other refusal', async (t) => {
  const upstream = await startUpstream(t, { send: json(500, 'no') })
  const { call } = await startProxy(t, upstream.origin)
  const reply = await call('POST', `/conversations/${id}/close`)
  t.match(reply, { status: 502, body: { code: 'liveengage-failed', retryable: true } })
})

test('a dry run shows the call, hides the tokens, and sends and stores nothing', async (t) => {
  const { call, sandbox } = await start(t)
  for (const [method, path, body, command] of routes) {
    const query = path.includes('?') ? '&dryRun=true' : '?dryRun=true'
    const reply = await call(method, `${path}${query}`, body, {
      'client-properties': '{"type":"x"}',
    })
    t.equal(reply.status, 200)
    const { id: envelopeId, ...envelope } = reply.body.body
    t.match(envelopeId, /^[A-Za-z0-9_-]{8,64}$/)
    t.strictSame(envelope, { kind: 'req', ...command })
    t.strictSame(
      { ...reply.body, body: undefined },
      {
        method: 'POST',
        url: `${sandbox.origin}/api/account/12345678/messaging/consumer/conversation/send?v=3`,
        headers: {
          Authorization: '[redacted]',
          'X-LP-ON-BEHALF': '[redacted]',
          'Content-Type': 'application/json',
          'Client-Properties': '{"type":"x"}',
        },
        body: undefined,
      },
    )
  }
  t.ok(
    sandbox.calls().every(({ url }) => url.includes('/service/')),
    'only the domain was looked up',
  )
  const real = await call('POST', `/conversations/${id}/messages?dryRun=false`, { text: 'Hi' })
  t.match(real, { status: 201, body: { sequence: 0 } }, 'nothing was counted')
})

test('the example of every action is accepted by the sandbox', async (t) => {
  const { call } = await start(t)
  for (const { method, path, examples, outcome } of actions) {
    const status = { event: 201, silent: 204, opened: 201 }[outcome]
    for (const [name, { value }] of Object.entries(examples)) {
      const url = path.replace(':id', `${id}-${name}`)
      const consumer = { 'x-lp-on-behalf': `eyJhbGciOiJub25lIn0.e30.${name}Consumer` }
      const reply = await call(method, url, value, consumer)
      t.equal(reply.status, status, `${method} ${path} ${name}`)
    }
  }
})

test('LP_CLIENT_FEATURES are announced on every call that brings no Client-Properties', async (t) => {
  const { call, sandbox } = await start(t, { LP_CLIENT_FEATURES: 'AUTO_MESSAGES,RICH_CONTENT' })
  const own = '{ "type": ".ClientProperties", "features": ["AUTO_MESSAGES"] }'
  await call('POST', `/conversations/${id}/messages`, { text: 'Hi' })
  await call('POST', `/conversations/${id}/messages`, { text: 'Hi' }, { 'client-properties': own })
  const sent = sandbox.calls().filter(({ method }) => method === 'POST')
  t.strictSame(
    sent.map(({ headers }) => headers['client-properties']),
    ['{"type":".ClientProperties","features":["AUTO_MESSAGES","RICH_CONTENT"]}', own],
  )
})

test('every fault of the sandbox has its problem, and says whether LiveEngage may have acted', async (t) => {
  const { call } = await start(t, { REQUEST_TIMEOUT_MS: '1500' })
  for (const [fault, status, code, delivery, retryable] of [
    ['401', 401, 'app-jwt-invalid', 'not-sent', false],
    ['400', 400, 'rejected-by-liveengage', 'not-sent', false],
    ['429', 429, 'rate-limited', 'not-sent', true],
    ['500', 502, 'liveengage-failed', 'unknown', false],
    ['502', 502, 'liveengage-failed', 'unknown', false],
    ['timeout', 504, 'liveengage-timeout', 'unknown', false],
    ['reset', 502, 'liveengage-failed', 'unknown', false],
    ['closed', 409, 'conversation-closed', 'not-sent', false],
    ['html', 502, 'liveengage-failed', 'unknown', false],
    ['lost', 502, 'liveengage-failed', 'unknown', false],
  ] as const) {
    const reply = await call('POST', '/conversations/faulty/messages', { text: `sandbox:${fault}` })
    t.match(reply, { status, body: { status, code, delivery, retryable } }, fault)
    t.equal(reply.headers['content-type']?.split(';')[0], 'application/problem+json')
    t.equal(reply.headers['retry-after'], fault === '429' ? '1' : undefined)
    t.equal(reply.body.type, `/problems/${code}`)
    t.equal(reply.body.instance, `urn:request:${reply.body.requestId}`)
    t.equal(reply.headers['x-request-id'], reply.body.requestId)
  }
  const slow = await call('POST', '/conversations/faulty/messages', { text: 'sandbox:slow=200' })
  t.equal(slow.status, 201)
})

test('a 429 is waited out once where the deadline allows it', async (t) => {
  const upstream = await startUpstream(t)
  let refusals = 1
  upstream.script.send = (...args) => {
    refusals -= 1
    return refusals < 0 ? ok(...args) : json(429, '')(...args)
  }
  const { call } = await startProxy(t, upstream.origin)
  t.equal((await call('POST', `/conversations/${id}/messages`, { text: 'Hi' })).status, 201)
  t.equal(upstream.sends().length, 2)
})

test('100 concurrent first requests of one account look its host up once', async (t) => {
  const { call, sandbox } = await start(t)
  const replies = await Promise.all(
    Array.from({ length: 100 }, () =>
      call('POST', `/conversations/${id}/messages`, { text: 'Hi' }),
    ),
  )
  t.ok(replies.every(({ status }) => status === 201))
  t.equal(sandbox.calls().filter(({ method }) => method === 'GET').length, 1)
  t.equal(new Set(replies.map(({ body }) => body.sequence)).size, 100)
})

test('with the Domain API down a known account is served, an unknown one is told so', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin, {
    LP_DOMAIN_TTL_SECONDS: '1',
    LP_ALLOWED_ACCOUNTS: '12345678,87654321',
  })
  const path = `/conversations/${id}/messages`
  t.equal((await call('POST', path, { text: 'Hi' })).status, 201)
  upstream.script.domain = json(500, 'down')
  const waitUntil = performance.now() + 1_100
  while (performance.now() < waitUntil) await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal((await call('POST', path, { text: 'Hi' })).status, 201, 'the stale host is used')
  t.ok(upstream.lookups().length > 1, 'it was looked up again')
  const cold = await call('POST', path, { text: 'Hi' }, { 'x-lp-account-id': '87654321' })
  t.match(cold, {
    status: 503,
    body: { code: 'domain-lookup-failed', delivery: 'not-sent', retryable: true },
  })
  t.equal(cold.headers['retry-after'], '2')
})

test('an account that LivePerson does not know is a 404', async (t) => {
  const { call } = await start(t, { LP_ACCOUNT_ID: '00000000' })
  const reply = await call('POST', `/conversations/${id}/messages`, { text: 'Hi' })
  t.match(reply, { status: 404, body: { code: 'account-unknown', delivery: 'not-sent' } })
})

test('a host that nobody listens on is a 503, and nothing was sent', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin, {
    LP_ALLOWED_HOSTS: `localhost:1,${upstream.host}`,
  })
  upstream.script.domain = json(200, {
    service: 'asyncMessagingEnt',
    account: '1',
    baseURI: 'localhost:1',
  })
  const reply = await call('POST', `/conversations/${id}/messages`, { text: 'Hi' })
  t.match(reply, {
    status: 503,
    body: { code: 'liveengage-unreachable', delivery: 'not-sent', retryable: true },
  })
  t.equal(reply.headers['retry-after'], '1')
  t.equal(upstream.lookups().length, 2, 'the host was looked up once more')
})

test('a deadline that passes during the look-up is a 503, and nothing was sent', async (t) => {
  const upstream = await startUpstream(t, { domain: () => undefined })
  const { call } = await startProxy(t, upstream.origin)
  const started = performance.now()
  const reply = await call(
    'POST',
    `/conversations/${id}/messages`,
    { text: 'Hi' },
    { 'x-request-timeout-ms': '300' },
  )
  t.match(reply, { status: 503, body: { code: 'deadline-exceeded', delivery: 'not-sent' } })
  t.ok(performance.now() - started < 2_000)
  t.equal(upstream.sends().length, 0)
})

test('the default account serves requests that name none, and only it where no list is given', async (t) => {
  const { call, sandbox } = await start(t, { LP_ACCOUNT_ID: 'mine' })
  const path = `/conversations/${id}/messages`
  t.equal((await call('POST', path, { text: 'Hi' })).status, 201)
  t.equal((await call('POST', path, { text: 'Hi' }, { 'x-lp-account-id': 'mine' })).status, 201)
  t.match(await call('POST', path, { text: 'Hi' }, { 'x-lp-account-id': 'other' }), {
    status: 403,
    body: { code: 'account-not-allowed' },
  })
  t.ok(sandbox.calls().every(({ url }) => url.includes('/account/mine/')))
})

test('without a default account any one may be named, and one must be', async (t) => {
  const { call, sandbox } = await start(t, { LP_ACCOUNT_ID: '' })
  const path = `/conversations/${id}/messages`
  t.match(await call('POST', path, { text: 'Hi' }), {
    status: 400,
    body: { code: 'invalid-request', errors: [{ path: 'header:X-LP-Account-Id' }] },
  })
  t.equal((await call('POST', path, { text: 'Hi' }, { 'x-lp-account-id': 'other' })).status, 201)
  t.ok(sandbox.calls().every(({ url }) => url.includes('/account/other/')))
})
