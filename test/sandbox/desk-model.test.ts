import t from 'tap'
import type {
  CallRow,
  ConversationSummary,
  NotificationRow,
  Overview,
} from '../../src/sandbox/agent/views.ts'
import { pretty, timeOfDay, toneOf } from '../../src/sandbox/desk/format.ts'
import { emptyDesk, keyOf, merge } from '../../src/sandbox/desk/model.ts'
import { sideOf, timelineOf } from '../../src/sandbox/desk/timeline.ts'
import type { Entry } from '../../src/sandbox/memory/conversations.ts'

const overview: Overview = {
  ...{
    accountId: 'acme',
    clientId: 'app',
    isStrict: false,
    proxyUrl: '',
    installs: [],
    faults: [],
  },
  webhook: { url: null, signature: 'sha1-base64', escapeUnicode: false, retentionSeconds: 1 },
  counts: { conversations: 0, calls: 0, notifications: 0 },
}
const conversation = (id: string, lastAt: string): ConversationSummary => ({
  ...{ id, accountId: 'acme', status: 'open', origin: 'this-app', agent: null, skillId: '-1' },
  ...{ consumer: { id: 'jane', name: 'Jane' }, urgency: 'NORMAL', csat: null, closeReason: null },
  ...{ surveyDialogId: null, unread: 0, isTyping: false, lastText: null },
  ...{ startedAt: lastAt, updatedAt: lastAt, lastAt },
})
const call = (number: number, status: number | null = 200): CallRow => ({
  ...{ id: `c${number}`, number, service: 'send', method: 'POST', url: '/', conversationId: null },
  ...{ remarks: [], rule: null, status, ms: 1, what: null, receivedAt: '' },
})
const notification = (number: number, state: NotificationRow['state']): NotificationRow => ({
  ...{ id: `n${number}`, number, accountId: 'acme', conversationId: 'c1', kind: 'ContentEvent' },
  ...{
    note: null,
    state,
    bytes: 1,
    attempts: 0,
    status: null,
    error: null,
    ms: null,
    createdAt: '',
  },
})
const changes = { reset: false, overview, conversations: [], calls: [], notifications: [] }

t.test('conversations of the same moment keep their order at each change', async (t) => {
  const moment = '2026-01-01'
  const known = ['a', 'b', 'c', 'd'].map((id) => conversation(id, moment))
  const first = merge(emptyDesk, { ...changes, conversations: known })
  const next = merge(first, { ...changes, conversations: [conversation('e', '2026-01-02')] })
  const ids = next.conversations.map(({ id }) => id)
  t.strictSame(ids, ['e', ...first.conversations.map(({ id }) => id)])
})

t.test('what changed takes the place of what was known, the newest first', async (t) => {
  const first = merge(emptyDesk, {
    ...changes,
    conversations: [conversation('a', '2026-01-01'), conversation('b', '2026-01-02')],
    calls: [call(1), call(2, null)],
    notifications: [notification(1, 'queued')],
  })
  const next = merge(first, {
    ...changes,
    conversations: [conversation('a', '2026-01-03')],
    calls: [call(2), call(3)],
    notifications: [notification(1, 'delivered')],
  })
  t.strictSame(next.conversations.map(keyOf), ['acme/a', 'acme/b'])
  t.strictSame(
    next.calls.map(({ number, status }) => `${number} ${status}`),
    ['3 200', '2 200', '1 200'],
  )
  t.strictSame(
    next.notifications.map(({ state }) => state),
    ['delivered'],
  )
  t.equal(next.overview, overview)
  const empty = merge(next, { ...changes, reset: true })
  t.strictSame([empty.conversations, empty.calls, empty.notifications], [[], [], []])
})

t.test(
  'of 1,000 conversations and 10,000 calls the newest 300 are held, merged in milliseconds',
  async (t) => {
    const full = merge(emptyDesk, {
      ...changes,
      conversations: Array.from({ length: 1_000 }, (_, i) =>
        conversation(`c${i}`, String(10_000 + i)),
      ),
      calls: Array.from({ length: 10_000 }, (_, i) => call(i)),
    })
    t.equal(full.conversations.length, 300)
    t.equal(full.conversations[0]?.id, 'c999')
    t.equal(full.calls.length, 300)
    const before = performance.now()
    merge(full, { ...changes, calls: [call(10_001)], conversations: [conversation('new', '9')] })
    t.ok(performance.now() - before < 500)
  },
)

const jane = { id: 'jane', role: 'CONSUMER' } as const
const robin = { id: 'robin', role: 'ASSIGNED_AGENT' } as const
let number = 0
const entry = (by: Entry['by'], body: unknown, more: Partial<Entry> = {}): Entry => ({
  ...{ number: ++number, by, dialogId: 'c1', type: 'ms.PublishEvent', body },
  ...{ receivedAt: '2026-11-22T10:00:00.000Z', ...more },
})
const said = (message: unknown) => ({ event: { type: 'ContentEvent', message } })
const receipt = (status: string, sequenceList: number[]) => ({
  event: { type: 'AcceptStatusEvent', status, sequenceList },
})

t.test('a talk shows each message with what the other side has said of it', async (t) => {
  const items = timelineOf('c1', [
    entry(jane, said('Hello'), { sequence: 0, remarks: ['/ttl is documented nowhere'] }),
    entry(jane, said('Anybody?'), { sequence: 1 }),
    entry(robin, receipt('READ', [0]), { sequence: 2 }),
    entry(robin, receipt('ACCEPT', [0, 1]), { sequence: 3 }),
    entry(robin, said('Hi'), { sequence: 4 }),
    entry(robin, said('He is angry'), { sequence: 5, audience: 'AGENTS_AND_MANAGERS' }),
    entry(jane, receipt('READ', [4]), { sequence: 6 }),
    entry(jane, { event: { type: 'ChatStateEvent', chatState: 'COMPOSING' } }),
    entry({ id: 'bot', role: 'AGENT' }, said('Happy?'), { sequence: 0, dialogId: 'survey' }),
  ])
  t.match(items, [
    { side: 'consumer', text: 'Hello', receipt: 'read', remarks: ['/ttl is documented nowhere'] },
    { side: 'consumer', text: 'Anybody?', receipt: 'delivered' },
    { side: 'agent', text: 'Hi', receipt: 'read', isInternal: false },
    { side: 'agent', text: 'He is angry', receipt: 'sent', isInternal: true },
    { side: 'bot', text: 'Happy?', receipt: 'sent', isSurvey: true },
  ])
  t.equal(items.length, 5)
})

t.test('pictures, cards and quick replies show what is in them', async (t) => {
  const relativePath = '/v1/AUTH_async-images/acme/a.PNG'
  const click = { title: 'Buy', type: 'button' }
  const items = timelineOf('c1', [
    entry(robin, said({ relativePath, caption: 'Your bill', fileType: 'PNG' })),
    entry(jane, said({ relativePath, caption: '', fileType: 'PNG' })),
    entry(robin, {
      event: {
        type: 'RichContentEvent',
        content: { elements: [{ text: 'Shoe' }, { url: 'https://cdn.example/shoe.png' }, click] },
      },
    }),
    entry(robin, {
      event: {
        type: 'ContentEvent',
        message: 'Well?',
        quickReplies: { replies: [{ title: 'Yes' }, {}] },
      },
    }),
  ])
  t.match(items, [
    { file: { relativePath, caption: 'Your bill' }, text: undefined, card: undefined },
    { file: { relativePath, caption: undefined } },
    { card: ['Shoe', 'https://cdn.example/shoe.png', 'Buy'] },
    { text: 'Well?', buttons: ['Yes'], file: undefined },
  ])
})

t.test('what happens besides messages is a sentence', async (t) => {
  const field = (conversationField: object) => ({
    body: { conversationField },
    type: 'cm.UpdateConversationField',
  })
  const change = (body: object) => ({ body, type: 'sandbox.Change' })
  const event = (status: string) => ({ body: receipt(status, [1]), type: 'ms.PublishEvent' })
  const cases: [{ body: unknown; type: string }, string | undefined][] = [
    [{ type: 'cm.ConsumerRequestConversation', body: {} }, 'The consumer opened the conversation.'],
    [{ type: 'userprofile.SetUserProfile', body: {} }, undefined],
    [{ type: 'userprofile.SetUserProfile', body: 1 }, undefined],
    [
      { type: 'userprofile.SetUserProfile', body: { firstName: 'J' } },
      'The consumer’s profile was set.',
    ],
    [field({ field: 'ConversationStateField' }), 'The consumer closed the conversation.'],
    [field({ field: 'DialogChange' }), 'The consumer closed the dialog.'],
    [field({ field: 'CSATRate', csatRate: 4 }), 'The consumer rated 4 of 5.'],
    [field({ field: 'TTRField', ttrType: 'URGENT' }), 'The urgency is urgent now.'],
    [field({ field: 'Skill', skill: '12' }), 'The skill is 12 now.'],
    [change({ what: 'joined', name: 'Robin' }), 'Robin joined.'],
    [change({ what: 'suggested', name: 'Robin' }), 'It was offered to Robin.'],
    [change({ what: 'transferred', skillId: '12' }), 'It was transferred to skill 12.'],
    [change({ what: 'rated', rating: 3 }), 'The consumer rated 3 of 5.'],
    [
      change({ what: 'closed', by: 'AGENT', survey: true }),
      'The agent closed the conversation; a survey follows.',
    ],
    [
      change({ what: 'closed', by: 'CONSUMER', survey: false }),
      'The consumer closed the conversation.',
    ],
    [
      change({ what: 'closed', by: 'SYSTEM', survey: false }),
      'The system closed the conversation.',
    ],
    [change({ what: 'else' }), undefined],
    [event('ACTION'), 'The consumer pressed a button.'],
    [event('ACCESS'), 'The consumer opened a file.'],
    [event('NACK'), 'The consumer did not get a message.'],
    [event('READ'), undefined],
  ]
  for (const [{ type, body }, expected] of cases) {
    const [note] = timelineOf('c1', [entry(jane, body, { type })])
    t.equal(note?.kind === 'note' ? note.text : undefined, expected, `${type} ${expected}`)
  }
  const [pressed] = timelineOf('c1', [entry(robin, receipt('ACTION', [1]))])
  t.match(pressed, { text: 'The agent pressed a button.' })
})

t.test('roles have a side, statuses a tone, times and JSON are readable', async (t) => {
  t.strictSame(['CONSUMER', 'CONTROLLER', 'AGENT', 'MANAGER'].map(sideOf), [
    'consumer',
    'system',
    'bot',
    'agent',
  ])
  t.strictSame(
    [toneOf(null), toneOf(201), toneOf(201, true), toneOf(0), toneOf(404)],
    ['open', 'good', 'bad', 'bad', 'bad'],
  )
  t.match(timeOfDay('2026-11-22T10:20:30.000Z'), /^\d\d:20:30$/)
  t.equal(pretty({ a: 1 }), '{\n  "a": 1\n}')
  t.equal(pretty('{"a":1}'), '{\n  "a": 1\n}')
  t.equal(pretty('a=1'), 'a=1')
})
