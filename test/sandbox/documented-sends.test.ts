import t from 'tap'
import { at, call, documented, replay, startBox } from './fixtures/box.ts'

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/

t.test('each documented SEND is accepted and answered as documented', async (t) => {
  const documentedAnswer = ['01', '02', '04', '06', '07', '08', '09', '15', '16', '17', '18', '20']
  for (const number of [...documentedAnswer, '26']) {
    const sandbox = await startBox(t)
    const payload = documented(number)
    const { status, body } = await replay(sandbox, payload)
    t.equal(status, 200, number)
    t.strictSame(body, at(payload, 'response', 'body'), number)
  }
})

t.test('a documented SEND without a documented answer is answered in the same form', async (t) => {
  const cases = [
    // The page prints its sample answer with reqId "1" below this request with id "0".
    { number: '03', reqId: '0', body: { sequence: 0 } },
    { number: '05', reqId: '0', body: { sequence: 0 } },
    { number: '10', reqId: '1', body: { sequence: 0 } },
    { number: '11', reqId: '1', body: { sequence: 0 } },
    { number: '12', reqId: '1', body: { sequence: 0 } },
    { number: '19', reqId: '1', body: { msg: 'OK Conversation resolved successfully' } },
    { number: '22', reqId: '5', body: { msg: 'OK CSAT rate set successfully' } },
    { number: '23', reqId: '1', body: { msg: 'OK TTR set successfully' } },
    { number: '24', reqId: '1', body: { msg: 'OK Skill set successfully' } },
    { number: '40', reqId: '3', body: { sequence: 0 } },
  ]
  for (const { number, reqId, body } of cases) {
    const sandbox = await startBox(t)
    const answer = await replay(sandbox, documented(number))
    t.equal(answer.status, 200, number)
    t.strictSame(answer.body, { reqId, code: 'OK', body }, number)
  }
})

t.test('each documented CONVERSATION opens one and echoes its ids verbatim', async (t) => {
  for (const number of ['27', '28', '30', '31', '32', '34', '35']) {
    const sandbox = await startBox(t)
    const payload = documented(number)
    const request = at(payload, 'upstream', 'body')
    const { status, body } = await replay(sandbox, payload)
    const conversationId = at(body, 1, 'body', 'conversationId')
    t.equal(status, 200, number)
    t.match(conversationId, UUID, number)
    t.strictSame(
      body,
      [
        {
          code: 'OK',
          body: { msg: 'OK User Profile set successfully' },
          reqId: at(request, 0, 'id'),
        },
        { code: 'OK', body: { conversationId }, reqId: at(request, 1, 'id') },
      ],
      number,
    )
  }
})

t.test('a second conversation of one consumer is refused as documented', async (t) => {
  const sandbox = await startBox(t)
  const payload = documented('36')
  await replay(sandbox, payload)
  const { status, body } = await replay(sandbox, payload)
  t.equal(status, 400)
  const [, user = ''] = /User (\S+) already/.exec(String(at(body, 1, 'body', 'msg'))) ?? []
  t.match(user, /^[0-9a-f]{64}$/)
  const expected = JSON.stringify(at(payload, 'response', 'body'))
  t.equal(JSON.stringify(body), expected.replace(/[0-9a-f]{64}/, user))
})

t.test('a text above the limit is refused as documented, which names no size', async (t) => {
  const sandbox = await startBox(t)
  const payload = documented('62')
  const upstream = at(payload, 'upstream')
  const body = JSON.stringify(at(upstream, 'body')).replace(/<more[^>]*>/, 'x'.repeat(5001))
  const answer = await call(sandbox, `${at(upstream, 'path')}?v=3`, {
    headers: Object(at(upstream, 'headers')),
    body,
  })
  t.equal(answer.status, 400)
  t.strictSame(answer.body, at(payload, 'response', 'body'))
})

t.test('the documented Domain API errors have their statuses', async (t) => {
  const sandbox = await startBox(t)
  for (const number of ['51', '52']) {
    const payload = documented(number)
    const { status } = await replay(sandbox, payload)
    t.equal(status, at(payload, 'response', 'status'), number)
  }
})

t.test('the documented token requests are answered in the documented form', async (t) => {
  const cases = [
    { number: '44', credentials: {} },
    {
      number: '45',
      credentials: {
        clientId: '75588e18-0213-4e33-8174-883acac7e3c4',
        clientSecret: 'kgvbkk7glku72jgtmpi6l4a872',
      },
    },
    { number: '46', credentials: {} },
  ]
  for (const { number, credentials } of cases) {
    const sandbox = await startBox(t, credentials)
    const { status, body } = await replay(sandbox, documented(number))
    t.equal(status, 200, number)
    t.strictSame(body, { access_token: at(body, 'access_token'), token_type: 'Bearer' }, number)
  }

  const sandbox = await startBox(t)
  const { status, body } = await replay(sandbox, documented('47'))
  t.equal(status, 201)
  t.strictSame(Object.keys(Object(body)), ['token'])
})
