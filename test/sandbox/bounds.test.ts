import fastify from 'fastify'
import t from 'tap'
import { recordCalls } from '../../src/sandbox/calls.ts'
import { createConversations } from '../../src/sandbox/conversations.ts'
import { createTokens } from '../../src/sandbox/tokens.ts'

const event = (body: unknown) => ({ type: 'ms.PublishEvent', body, receivedAt: '' })
const jane = { account: 'acme', consumer: 'jane' }

t.test('a conversation keeps its newest 1,000 events, and the count goes on', async (t) => {
  const conversations = createConversations()
  const conversation = conversations.reach(jane, 'c1')
  for (let i = 0; i < 1_001; i++) conversations.record(conversation, event(i), 10)
  const bodies = conversations.eventsOf('c1').map(({ body }) => body)
  t.equal(bodies.length, 1_000)
  t.equal(bodies[0], 1)
  t.equal(bodies.at(-1), 1_000)
})

t.test('a conversation keeps its newest 4 MiB of events', async (t) => {
  const conversations = createConversations()
  const conversation = conversations.reach(jane, 'c1')
  for (let i = 0; i < 5; i++) conversations.record(conversation, event(i), 2 ** 20)
  t.equal(conversations.eventsOf('c1').length, 4)
})

t.test('the conversation untouched for longest goes after 10,000 or 64 MiB', async (t) => {
  const many = createConversations()
  for (let i = 0; i < 10_001; i++) many.record(many.reach(jane, `c${i}`), event(i), 1)
  t.equal(many.eventsOf('c0').length, 0)
  t.equal(many.eventsOf('c1').length, 1)

  const large = createConversations()
  for (let i = 0; i < 17; i++) large.record(large.reach(jane, `c${i}`), event(i), 4 * 2 ** 20)
  t.equal(large.eventsOf('c0').length, 0)
  t.equal(large.eventsOf('c16').length, 1)
})

t.test('a consumer whose open conversation was forgotten may open another', async (t) => {
  const conversations = createConversations()
  conversations.open(jane, 'c')
  t.ok(conversations.openOf(jane))
  for (let i = 0; i < 10_000; i++) conversations.reach(jane, `c${i}`)
  t.notOk(conversations.openOf(jane))
})

t.test('10,000 revoked tokens are remembered', async (t) => {
  const tokens = createTokens(Date.now)
  const minted = tokens.mint({})
  tokens.revoke(minted)
  t.notOk(tokens.read(minted))
  for (let i = 0; i < 10_000; i++) tokens.revoke(`another ${i}`)
  t.ok(tokens.read(minted))
})

t.test('the newest 10,000 calls are kept, or 32 MiB of bodies', async (t) => {
  const app = fastify({ bodyLimit: 2 ** 25 })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) => body)
  app.post('/:number', async () => 'ok')
  const calls = recordCalls(app, Date.now)
  t.teardown(() => app.close())

  for (let i = 0; i < 10_001; i++) await app.inject({ method: 'POST', url: `/${i}` })
  t.equal(calls().length, 10_000)
  t.equal(calls()[0]?.url, '/1')
  for (const url of ['/a', '/b', '/c']) {
    await app.inject({ method: 'POST', url, payload: Buffer.alloc(15 * 2 ** 20) })
  }
  t.strictSame(
    calls().map(({ url }) => url),
    ['/b', '/c'],
  )
})
