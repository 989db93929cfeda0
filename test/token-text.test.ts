import t from 'tap'
import { isToken, redactTokens } from '../src/token-text.ts'

const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ'
const opaque = 'QUFBQUFBQUFBQUFBQUE.QkJCQkJCQkJCQkJCQkI.Q0NDQ0NDQ0NDQ0NDQ0M'

t.test('a token has three base64url parts and 8 KiB at most', (t) => {
  for (const text of [token, opaque, 'a.b.c', '-._.-', `${'a'.repeat(8_188)}.b.c`]) {
    t.equal(isToken(text), true, text.slice(0, 80))
  }
  const others = [
    '',
    'a.b',
    'a.b.c.d',
    'a..c',
    '.b.c',
    'a.b.',
    'a.b.c\n',
    ' a.b.c',
    'a.b.c=',
    'a+b.c/d.e',
    'a.b.ç',
    'Bearer a.b.c',
    `${'a'.repeat(8_189)}.b.c`,
  ]
  for (const text of others) t.equal(isToken(text), false, JSON.stringify(text.slice(0, 80)))
  t.end()
})

t.test('a token is replaced wherever it stands', (t) => {
  const texts = {
    [token]: '[token]',
    [opaque]: '[token]',
    [`a ${token} b ${opaque} c`]: 'a [token] b [token] c',
    [`{"authorization":"Bearer ${token}"}`]: '{"authorization":"Bearer [token]"}',
    [`?token=${token}&x=1`]: '?token=[token]&x=1',
    [`"${token}\\n"`]: '"[token]\\n"',
    [`Bearer%20${token}`]: 'Bearer%[token]',
    'unsigned eyJhbGciOiJub25lIn0.e30.': 'unsigned [token]',
    'cut eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIx': 'cut [token]',
  }
  for (const [text, scrubbed] of Object.entries(texts)) t.equal(redactTokens(text), scrubbed)
  t.end()
})

t.test('what is no token stays as it is', (t) => {
  const texts = [
    '',
    'Bad Request, Conversation is close',
    'va.msg.liveperson.net',
    '1.2.3',
    '127.0.0.1',
    '8602832d-dce1-446b-8445-0d51f5926a42',
    '2026-01-01T00:00:00.000Z',
    'eyJhbGciOiJub25lIn0',
  ]
  for (const text of texts) t.equal(redactTokens(text), text)
  t.end()
})

t.test('a long text costs no more than its length', (t) => {
  const started = performance.now()
  for (const part of ['a', 'a.', 'eyJ', 'eyJ.', `${'a'.repeat(16)}.`, 'eyJ-.a']) {
    const text = part.repeat(100_000)
    redactTokens(text)
    isToken(text)
    isToken(text.slice(0, 8_192))
  }
  t.ok(performance.now() - started < 1_000)
  t.end()
})
