import t from 'tap'
import type { Conversation } from '../../src/sandbox/memory/conversations.ts'
import { conversationNotification } from '../../src/sandbox/notifications/conversation-change.ts'
import { messageNotification, oldForm } from '../../src/sandbox/notifications/message.ts'
import {
  signatureForms,
  signatureOf,
  withEscapes,
} from '../../src/sandbox/notifications/signature.ts'
import { inbound, rawOf as raw } from '../webhooks/vectors.ts'
import { at } from './fixtures/box.ts'

const agent = { id: '29c3019d-0000-5200-afe8-737abfea0001', role: 'ASSIGNED_AGENT' } as const
const consumer = { id: '9f'.repeat(32), role: 'CONSUMER' } as const
const conversationId = '5c0761b0-860c-4db4-afff-e0c8b88a0001'
const start = 1_790_000_000_000
const base = { by: agent, conversationId, dialogId: conversationId }
const text = (message: string) => ({ type: 'ContentEvent', message, contentType: 'text/plain' })

t.test('each form of signature is the one that LivePerson’s own would be', async (t) => {
  const secret = inbound.secret
  for (const name of ['text_emoji', 'quick_replies', 'survey_open']) {
    for (const form of signatureForms) {
      const expected = at(inbound.notifications, name, 'signatures', form.replace('-', '_'))
      t.equal(signatureOf(raw(name), secret, form), expected, `${name}, ${form}`)
    }
  }
})

t.test('messages, receipts and chat states have the documented bytes', async (t) => {
  const emoji = JSON.parse(raw('text_emoji')).body.changes[0].event
  const cases = {
    text_emoji: [{ ...base, sequence: 2, at: start + 2_000, event: emoji }],
    text_consumer_echo: [{ ...base, by: consumer, sequence: 0, at: start, event: text('Hello') }],
    text_private: [
      {
        ...{ ...base, sequence: 3, at: start + 3_000, event: text('He is angry, be careful') },
        audience: 'AGENTS_AND_MANAGERS',
      },
    ],
    two_changes: [
      { ...base, sequence: 6, at: start + 6_000, event: text('one') },
      { ...base, sequence: 7, at: start + 7_000, event: text('two') },
    ],
    receipt_read: [
      {
        ...{ ...base, sequence: 12, at: start + 12_000 },
        event: { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [0] },
      },
    ],
    typing: [
      {
        ...base,
        sequence: 0,
        at: start,
        event: { type: 'ChatStateEvent', chatState: 'COMPOSING' },
      },
    ],
  } as const
  for (const [name, changes] of Object.entries(cases)) {
    t.equal(JSON.stringify(messageNotification(changes)), raw(name), name)
  }
  const rich = JSON.parse(raw('rich')).body.changes[0]
  const { event, metadata } = rich
  const change = { ...base, sequence: 10, at: start + 10_000, event, metadata }
  t.equal(JSON.stringify(messageNotification([change])), raw('rich'))
})

t.test('each state of a conversation has the documented bytes', async (t) => {
  const conversation: Conversation = {
    ...{ account: '12345678', id: conversationId, consumer: consumer.id },
    ...{ externalId: undefined, owner: undefined },
    appInstallId: '7f0c5b0e-1111-4222-8333-944455556666',
    startedAt: start,
    main: {
      ...{ id: conversationId, type: 'MAIN' },
      appInstallId: '7f0c5b0e-1111-4222-8333-944455556666',
      ...{ startedAt: start, updatedAt: start, open: true, nextSequence: 0 },
      parties: [{ ...consumer, state: 'ACTIVE' }],
    },
    skillId: '-1',
    ttr: { ttrType: 'PRIORITIZED', value: 600 },
    updatedAt: start,
    hasDialogs: false,
    kept: [],
    bytes: 0,
  }
  const { main } = conversation
  const told = (sentAfter: number) =>
    JSON.stringify(conversationNotification(conversation, start + sentAfter))
  t.equal(told(12), raw('opened'))

  conversation.agent = { id: agent.id, name: 'Robin', state: 'SUGGESTED' }
  main.parties.push({ ...agent, state: 'SUGGESTED' })
  conversation.updatedAt = start + 1_000
  t.equal(told(1_010), raw('agent_suggested'))

  main.parties.splice(1, 1, { ...agent, state: 'ACTIVE' })
  conversation.updatedAt = start + 2_000
  t.equal(told(2_010), raw('agent_joined'))

  const closed = start + 90_000
  Object.assign(main, { open: false, updatedAt: closed, endedAt: closed, closedBy: 'AGENT' })
  Object.assign(conversation, { updatedAt: closed, endedAt: closed, closeReason: 'AGENT' })
  t.equal(told(90_010), raw('closed_by_agent'))

  const ended = start + 80_000
  const closedCause = 'Closed by consumer'
  Object.assign(main, { updatedAt: ended, endedAt: ended, closedBy: 'CONSUMER', closedCause })
  conversation.survey = {
    ...{ id: 'PwT_YK91Sum3vu5H6T3YnA', type: 'POST_SURVEY', open: true, nextSequence: 0 },
    appInstallId: '756e7363-4472-4ae1-b1ae-b3b0b5210000',
    parties: [
      { ...consumer, state: 'ACTIVE' },
      { id: '2fa9ac85-0000-5bd6-8384-8c32dabae002', role: 'AGENT', state: 'ACTIVE' },
      { id: agent.id, role: 'READER', state: 'ACTIVE' },
    ],
    ...{ startedAt: ended + 1, updatedAt: ended + 400 },
  }
  Object.assign(conversation, { updatedAt: ended + 400, closeReason: 'CONSUMER' })
  delete conversation.endedAt
  t.equal(told(80_410), raw('survey_open'))

  conversation.csat = { csatRate: 5, csatResolutionConfirmation: true, status: 'FILLED' }
  t.match(JSON.parse(told(0)).body.changes[0].result.conversationDetails, {
    csat: { csatRate: 5, csatResolutionConfirmation: true, status: 'FILLED' },
  })
})

t.test('escapes are other bytes of the same document, also of emojis', async (t) => {
  const json = JSON.stringify({ message: 'Grüezi 👋🏽' })
  t.equal(withEscapes(json), '{"message":"Gr\\u00fcezi \\ud83d\\udc4b\\ud83c\\udffd"}')
  t.strictSame(JSON.parse(withEscapes(json)), { message: 'Grüezi 👋🏽' })
})

t.test('the old form has neither conversationId nor messageAudience', async (t) => {
  const change = { ...base, sequence: 0, at: start, event: text('Hello') }
  const old = at(oldForm(messageNotification([change])), 'body', 'changes', 0)
  t.strictSame(Object.keys(Object(old)), [
    ...['sequence', 'originatorId', 'originatorMetadata'],
    ...['serverTimestamp', 'event', 'dialogId'],
  ])
})
