import { test } from 'tap'
import { openConversation } from '../../src/actions/open-conversation.ts'
import { documented } from '../documented.ts'
import { start, startProxy } from '../start.ts'
import { json, type Script, startUpstream } from '../upstream.ts'

const accountId = '12345678'
const input = { accountId, params: {}, query: {} }

/** The documented batch without `kind` and `id`, which the client adds. */
function batch(name: string) {
  const items: Record<string, unknown>[] = documented(name, { accountid: accountId }).upstream.body
  return items.map(({ kind, id, ...item }) => item)
}

test('a conversation becomes the documented batch: the profile first, then the request', async (t) => {
  const john = { firstname: 'John', lastname: 'Doe', gender: 'MALE' } as const
  const vip = { customer: { socialId: '1234567890', ctype: 'vip' }, personal: john }
  t.strictSame(
    openConversation.translate({ ...input, body: { profile: vip, urgency: 'normal' } }),
    batch('30-conversation-examples-page'),
  )
  t.strictSame(
    openConversation.translate({
      ...input,
      body: {
        profile: vip,
        urgency: 'normal',
        campaign: { campaignId: '2739101812', engagementId: '2739121912' },
      },
    }),
    batch('32-conversation-campaign-routing-duplicate-ids'),
  )
  t.strictSame(
    openConversation.translate({
      ...input,
      body: {
        profile: {
          customer: { socialId: '1234567890', companyBranch: 'ACME' },
          personal: john,
        },
        urgency: 'normal',
      },
    }),
    batch('31-conversation-companybranch-routing'),
  )
  const context = {
    visitorId: '',
    sessionId: '',
    interactionContextId: '2',
    type: 'SharkContext',
    lang: 'en-US',
  }
  t.strictSame(
    openConversation.translate({ ...input, body: { profile: vip, urgency: 'normal', context } }),
    batch('34-conversation-auto-messages'),
  )
})

test('without a body the profile is empty and only the mandatory fields are there', async (t) => {
  t.strictSame(openConversation.translate({ ...input, body: {} }), [
    { type: 'userprofile.SetUserProfile', body: {} },
    {
      type: 'cm.ConsumerRequestConversation',
      body: { brandId: accountId, channelType: 'MESSAGING' },
    },
  ])
  t.match(openConversation.translate({ ...input, body: { skillId: '-1', urgency: 'urgent' } }), [
    {},
    { body: { skillId: '-1', ttrDefName: 'URGENT' } },
  ])
})

test('a conversation is opened with two distinct ids and answered with its id and Location', async (t) => {
  const { call, sandbox } = await start(t)
  for (const body of [undefined, {}]) {
    const consumer = { 'x-lp-on-behalf': `eyJhbGciOiJub25lIn0.e30.consumer-${typeof body}` }
    const reply = await call('POST', '/conversations', body, consumer)
    t.equal(reply.status, 201)
    t.match(reply.body, {
      conversationId: /^[0-9a-f-]{36}$/,
      requestId: reply.headers['x-request-id'],
    })
    t.equal(reply.headers['location'], `conversations/${reply.body.conversationId}`)
    const sent = sandbox.calls().at(-1)
    t.equal(sent?.url, `/api/account/${accountId}/messaging/consumer/conversation?v=3`)
    const [profile, conversation] = Object.values<{ id: string }>(Object(sent?.body))
    t.not(profile?.id, conversation?.id)
    const message = await call(
      'POST',
      `/${reply.headers['location']}/messages`,
      { text: 'Hi' },
      consumer,
    )
    t.match(message, { status: 201, body: { sequence: 0 } })
  }
})

test('an opened conversation names LivePerson’s own id of the consumer, where the ConsumerJWS in use does', async (t) => {
  const { call } = await start(t, {
    LP_CLIENT_ID: 'sandbox-client',
    LP_CLIENT_SECRET: 'sandbox-secret',
  })
  const own = await call('POST', '/conversations', undefined, {
    authorization: undefined,
    'x-lp-on-behalf': undefined,
    'x-lp-consumer-id': 'ada',
  })
  t.match(own, { status: 201, body: { consumerId: /^[0-9a-f]{64}$/ } })
  const claims = Buffer.from('{"lp_consumer_id":"9f9f"}').toString('base64url')
  const given = await call('POST', '/conversations', undefined, {
    'x-lp-on-behalf': `eyJhbGciOiJub25lIn0.${claims}.c2FtcGxl`,
  })
  t.match(given, { status: 201, body: { consumerId: '9f9f' } })
  const opaque = await call('POST', '/conversations')
  t.equal(opaque.status, 201)
  t.notOk('consumerId' in opaque.body)
})

test('a second conversation of a consumer is a 409 that says what became of the profile', async (t) => {
  const { call } = await start(t)
  t.equal((await call('POST', '/conversations')).status, 201)
  t.match(await call('POST', '/conversations'), {
    status: 409,
    body: {
      code: 'conversation-already-open',
      delivery: 'not-sent',
      retryable: false,
      profileUpdated: true,
      liveengage: { status: 400 },
    },
  })
})

/** Answers each item of the batch by this. */
const items = (status: number, answer: (id: string, place: number) => object): Script => {
  return (seen, ...rest) => {
    const batch: { id: string }[] = JSON.parse(seen.body)
    json(
      status,
      batch.map(({ id }, place) => answer(id, place)),
    )(seen, ...rest)
  }
}

test('the answers to a batch are matched by reqId, by place where they have none', async (t) => {
  const ok = { code: 'OK', body: { conversationId: 'opened-1' } }
  const refused = {
    code: 'BAD_REQUEST',
    body: { msg: 'User 1 already has open conversation. Cannot open another one.' },
  }
  const reverse: Script = (seen, ...rest) => {
    const [{ id: first }, { id: second }] = JSON.parse(seen.body)
    json(200, [
      { ...ok, reqId: second },
      { code: 'OK', body: {}, reqId: first },
    ])(seen, ...rest)
  }
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  for (const [script, status, code] of [
    [items(200, (reqId) => ({ ...ok, reqId })), 201, undefined],
    [items(200, () => ok), 201, undefined],
    [items(200, () => ({ ...ok, reqId: null })), 201, undefined],
    [reverse, 201, undefined],
    [items(200, (_, place) => ({ ...ok, reqId: `other-${place}` })), 502, 'liveengage-failed'],
    [json(200, []), 502, 'liveengage-failed'],
    [json(200, [ok]), 502, 'liveengage-failed'],
    [json(200, { code: 'OK', body: {} }), 502, 'liveengage-failed'],
    [items(200, () => ({ code: 'OK', body: {} })), 502, 'liveengage-failed'],
    [
      items(200, () => ({ code: 'OK', body: { conversationId: 'a/../b' } })),
      502,
      'liveengage-failed',
    ],
    [items(400, () => ok), 502, 'liveengage-failed'],
    [items(200, () => ({ code: 'BAD_REQUEST', body: { msg: 'no' } })), 502, 'liveengage-failed'],
    [
      items(400, () => ({ code: 'BAD_REQUEST', body: { msg: 'no' } })),
      400,
      'rejected-by-liveengage',
    ],
    [items(200, () => refused), 409, 'conversation-already-open'],
    [items(500, () => refused), 502, 'liveengage-failed'],
    [json(500, 'oh no'), 502, 'liveengage-failed'],
    [json(429, ''), 429, 'rate-limited'],
    [
      json(401, { kind: 'resp', code: 401, body: { title: 'Invalid AppJWT', errorCode: 40102 } }),
      401,
      'app-jwt-invalid',
    ],
  ] as const) {
    upstream.script.send = script
    const reply = await call('POST', '/conversations', undefined, { 'x-request-timeout-ms': '900' })
    t.match(reply, { status, body: code === undefined ? { conversationId: 'opened-1' } : { code } })
  }
})

test('a refused profile beside an open conversation is told too', async (t) => {
  const upstream = await startUpstream(t, {
    send: items(400, () => ({
      code: 'BAD_REQUEST',
      body: { msg: 'User 1 already has open conversation.' },
    })),
  })
  const { call } = await startProxy(t, upstream.origin)
  t.match(await call('POST', '/conversations'), { status: 409, body: { profileUpdated: false } })
})

test('a dry run of opening shows the batch and opens nothing', async (t) => {
  const { call, sandbox } = await start(t)
  const reply = await call('POST', '/conversations?dryRun=true')
  t.match(reply, {
    status: 200,
    body: {
      url: `${sandbox.origin}/api/account/${accountId}/messaging/consumer/conversation?v=3`,
      headers: { Authorization: '[redacted]', 'X-LP-ON-BEHALF': '[redacted]' },
      body: [{ type: 'userprofile.SetUserProfile' }, { type: 'cm.ConsumerRequestConversation' }],
    },
  })
  t.equal((await call('POST', '/conversations')).status, 201)
})

test('a refused profile does not lose the conversation that was opened, and is logged', async (t) => {
  const upstream = await startUpstream(t, {
    send: items(200, (_, place) =>
      place === 0
        ? { code: 'BAD_REQUEST', body: { msg: 'no' } }
        : { code: 'OK', body: { conversationId: 'opened-1' } },
    ),
  })
  const { call, logs } = await startProxy(t, upstream.origin)
  t.match(await call('POST', '/conversations'), {
    status: 201,
    body: { conversationId: 'opened-1' },
  })
  t.ok(logs.some(({ level, msg }) => level === 'warn' && /refused the profile/.test(String(msg))))
})
