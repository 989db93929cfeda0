import { Type } from '@sinclair/typebox'
import t from 'tap'
import { explainInvalid } from '../../src/problems/invalid-request.ts'
import { startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'

const messages = '/conversations/c1/messages'
const receipts = '/conversations/c1/receipts'

t.test('a refusal names what is wrong and the rule, never a value', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const unknown = 'is not a known key'
  const cases: [string, string, unknown, { path: string; message: string }[]][] = [
    ['POST', messages, [], [{ path: '', message: 'must be an object' }]],
    ['POST', messages, '"secret"', [{ path: '', message: 'must be an object' }]],
    ['POST', messages, 123, [{ path: '', message: 'must be an object' }]],
    ['POST', messages, {}, [{ path: '', message: 'must have text or file' }]],
    ['POST', messages, { text: null }, [{ path: '/text', message: 'must be a string' }]],
    ['POST', messages, { text: 123 }, [{ path: '/text', message: 'must be a string' }]],
    ['POST', messages, { text: ['secret'] }, [{ path: '/text', message: 'must be a string' }]],
    [
      'POST',
      messages,
      { text: '' },
      [{ path: '/text', message: 'must have at least 1 character' }],
    ],
    [
      'POST',
      messages,
      { text: 'secret'.repeat(1_000) },
      [{ path: '/text', message: 'must have at most 5000 characters' }],
    ],
    [
      'POST',
      messages,
      { text: 'a', dialogId: 'secret id' },
      [
        {
          path: '/dialogId',
          message: 'must be a dialog’s id: 1 to 128 letters, digits, hyphens or underscores',
        },
      ],
    ],
    [
      'POST',
      messages,
      { text: 'a', metadata: [{}] },
      [{ path: '/metadata/0/type', message: 'is required' }],
    ],
    [
      'POST',
      messages,
      { text: 'a', Text: 'secret' },
      [{ path: '/Text', message: `${unknown} (did you mean text?)` }],
    ],
    ['POST', messages, { text: 'a', 'secret words': 1 }, [{ path: '/?', message: unknown }]],
    [
      'POST',
      messages,
      { text: 'a', [`${'secret'.repeat(20)}`]: 1 },
      [{ path: '/?', message: unknown }],
    ],
    [
      'POST',
      messages,
      { file: { relativePath: 'a' } },
      [{ path: '/file/fileType', message: 'is required' }],
    ],
    [
      'POST',
      receipts,
      { status: 'secret', sequences: [1] },
      [{ path: '/status', message: 'must be one of accept, read, access, nack, action' }],
    ],
    [
      'POST',
      receipts,
      { status: 'read', sequences: ['5'] },
      [{ path: '/sequences/0', message: 'must be an integer' }],
    ],
    [
      'POST',
      receipts,
      { status: 'read', sequences: [1.5] },
      [{ path: '/sequences/0', message: 'must be an integer' }],
    ],
    [
      'POST',
      receipts,
      { status: 'read', sequences: [-1] },
      [{ path: '/sequences/0', message: 'must be at least 0' }],
    ],
    [
      'POST',
      receipts,
      { status: 'read', sequences: [] },
      [{ path: '/sequences', message: 'must have at least 1 item' }],
    ],
    [
      'POST',
      receipts,
      { status: 'read', sequences: Array(1001).fill(1) },
      [{ path: '/sequences', message: 'must have at most 1000 items' }],
    ],
    [
      'POST',
      receipts,
      { status: 'action', sequences: [1] },
      [{ path: '/metadata', message: 'is required' }],
    ],
    [
      'PUT',
      '/conversations/c1/csat',
      { rating: '5', resolved: 'true' },
      [
        { path: '/rating', message: 'must be an integer' },
        { path: '/resolved', message: 'must be a boolean' },
      ],
    ],
    [
      'POST',
      '/conversations/c1/close',
      { survey: 1 },
      [{ path: '/survey', message: 'must be a boolean' }],
    ],
    [
      'POST',
      '/conversations/c1/typing',
      { dialogId: null },
      [{ path: '/dialogId', message: 'must not be null; leave out a key that has no value' }],
    ],
    [
      'PUT',
      '/conversations/c1/csat',
      { rating: null, resolved: true },
      [{ path: '/rating', message: 'must be an integer' }],
    ],
  ]
  for (const [method, path, body, errors] of cases) {
    const name = `${method} ${path} ${JSON.stringify(body).slice(0, 80)}`
    const { status, body: problem } = await call(method, path, body)
    t.equal(status, 400, name)
    t.strictSame(problem.errors, errors, name)
    t.equal(problem.code, 'invalid-request')
    t.equal(
      problem.detail,
      `${errors.map(({ path, message }) => `${path || 'the body'} ${message}`).join('; ')}.`,
    )
    t.notMatch(JSON.stringify(problem), /secret/, name)
  }
  t.strictSame(upstream.seen, [])
})

t.test("another API's key gets a 400 that names the right one", async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  for (const key of ['message', 'body', 'content', 'msg', 'Body']) {
    const { status, body } = await call('POST', messages, { [key]: 'secret' })
    t.equal(status, 400)
    t.strictSame(body.errors, [
      { path: '', message: 'must have text or file' },
      { path: `/${key}`, message: 'is not a known key (did you mean text?)' },
    ])
  }
  const { body } = await call('POST', receipts, { status: 'read', sequenceList: [1] })
  t.match(body.detail, '/sequenceList is not a known key (did you mean sequences?)')
  const { body: nested } = await call('POST', messages, {
    file: { relativePath: 'a', fileType: 'PNG', message: 'a' },
  })
  t.strictSame(nested.errors, [{ path: '/file/message', message: 'is not a known key' }])
  t.strictSame(upstream.seen, [])
})

t.test('a misspelt key gets the nearest known one, at any depth', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  for (const [path, body, key, right] of [
    [messages, { txet: 'Hi' }, '/txet', 'text'],
    [messages, { text: 'Hi', dialogID: 'd1' }, '/dialogID', 'dialogId'],
    [
      messages,
      { file: { relativPath: '/a', fileType: 'PNG' } },
      '/file/relativPath',
      'relativePath',
    ],
    ['/conversations', { skilId: '1' }, '/skilId', 'skillId'],
    ['/conversations', { profile: { persnal: {} } }, '/profile/persnal', 'personal'],
  ] as const) {
    const { status, body: problem } = await call('POST', path, body)
    t.equal(status, 400)
    const message = `is not a known key (did you mean ${right}?)`
    t.ok(
      problem.errors.some(
        (error: unknown) => JSON.stringify(error) === JSON.stringify({ path: key, message }),
      ),
      JSON.stringify(problem.errors),
    )
  }
  t.strictSame(upstream.seen, [])
})

t.test('what a pattern means is said in words, with an example where there is one', (t) => {
  const finding = (key: string) => ({
    keyword: 'pattern',
    instancePath: `/${key}`,
    schemaPath: `#/properties/${key}/pattern`,
    params: { pattern: '^a$' },
  })
  const body = Type.Object({
    plain: Type.String({ pattern: '^a$' }),
    told: Type.String({ pattern: '^a$', description: 'The first letter. It is short' }),
    'a/b': Type.String({ pattern: '^a$', description: 'One letter', examples: ['a'] }),
  })
  for (const [key, message] of [
    ['plain', 'must be text that matches ^a$'],
    ['told', 'must be the first letter'],
    ['a~1b', 'must be one letter, for example a'],
    ['unknown', 'must be text that matches ^a$'],
  ] as const) {
    const { options } = explainInvalid({ body }, [finding(key)], 'body')
    t.strictSame(options.errors, [{ path: `/${key}`, message }])
  }
  t.match(explainInvalid({}, [finding('plain')], 'body').options.errors, [{ path: '/plain' }])
  t.end()
})

t.test('a whole LiveEngage envelope gets a 400 that names the keys of the route', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const envelope = {
    kind: 'req',
    id: '1',
    type: 'ms.PublishEvent',
    body: { dialogId: 'a', event: { type: 'ContentEvent', message: 'secret' } },
  }
  const { status, body } = await call('POST', messages, envelope)
  t.equal(status, 400)
  t.match(
    body.detail,
    'This looks like a complete LiveEngage envelope. This route accepts text, dialogId, metadata, inReplyTo, file; the proxy builds the envelope. To send the envelope as it is, POST it to /api/account/{accountId}/messaging/consumer/conversation/send?v=3.',
  )
  t.notMatch(JSON.stringify(body), /secret/)
  const { body: other } = await call('POST', receipts, envelope)
  t.match(other.detail, 'This route accepts status, sequences, dialogId, metadata; the proxy')
  t.strictSame(upstream.seen, [])
})

t.test('an unknown query key and a wrong dryRun are a 400', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const oneOf = { path: 'query:dryRun', message: 'must be one of true, false' }
  const string = { path: 'query:dryRun', message: 'must be a string' }
  const unknown = 'is not a known key'
  const cases: [string, unknown[]][] = [
    ['?dryRun=yes', [oneOf]],
    ['?dryRun=TRUE', [oneOf]],
    ['?dryRun=1', [oneOf]],
    ['?dryRun', [oneOf]],
    ['?dryRun=', [oneOf]],
    ['?dryRun=true&dryRun=true', [string, oneOf]],
    ['?dryrun=true', [{ path: 'query:dryrun', message: `${unknown} (did you mean dryRun?)` }]],
    ['?text=secret', [{ path: 'query:text', message: unknown }]],
    ['?sec%20ret=1', [{ path: 'query:?', message: unknown }]],
    ['?__proto__=1', [{ path: 'query:__proto__', message: unknown }]],
  ]
  for (const [query, errors] of cases) {
    const { status, body } = await call('POST', `${messages}${query}`, { text: 'a' })
    t.equal(status, 400, query)
    t.strictSame(body.errors, errors, query)
    t.notMatch(JSON.stringify(body), /secret/)
  }
  const { body } = await call('DELETE', '/conversations/c1/typing?dialogId=sec.ret')
  t.strictSame(body.errors, [
    {
      path: 'query:dialogId',
      message: 'must be a dialog’s id: 1 to 128 letters, digits, hyphens or underscores',
    },
  ])
  t.strictSame(upstream.seen, [])
  t.equal((await call('POST', `${messages}?dryRun=false`, { text: 'a' })).status, 201)
})

t.test('an id is opaque but has a form', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const path = 'path:id'
  const wrong = [
    'sec.ret',
    'a%20b',
    'a%2Fb',
    'a%2e%2e',
    '%00',
    'é',
    'a:b',
    '..%2f..',
    '%F0%9F%98%80',
  ]
  for (const id of wrong) {
    const { status, body } = await call('POST', `/conversations/${id}/messages`, { text: 'a' })
    t.equal(status, 400, id)
    t.strictSame(body.errors, [
      {
        path,
        message:
          'must be the conversation’s id: 1 to 128 letters, digits, hyphens or underscores, for example 8602832d-dce1-446b-8445-0d51f5926a42',
      },
    ])
    t.notMatch(JSON.stringify(body), /sec\.ret/)
  }
  const long = await call('POST', `/conversations/${'a'.repeat(129)}/messages`, { text: 'a' })
  t.equal(long.status, 414)
  t.equal(long.body.code, 'uri-too-long')
  t.equal((await call('POST', '/conversations//messages', { text: 'a' })).status, 400)
  t.strictSame(upstream.seen, [])
  const id = 'a'.repeat(128)
  t.equal((await call('POST', `/conversations/${id}/messages`, { text: 'a' })).status, 201)
})

t.test('a body that may not be empty names the keys that it could have', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  for (const body of [{}, undefined]) {
    t.match(await call('PUT', '/consumer/profile', body), {
      status: 400,
      body: {
        detail: 'the body must have at least one of customer, personal.',
        errors: [{ path: '', message: 'must have at least one of customer, personal' }],
      },
    })
  }
})

t.test(
  'a body with thousands of faults is refused by its counts, before its values are looked at',
  async (t) => {
    const upstream = await startUpstream(t)
    const { call } = await startProxy(t, upstream.origin, { BODY_LIMIT_BYTES: '1048576' })
    const keys = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key${i}`, 1]))
    const tooMany = (path: string, limit: number) => [
      { path, message: `must have at most ${limit} items` },
    ]
    const unknown = (at: string) =>
      Array.from({ length: 20 }, (_, i) => ({
        path: `${at}/key${i}`,
        message: 'is not a known key',
      }))
    for (const [method, path, body, errors] of [
      ['POST', messages, { text: 'a', metadata: Array(200_000).fill(1) }, tooMany('/metadata', 20)],
      [
        'POST',
        receipts,
        { status: 'x', sequences: Array(200_000).fill('a') },
        tooMany('/sequences', 1_000),
      ],
      ['POST', messages, { text: 'a', ...keys }, unknown('')],
      ['PUT', '/consumer/profile', { personal: keys }, unknown('/personal')],
      [
        'PUT',
        '/consumer/profile',
        { personal: { contacts: Array(10_000).fill(1) } },
        tooMany('/personal/contacts', 100),
      ],
    ] as const) {
      const { status, body: problem } = await call(method, path, body)
      t.equal(status, 400, path)
      t.strictSame(problem.errors, errors, path)
    }
    const context = await call('POST', '/conversations?dryRun=true', { context: keys })
    t.equal(context.status, 200, 'what goes on unchanged may have any number of keys')
    const few = await call('POST', messages, {
      text: 'a',
      metadata: Array(20).fill(1),
      ...Object.fromEntries(Object.entries(keys).slice(0, 5)),
    })
    t.equal(few.body.errors.length, 20, 'of the rest twenty are told')
  },
)
