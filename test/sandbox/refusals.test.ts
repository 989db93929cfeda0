import t from 'tap'
import {
  AUTHORIZED,
  announce,
  at,
  call,
  documented,
  eventsOf,
  SAMPLE_TOKEN,
  send,
  startBox,
  text,
  tokenWith,
} from './fixtures/box.ts'

const SEND = '/api/account/acme/messaging/consumer/conversation/send'
const now = () => Date.UTC(2026, 10, 22)
const seconds = now() / 1000
const appJwtInvalid = at(documented('56'), 'response', 'body')
const consumerJwsInvalid = {
  kind: 'resp',
  code: 401,
  body: { title: 'Invalid ConsumerJWS', errorCode: 40103 },
  type: '.ReqBody$ErrorResp',
}

t.test('SEND takes v=3 only, and looks at that first', async (t) => {
  const sandbox = await startBox(t)
  for (const query of ['', '?v=2', '?v=3.0', '?v=3&v=3']) {
    t.equal((await call(sandbox, SEND + query, { body: text('a') })).status, 404, query)
  }
})

t.test('a missing AppJWT is refused as in the documented table', async (t) => {
  const sandbox = await startBox(t)
  const answer = await send(sandbox, text('a'), { headers: {} })
  t.equal(answer.status, 401)
  t.strictSame(answer.body, at(documented('54'), 'response', 'body'))
})

t.test(
  'an AppJWT that is no bare, living token of this account is refused as documented',
  async (t) => {
    const sandbox = await startBox(t, { now })
    sandbox.revoke(tokenWith({ jti: 'gone' }))
    const cases = {
      'with Bearer': `Bearer ${SAMPLE_TOKEN}`,
      'two parts': 'eyJhbGciOiJub25lIn0.e30',
      'four parts': `${SAMPLE_TOKEN}.x`,
      'a header that is no JSON': 'aaaa.e30.c2FtcGxl',
      'claims that are no object': 'eyJhbGciOiJub25lIn0.MQ.c2FtcGxl',
      expired: tokenWith({ exp: seconds }),
      'exp no number': tokenWith({ exp: 'soon' }),
      revoked: tokenWith({ jti: 'gone' }),
      'another account': tokenWith({ aud: 'another' }),
    }
    for (const [name, authorization] of Object.entries(cases)) {
      const answer = await send(sandbox, text('a'), { headers: { ...AUTHORIZED, authorization } })
      t.equal(answer.status, 401, name)
      t.strictSame(answer.body, appJwtInvalid, name)
    }
    const authorization = tokenWith({ aud: 'acme', exp: seconds + 1 })
    t.equal(
      (await send(sandbox, text('a'), { headers: { ...AUTHORIZED, authorization } })).status,
      200,
    )
  },
)

t.test('a missing ConsumerJWS is refused as in the documented table', async (t) => {
  const sandbox = await startBox(t)
  const answer = await send(sandbox, text('a'), { headers: { authorization: SAMPLE_TOKEN } })
  t.equal(answer.status, 401)
  t.strictSame(answer.body, {
    kind: 'resp',
    code: 401,
    body: {
      title: 'ConsumerJWS is missing',
      details: 'X_ON_BEHALF_HEADER is not present',
      errorCode: 40104,
    },
    type: '.ReqBody$ErrorResp',
  })
})

t.test('a ConsumerJWS that is malformed, revoked or of another account is refused', async (t) => {
  const sandbox = await startBox(t)
  sandbox.revoke(tokenWith({ jti: 'gone' }))
  const cases = {
    malformed: 'nonsense',
    revoked: tokenWith({ jti: 'gone' }),
    'another account': tokenWith({ account_id: 'another' }),
  }
  for (const [name, onBehalf] of Object.entries(cases)) {
    const headers = { ...AUTHORIZED, 'x-lp-on-behalf': onBehalf }
    const answer = await send(sandbox, text('a'), { headers })
    t.equal(answer.status, 401, name)
    t.strictSame(answer.body, consumerJwsInvalid, name)
  }
  const headers = { ...AUTHORIZED, 'x-lp-on-behalf': tokenWith({ account_id: 'acme' }) }
  t.equal((await send(sandbox, text('a'), { headers })).status, 200)
})

t.test('only JSON is taken, with or without a charset', async (t) => {
  const sandbox = await startBox(t)
  const { 'content-type': _, ...untyped } = AUTHORIZED
  for (const headers of [
    untyped,
    { ...untyped, 'content-type': 'text/plain' },
    { ...untyped, 'content-type': 'application/jsonp' },
  ]) {
    const answer = await send(sandbox, text('a'), { headers })
    t.equal(answer.status, 400)
    t.strictSame(answer.body, { code: 'BAD_REQUEST', body: { msg: 'Bad Request' } })
  }
  const headers = { ...untyped, 'content-type': 'application/json; charset=utf-8' }
  t.equal((await send(sandbox, text('a'), { headers })).status, 200)
})

t.test('a Content-Type that is no media type at all is a 415', async (t) => {
  const sandbox = await startBox(t)
  const headers = { ...AUTHORIZED, 'content-type': 'nonsense' }
  t.equal((await send(sandbox, text('a'), { headers })).status, 415)
})

t.test('Client-Properties, if sent, is a JSON object', async (t) => {
  const sandbox = await startBox(t)
  for (const clientProperties of ['AUTO_MESSAGES', '[]', '1']) {
    const headers = { ...AUTHORIZED, 'client-properties': clientProperties }
    t.equal((await send(sandbox, text('a'), { headers })).status, 400, clientProperties)
  }
  const headers = { ...AUTHORIZED, 'client-properties': '{"type":".ClientProperties"}' }
  t.equal((await send(sandbox, text('a'), { headers })).status, 200)
  t.match(await eventsOf(sandbox, 'c1'), [{ clientProperties: { type: '.ClientProperties' } }])
})

t.test('a document that breaks the wire contract is refused and not recorded', async (t) => {
  const sandbox = await startBox(t)
  const event = (event: object) => ({ ...text('a'), body: { dialogId: 'c1', event } })
  const cases = {
    'malformed JSON': '{"kind":"req",',
    'no document': '',
    'an array': [text('a')],
    'another kind': { ...text('a'), kind: 'notification' },
    'an id too long': text('a', 'c1', 'x'.repeat(65)),
    'no type': { ...text('a'), type: undefined },
    'an unknown type': { ...text('a'), type: 'ms.Whatever' },
    'an unknown chat state': event({ type: 'ChatStateEvent', chatState: 'DANCING' }),
    'an empty receipt': event({ type: 'AcceptStatusEvent', status: 'READ', sequenceList: [] }),
    'an empty text': text(''),
    'no dialog': text('a', ''),
  }
  for (const [name, body] of Object.entries(cases)) {
    const answer = await send(sandbox, body)
    t.equal(answer.status, 400, name)
    t.match(answer.body, { code: 'BAD_REQUEST', body: { msg: 'Bad Request' } }, name)
  }
  t.strictSame(await eventsOf(sandbox, 'c1'), [])
})

t.test('a refusal repeats the id where one could be read', async (t) => {
  const sandbox = await startBox(t)
  const refused = (reqId?: string) => ({
    code: 'BAD_REQUEST',
    body: { msg: 'Bad Request' },
    ...(reqId === undefined ? {} : { reqId }),
  })
  t.strictSame((await send(sandbox, { id: 'x' })).body, refused('x'))
  t.strictSame((await send(sandbox, { id: 4 })).body, refused('4'))
  t.strictSame((await send(sandbox, { id: {} })).body, refused())
})

t.test('a JSON body above 256 KiB is a 413', async (t) => {
  const sandbox = await startBox(t)
  const headers = { ...AUTHORIZED, 'content-length': '262145' }
  t.equal(await announce(sandbox, `${SEND}?v=3`, { method: 'POST', headers }), 413)
})
