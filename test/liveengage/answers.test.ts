import { gzipSync } from 'node:zlib'
import t from 'tap'
import { readRetryAfter, readSendAnswer, type SendSuccess } from '../../src/liveengage/answers.ts'
import { Problem } from '../../src/problems/problem.ts'
import { documented } from '../documented.ts'

const id = 'f3c1f2d0-1111-4222-8333-444455556666'

/** What the answer means: the success, or the problem's code and what is shown of LiveEngage. */
function read(
  status: number,
  body: unknown,
  options: { id?: string; retryAfter?: string } = {},
): Pick<SendSuccess, 'sequence'> | { code: string; liveengage: unknown } {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const answer = {
    status,
    retryAfter: options.retryAfter,
    contentType: undefined,
    body: bytes,
  }
  try {
    const { sequence } = readSendAnswer(answer, options.id ?? id)
    return { sequence }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { code: error.code, liveengage: error.options.liveengage }
  }
}

const ok = (body: unknown = { sequence: 3 }) => ({ reqId: id, code: 'OK', body })
const runtime = (msg: unknown) => ({ reqId: id, code: 'BAD_REQUEST', body: { msg } })
const platform = (code: number, errorCode: unknown, title: string, details: string) => ({
  kind: 'resp',
  code,
  body: { title, details, errorCode },
  type: '.ReqBody$ErrorResp',
})

t.test('a documented answer of SEND means what its page says', (t) => {
  const meanings: Record<string, unknown> = {
    '04-seed-response-success': { sequence: 0 },
    '20-close-conversation-with-response': { sequence: undefined },
    '37-file-generate-upload-url': { sequence: undefined },
    '42-file-generate-download-url': { sequence: undefined },
    '54-error-appjwt-missing-as-in-table': {
      code: 'app-jwt-invalid',
      liveengage: { status: 401, errorCode: 40105, message: 'AppJWT is missing' },
    },
    '56-error-appjwt-expired': {
      code: 'app-jwt-invalid',
      liveengage: { status: 401, errorCode: 40102, message: 'Invalid AppJWT' },
    },
    '58-error-brand-id-missing-or-bad-claims': {
      code: 'rejected-by-liveengage',
      liveengage: { status: 400, errorCode: 40001, message: 'Missing parameter' },
    },
    '62-error-message-too-large': {
      code: 'rejected-by-liveengage',
      liveengage: { status: 400, message: 'Bad Request' },
    },
    '63-error-throttled': { code: 'rate-limited', liveengage: { status: 429 } },
    '64-error-server-5xx': { code: 'liveengage-failed', liveengage: { status: 503 } },
  }
  for (const [name, meaning] of Object.entries(meanings)) {
    const { response } = documented(name)
    const { status, body } = response
    t.strictSame(read(status, body ?? '', { id: body?.reqId ?? id }), meaning, name)
  }
  t.end()
})

t.test('a 2xx with OK, 200 or 201 is a success, whatever else it holds', (t) => {
  for (const status of [200, 201, 202, 299]) t.strictSame(read(status, ok()), { sequence: 3 })
  for (const code of ['OK', 200, 201]) t.strictSame(read(200, { ...ok(), code }), { sequence: 3 })
  t.strictSame(read(200, { code: 'OK', body: { sequence: 3 } }), { sequence: 3 }, 'no reqId')
  t.strictSame(read(200, { ...ok(), reqId: null }), { sequence: 3 })
  for (const body of [undefined, null, 'OK', 7, [], [{ sequence: 3 }], {}, { msg: 'OK done' }]) {
    t.strictSame(read(200, ok(body ?? null)), { sequence: undefined }, JSON.stringify(body))
  }
  t.strictSame(read(200, { code: 'OK', reqId: id }), { sequence: undefined })
  t.end()
})

t.test('a sequence is a whole number from 0, anything else is none', (t) => {
  for (const sequence of [0, 1, 1.0, Number.MAX_SAFE_INTEGER]) {
    t.strictSame(read(200, ok({ sequence })), { sequence })
  }
  const unusable = [
    '-1',
    '1.5',
    '"1"',
    '""',
    'null',
    'true',
    '[]',
    '{}',
    '9007199254740992',
    '1e400',
  ]
  for (const sequence of unusable) {
    const body = `{"code":"OK","body":{"sequence":${sequence}}}`
    t.strictSame(read(200, body), { sequence: undefined }, sequence)
  }
  t.end()
})

t.test('a 2xx that is no clear success has failed', (t) => {
  const cases: Record<string, unknown> = {
    'the answer to another request': { ...ok(), reqId: 'another' },
    'an empty reqId': { ...ok(), reqId: '' },
    'a reqId of another type': { ...ok(), reqId: 1 },
    'a refusal': runtime('Bad Request'),
    'a refusal of the platform': platform(401, 40102, 'Invalid AppJWT', ''),
    'another word': { code: 'ok' },
    'another number': { code: 202 },
    'the number as a text': { code: '200' },
    'no code': { reqId: id, body: { sequence: 1 } },
    'a code of another type': { code: true },
    'a list': [ok()],
    null: 'null',
    'a text': '"OK"',
    'no body': '',
    HTML: '<html><body>OK</body></html>',
    'half of it': '{"code":"OK"',
    'more than it': '{"code":"OK"}{"code":"OK"}',
    compressed: gzipSync(JSON.stringify(ok())),
  }
  for (const [name, body] of Object.entries(cases)) {
    t.match(read(200, body), { code: 'liveengage-failed', liveengage: { status: 200 } }, name)
  }
  t.end()
})

t.test('a closed conversation is known by its words, in either form and with any status', (t) => {
  const words = 'Bad Request, Conversation is close'
  const closed = { code: 'conversation-closed', liveengage: { status: 400, message: words } }
  t.strictSame(read(400, runtime(words)), closed)
  for (const status of [200, 400, 403, 404, 409, 410, 422]) {
    t.match(read(status, runtime(words)), { code: 'conversation-closed' }, `${status}`)
  }
  t.strictSame(read(400, { code: 'BAD_REQUEST', body: words }), {
    code: 'conversation-closed',
    liveengage: { status: 400 },
  })
  t.match(read(400, platform(400, 40002, 'Bad Request', 'conversation is closed')), {
    code: 'conversation-closed',
  })
  t.match(read(500, runtime(words)), { code: 'liveengage-failed' })
  t.match(read(200, { code: 'ERROR', body: { msg: words } }), { code: 'liveengage-failed' })
  t.match(read(200, { code: 'OK', reqId: id, body: { msg: words } }), { sequence: undefined })
  t.match(read(400, words), { code: 'rejected-by-liveengage' }, 'not without the form')
  t.end()
})

t.test('each errorCode of a 401 says which token was refused', (t) => {
  const cases: [number | string, string, string][] = [
    [40102, 'Invalid AppJWT', 'app-jwt-invalid'],
    [40103, 'Invalid ConsumerJWS', 'consumer-jws-invalid'],
    [40104, 'ConsumerJWS is missing', 'consumer-jws-invalid'],
    [40105, 'AppJWT is missing', 'app-jwt-invalid'],
    [40104, 'AppJWT is missing', 'app-jwt-invalid'],
    [40105, 'ConsumerJWS is missing', 'consumer-jws-invalid'],
    [40104, '', 'consumer-jws-invalid'],
    [40105, '', 'app-jwt-invalid'],
    [40199, 'Something else', 'rejected-by-liveengage'],
    ['40102', 'Invalid AppJWT', 'rejected-by-liveengage'],
    [40102.5, 'Invalid AppJWT', 'rejected-by-liveengage'],
  ]
  for (const [errorCode, title, code] of cases) {
    t.match(read(401, platform(401, errorCode, title, 'x')), { code }, `${errorCode} ${title}`)
  }
  for (const body of ['', '<html>', { code: 401 }, { code: 401, body: null }]) {
    t.match(read(401, body), { code: 'rejected-by-liveengage' })
  }
  t.end()
})

t.test('each other status is the problem of its class, whatever the body', (t) => {
  const codes: Record<number, string> = {
    100: 'liveengage-failed',
    301: 'liveengage-failed',
    304: 'liveengage-failed',
    307: 'liveengage-failed',
    400: 'rejected-by-liveengage',
    402: 'rejected-by-liveengage',
    403: 'rejected-by-liveengage',
    404: 'rejected-by-liveengage',
    408: 'liveengage-failed',
    413: 'rejected-by-liveengage',
    421: 'rejected-by-liveengage',
    429: 'rate-limited',
    451: 'rejected-by-liveengage',
    500: 'liveengage-failed',
    502: 'liveengage-failed',
    503: 'liveengage-failed',
    504: 'liveengage-failed',
    599: 'liveengage-failed',
    999: 'liveengage-failed',
  }
  for (const [status, code] of Object.entries(codes)) {
    for (const body of ['', 'null', '<html>', { code: 'X' }, { code: 1, body: 'text' }]) {
      const meaning = { code, liveengage: { status: Number(status) } }
      t.strictSame(read(Number(status), body), meaning, status)
    }
  }
  t.end()
})

t.test('a refusal that claims success, or answers another request, is contradictory', (t) => {
  for (const status of [302, 400, 401, 404, 429, 500]) {
    t.match(read(status, ok()), { code: 'liveengage-failed' }, `OK with ${status}`)
    const other = { ...runtime('Bad Request'), reqId: 'another' }
    t.match(read(status, other), { code: 'liveengage-failed' }, `another's with ${status}`)
  }
  t.end()
})

t.test('LiveEngage’s words are shown from msg, title or details, at most 200 characters', (t) => {
  const message = (body: unknown) => read(400, { code: 'BAD_REQUEST', body })
  const shows = (text: string) => ({
    code: 'rejected-by-liveengage',
    liveengage: { status: 400, message: text },
  })
  const none = { code: 'rejected-by-liveengage', liveengage: { status: 400 } }
  t.strictSame(message({ msg: 'a', title: 'b', details: 'c' }), shows('a'))
  t.strictSame(message({ msg: 7, title: 'b', details: 'c' }), shows('b'))
  t.strictSame(message({ msg: '', title: null, details: 'c' }), shows('c'))
  t.strictSame(message({ message: 'a', text: 'b' }), none)
  t.strictSame(message('a text'), none)
  t.strictSame(message({ msg: 'é'.repeat(300) }), shows('é'.repeat(200)))
  t.strictSame(message({ msg: `${'a'.repeat(199)}😀` }), shows(`${'a'.repeat(199)}\ufffd`))
  t.end()
})

t.test('no token is shown, whole or cut', (t) => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ'
  const texts = {
    [`Invalid ${token} given`]: 'Invalid [token] given',
    [`Bearer ${token}`]: 'Bearer [token]',
    'Invalid eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0': 'Invalid [token]',
    [`${'a '.repeat(95)}${token}`]: `${'a '.repeat(95)}[token]`,
  }
  for (const [msg, message] of Object.entries(texts)) {
    t.strictSame(read(400, runtime(msg)), {
      code: 'rejected-by-liveengage',
      liveengage: { status: 400, message },
    })
  }
  t.end()
})

t.test('a Retry-After is seconds or a date, from a second to an hour', (t) => {
  const seconds: Record<string, number> = {
    0: 1,
    1: 1,
    30: 30,
    3600: 3_600,
    3601: 3_600,
    999999999999999: 3_600,
    '': 1,
    soon: 1,
    '-5': 1,
    '1.5': 1,
    'Thu, 01 Jan 1970 00:00:00 GMT': 1,
    'Fri, 31 Dec 9999 23:59:59 GMT': 3_600,
  }
  for (const [header, expected] of Object.entries(seconds)) {
    t.equal(readRetryAfter(header), expected, header)
  }
  t.equal(readRetryAfter(undefined), 1)
  t.equal(readRetryAfter('9'.repeat(400)), 3_600)
  const date = readRetryAfter(new Date(Date.now() + 30_000).toUTCString())
  t.ok(date === 29 || date === 30, `${date}`)
  t.end()
})

t.test('a 429 says how long to wait', (t) => {
  for (const [retryAfter, retryAfterSeconds] of [
    ['17', 17],
    [undefined, 1],
  ] as const) {
    const answer = { status: 429, retryAfter, contentType: undefined, body: Buffer.from('') }
    t.throws(() => readSendAnswer(answer, id), { code: 'rate-limited', retryAfterSeconds })
  }
  t.end()
})
