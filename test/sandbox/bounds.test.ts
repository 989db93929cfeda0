import fastify from 'fastify'
import t from 'tap'
import { recordCalls } from '../../src/sandbox/memory/calls.ts'
import { createConversations } from '../../src/sandbox/memory/conversations.ts'
import { createTokens } from '../../src/sandbox/memory/tokens.ts'

const consumer = 'jane'
const jane = { account: 'acme', consumer }
const appInstallId = 'app'

function create(conversations = createConversations(Date.now)) {
  return {
    conversations,
    create: (id: string) => conversations.create({ ...jane, id, appInstallId }),
    record(id: string, body: unknown, bytes: number) {
      const conversation = conversations.ofDialog('acme', id) ?? this.create(id)
      const by = { id: consumer, role: 'CONSUMER' } as const
      const entry = { by, dialogId: id, type: 'ms.PublishEvent', body, receivedAt: '' }
      conversations.record(conversation, entry, bytes)
    },
    bodies: (id: string) =>
      conversations.withId(id).flatMap(({ kept }) => kept.map(({ entry }) => entry.body)),
  }
}

t.test('a conversation keeps its newest 1,000 events, and the count goes on', async (t) => {
  const memory = create()
  for (let i = 0; i < 1_001; i++) memory.record('c1', i, 10)
  const bodies = memory.bodies('c1')
  t.equal(bodies.length, 1_000)
  t.equal(bodies[0], 1)
  t.equal(bodies.at(-1), 1_000)
})

t.test('a conversation keeps its newest 4 MiB of events', async (t) => {
  const memory = create()
  for (let i = 0; i < 5; i++) memory.record('c1', i, 2 ** 20)
  t.equal(memory.bodies('c1').length, 4)
})

t.test('the conversation untouched for longest goes after 10,000 or 64 MiB', async (t) => {
  const many = create()
  for (let i = 0; i < 10_001; i++) many.record(`c${i}`, i, 1)
  t.equal(many.bodies('c0').length, 0)
  t.equal(many.bodies('c1').length, 1)

  const large = create()
  for (let i = 0; i < 17; i++) large.record(`c${i}`, i, 4 * 2 ** 20)
  t.equal(large.bodies('c0').length, 0)
  t.equal(large.bodies('c16').length, 1)
})

t.test('a consumer whose open conversation was forgotten may open another', async (t) => {
  const { conversations, create: add } = create()
  conversations.create({ ...jane, id: 'c', owner: consumer, appInstallId })
  t.ok(conversations.openOf(jane))
  for (let i = 0; i < 10_000; i++) add(`c${i}`)
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
  t.equal(calls.all().length, 10_000)
  t.equal(calls.all()[0]?.url, '/1')
  for (const url of ['/a', '/b', '/c']) {
    await app.inject({ method: 'POST', url, payload: Buffer.alloc(15 * 2 ** 20) })
  }
  t.strictSame(
    calls.all().map(({ url }) => url),
    ['/b', '/c'],
  )
})

t.test('what a call brings in its headers and its URL counts, too', async (t) => {
  const app = fastify({ routerOptions: { maxParamLength: 20_000 } })
  app.get('/:name', async () => 'ok')
  const calls = recordCalls(app, Date.now)
  t.teardown(() => app.close())
  const long = 'x'.repeat(8_000)
  for (let i = 0; i < 2_100; i++) await app.inject({ url: `/${i}`, headers: { long, more: long } })
  t.ok(calls.all().length < 2_098, 'headers of 16,000 bytes')
  t.ok(calls.all().length > 2_050)
  for (let i = 0; i < 4_300; i++) await app.inject({ url: `/${i}${long}` })
  t.ok(calls.all().length < 4_180, 'URLs of 8,000 bytes')
  t.ok(calls.all().length > 4_000)
})
