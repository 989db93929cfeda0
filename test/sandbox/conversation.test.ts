import t from 'tap'
import {
  AUTHORIZED,
  at,
  CLOSE,
  call,
  converse,
  eventsOf,
  opening,
  send,
  startBox,
  text,
  tokenWith,
  update,
} from './fixtures/box.ts'

const jane = { ...AUTHORIZED, 'x-lp-on-behalf': tokenWith({ lp_consumer_id: 'jane' }) }
const john = { ...AUTHORIZED, 'x-lp-on-behalf': tokenWith({ lp_consumer_id: 'john' }) }

t.test(
  'a new conversation shows its profile and its opening as events, without tokens',
  async (t) => {
    const now = () => Date.UTC(2026, 10, 22)
    const sandbox = await startBox(t, { now })
    const clientProperties = { type: '.ClientProperties', features: ['AUTO_MESSAGES'] }
    const headers = { ...jane, 'client-properties': JSON.stringify(clientProperties) }
    const { body } = await converse(sandbox, opening(), { headers })
    const receivedAt = '2026-11-22T00:00:00.000Z'
    t.strictSame(await eventsOf(sandbox, String(at(body, 1, 'body', 'conversationId'))), [
      { type: 'userprofile.SetUserProfile', body: {}, clientProperties, receivedAt },
      {
        type: 'cm.ConsumerRequestConversation',
        body: { brandId: 'acme' },
        clientProperties,
        receivedAt,
      },
    ])
  },
)

t.test('a consumer has one open conversation, and may have another after the close', async (t) => {
  const sandbox = await startBox(t)
  const first = await converse(sandbox, opening(), { headers: jane })
  const id = String(at(first.body, 1, 'body', 'conversationId'))
  const refused = await converse(sandbox, opening(), { headers: jane })
  t.equal(refused.status, 400)
  t.strictSame(refused.body, [
    { code: 'OK', body: { msg: 'OK User Profile set successfully' }, reqId: '1,' },
    {
      code: 'BAD_REQUEST',
      body: {
        msg: "Consumer request conversation failed: User jane already has open conversation. Can't open another one.",
      },
      reqId: '1,',
    },
  ])
  t.equal((await eventsOf(sandbox, id)).length, 3, 'the profile was set all the same')

  t.equal((await converse(sandbox, opening(), { headers: john })).status, 200, 'another consumer')
  t.equal(
    (await converse(sandbox, opening('other'), { headers: jane, account: 'other' })).status,
    200,
    'another account',
  )
  await send(sandbox, update(CLOSE, id), { headers: jane })
  t.equal((await converse(sandbox, opening(), { headers: jane })).status, 200)
})

t.test('a conversation belongs to the consumer who opened it', async (t) => {
  const sandbox = await startBox(t)
  const { body } = await converse(sandbox, opening(), { headers: jane })
  const id = String(at(body, 1, 'body', 'conversationId'))
  t.equal((await send(sandbox, text('mine', id), { headers: jane })).status, 200)
  const stranger = await send(sandbox, text('not mine', id), { headers: john })
  t.equal(stranger.status, 401)
  t.strictSame(stranger.body, {
    kind: 'resp',
    code: 401,
    body: { title: 'Unauthorized' },
    type: '.ReqBody$ErrorResp',
  })
  t.equal((await send(sandbox, update(CLOSE, id), { headers: john })).status, 401)
  t.equal((await eventsOf(sandbox, id)).length, 3)
})

t.test('a profile set by SEND is shown with the open conversation, if there is one', async (t) => {
  const sandbox = await startBox(t)
  const profile = { kind: 'req', id: 7, type: 'userprofile.SetUserProfile', body: {} }
  const expected = { reqId: '7', code: 'OK', body: { msg: 'OK User Profile set successfully' } }
  t.strictSame((await send(sandbox, profile, { headers: jane })).body, expected)
  const { body } = await converse(sandbox, opening(), { headers: jane })
  t.strictSame((await send(sandbox, profile, { headers: jane })).body, expected)
  const events = await eventsOf(sandbox, String(at(body, 1, 'body', 'conversationId')))
  t.strictSame(
    events.map((event) => at(event, 'type')),
    ['userprofile.SetUserProfile', 'cm.ConsumerRequestConversation', 'userprofile.SetUserProfile'],
  )
})

t.test('a batch that breaks the documented form is refused', async (t) => {
  const rules: string[] = []
  const sandbox = await startBox(t, { log: ({ text }) => rules.push(text) })
  const [profile, request] = opening()
  const withAttributes = (lp_sdes: unknown) => ({
    ...profile,
    body: { authenticatedData: { lp_sdes } },
  })
  const cases = {
    'no array': { ...request, id: undefined },
    'only one request': [request],
    'the wrong order': [request, profile],
    'four requests': [profile, request, text('hello'), text('hello')],
    'a third that publishes nothing': [profile, request, profile],
    'a third without a body': [profile, request, 'hello'],
    'a first that is no object': ['profile', request],
    'a first that sets no profile': [text('hello'), request],
    'engagement attributes that are no array': [withAttributes({}), request],
    'an engagement attribute that is no object': [withAttributes(['vip']), request],
    'no brandId': [profile, { ...request, body: {} }],
    'a foreign brandId': opening('another'),
  }
  for (const [name, body] of Object.entries(cases)) {
    const answer = await converse(sandbox, body)
    t.equal(answer.status, 400, name)
    t.strictSame(answer.body, { code: 'BAD_REQUEST', body: { msg: 'Bad Request' } }, name)
  }
  const words = rules.map((rule) => rule.replace(/ does not fit .*/, ' does not fit'))
  t.strictSame(words, [
    'the document has to be an array of at least two requests',
    'the document has to be an array of at least two requests',
    '/0/type is missing or not documented for SEND',
    'the batch has more than three requests',
    '/2/type has to be ms.PublishEvent',
    '/2 has to be one JSON object',
    '/0 has to be one JSON object',
    '/0/type has to be userprofile.SetUserProfile',
    '/0/body/authenticatedData/lp_sdes does not fit',
    '/0/body/authenticatedData/lp_sdes/0 has none of the documented forms',
    '/1/body/brandId is missing',
    '/1/body/brandId has to be the account id',
  ])
})

t.test('CONVERSATION refuses other versions and missing tokens like SEND', async (t) => {
  const sandbox = await startBox(t)
  const path = '/api/account/acme/messaging/consumer/conversation'
  const body = opening()
  t.equal((await call(sandbox, `${path}?v=2`, { headers: AUTHORIZED, body })).status, 404)
  const bare = await converse(sandbox, body, { headers: { 'content-type': 'application/json' } })
  t.equal(at(bare.body, 'body', 'errorCode'), 40105)
})
