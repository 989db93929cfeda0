import t from 'tap'
import { findChangedNumber } from '../../src/http/json-numbers.ts'
import { startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'

t.test('a number that reading changes is found by its path', async (t) => {
  const lossy: [string, string][] = [
    ['{"a":9007199254740993}', '/a'],
    ['{"a":-9007199254740993}', '/a'],
    ['{"rating":4.99999999999999999999}', '/rating'],
    ['[0,[],{"b":{"c":[1,12345678901234567890]}}]', '/2/b/c/1'],
    ['{"a":"9007199254740993","b":[{"c":"}"},"]",9007199254740993]}', '/b/2'],
    ['{"a\\u0062":9007199254740993}', '/ab'],
    ['{"not a plain name":9007199254740993}', '/?'],
    ['{"a":9007199254740993,"a":1}', '/a'],
    ['{"a":1e-400}', '/a'],
    ['{"a":1.2345678e-320}', '/a'],
    ['{"a":0.30000000000000004441}', '/a'],
    ['9007199254740993', ''],
  ]
  for (const [text, path] of lossy) t.equal(findChangedNumber(text)?.path, path, text)
})

t.test('a number that reading keeps is none, however it is written', async (t) => {
  const kept = [
    '9007199254740992',
    '12345678901234567000',
    '1234567890123456800000e-5',
    '0.30000000000000004',
    '5.0000000000000000000',
    '0.0000000000000000000',
    '0e-400',
    '0.00000000000000000001',
    '1.7976931348623157e308',
    '5e-324',
    '1e5',
    '"9007199254740993"',
    '{"9007199254740993":1,"b":"\\"9007199254740993"}',
    '"4e-123"',
  ]
  for (const text of kept) t.equal(findChangedNumber(text), undefined, text)
})

t.test('a number that would go out changed is refused with its path', async (t) => {
  const upstream = await startUpstream(t)
  const proxy = await startProxy(t, upstream.origin)
  const message = 'must not have more digits than a JSON reader keeps; send it as a string'
  for (const [method, url, body, path] of [
    [
      'POST',
      '/conversations/c1/messages',
      '{"text":"a","metadata":[{"type":"a","n":9007199254740993}]}',
      '/metadata/0/n',
    ],
    [
      'PUT',
      '/conversations/c1/csat',
      '{"rating":4.99999999999999999999,"resolved":true}',
      '/rating',
    ],
    ['POST', '/conversations', '{"skillId":"1","context":{"a":9007199254740993}}', '/context/a'],
  ] as const) {
    const reply = await proxy.call(method, url, body, { 'content-type': 'application/json' })
    t.match(reply, { status: 400, body: { code: 'invalid-request', delivery: 'not-sent' } })
    t.strictSame(reply.body.errors, [{ path, message }])
  }
  t.strictSame(upstream.seen, [])
})

t.test('of a key that is given twice the last value counts', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const json = { 'content-type': 'application/json' }
  t.equal(
    (await call('POST', '/conversations/c1/messages', '{"text":"a","text":"b"}', json)).status,
    201,
  )
  t.match(JSON.parse(upstream.sends()[0]?.body ?? ''), { body: { event: { message: 'b' } } })
})
