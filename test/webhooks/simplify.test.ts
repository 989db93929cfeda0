import { test } from 'tap'
import { leftOutBy, type Selection } from '../../src/webhooks/selection.ts'
import type { Context } from '../../src/webhooks/simplify/change.ts'
import { simplify } from '../../src/webhooks/simplify/notification.ts'
import { inbound, outbound, rawOf } from './vectors.ts'

const receivedAt = Date.parse('2026-09-21T14:20:00.000Z')

const context: Context = {
  accountId: inbound.account,
  clientId: inbound.client,
  receivedAt,
  random: '(random)',
  apiUrl: '/',
}

const everything: Selection = { include: new Set(['consumer', 'internal']), exclude: new Set() }
const byDefault: Selection = { include: new Set(), exclude: new Set() }

/** One change of a message, as an agent's. */
function message(event: unknown, fields: Record<string, unknown> = {}) {
  return {
    kind: 'notification',
    type: 'ms.MessagingEventNotification',
    body: {
      changes: [
        {
          sequence: 4,
          originatorId: 'agent-1',
          originatorMetadata: { id: 'agent-1', role: 'ASSIGNED_AGENT' },
          serverTimestamp: 1790000004000,
          event,
          conversationId: 'conversation-1',
          dialogId: 'dialog-1',
          messageAudience: 'ALL',
          ...fields,
        },
      ],
    },
  }
}

const text = { type: 'ContentEvent', contentType: 'text/plain', message: 'Hello' }

const place = {
  accountId: '12345678',
  conversationId: 'conversation-1',
  dialogId: 'dialog-1',
  sequence: 4,
}
const agent = { id: 'agent-1', kind: 'agent', role: 'ASSIGNED_AGENT' }

/** A message event of the change above. */
function created(content: object, fields: object = {}) {
  return {
    id: 'lp-12345678-dialog-1-4',
    type: 'message.created',
    timestamp: '2026-09-21T14:13:24.000Z',
    data: { ...place, sender: agent, audience: 'all', ...fields, ...content },
  }
}

/** One change of a conversation. */
function conversation(details: Record<string, unknown>, result: Record<string, unknown> = {}) {
  return {
    kind: 'notification',
    type: 'cqm.ExConversationChangeNotification',
    body: {
      changes: [
        {
          type: 'UPSERT',
          result: { convId: 'conversation-1', conversationDetails: details, ...result },
        },
      ],
    },
  }
}

/** The data of the only event. */
function dataOf(json: unknown): unknown {
  const [only] = simplify(json, context)
  return only !== undefined && 'data' in only ? only.data : only
}

test('every documented notification becomes its events, and no others', async (t) => {
  for (const name of Object.keys(inbound.notifications)) {
    const expected = outbound.events.filter(({ from }) => from === name)
    const made = simplify(JSON.parse(rawOf(name)), context)
    const events = expected.map(({ event }) => ({
      ...event,
      timestamp: event.timestamp.replace('(arrival)', '2026-09-21T14:20:00.000Z'),
    }))
    t.strictSame(made, events, name)
    // The signatures of the vectors are over these bytes.
    t.equal(JSON.stringify(made), JSON.stringify(events), name)
    for (const [index, simplified] of made.entries()) {
      if ('leftOut' in simplified) throw new Error(`${name} was left out`)
      t.equal(leftOutBy(simplified, byDefault) ?? null, expected[index]?.droppedByDefault, name)
      t.equal(leftOutBy(simplified, everything), undefined, name)
    }
  }
})

test('the app may do without types of events', async (t) => {
  const [typing] = simplify(JSON.parse(rawOf('typing')), context)
  if (typing === undefined || 'leftOut' in typing) throw new Error('there is no event')
  const exclude = new Set(['chat_state.updated'] as const)
  t.equal(leftOutBy(typing, { ...byDefault, exclude }), 'excluded')
})

test('EVENTS_INCLUDE lets in what it names and nothing else', async (t) => {
  const [own] = simplify(message(text, { originatorMetadata: { role: 'CONSUMER' } }), context)
  const [note] = simplify(message(text, { messageAudience: 'AGENTS_AND_MANAGERS' }), context)
  if (own === undefined || note === undefined) throw new Error('there is no event')
  if ('leftOut' in own || 'leftOut' in note) throw new Error('there is no event')
  const consumer: Selection = { ...byDefault, include: new Set(['consumer']) }
  const internal: Selection = { ...byDefault, include: new Set(['internal']) }
  t.equal(leftOutBy(own, consumer), undefined)
  t.equal(leftOutBy(note, consumer), 'internal')
  t.equal(leftOutBy(own, internal), 'consumer')
  t.equal(leftOutBy(note, internal), undefined)
})

test('a payload of 2018, without conversationId, is of the conversation that its dialog names', async (t) => {
  const old = message(text, { conversationId: undefined, messageAudience: undefined })
  t.strictSame(simplify(old, context), [
    created({ kind: 'text', text: 'Hello' }, { conversationId: 'dialog-1' }),
  ])
})

test('numbers count per dialog: a survey’s first question is another event than the first message', async (t) => {
  const ids = ['conversation-1', 'survey-1'].map((dialogId) => {
    const [event] = simplify(message(text, { sequence: 0, dialogId }), context)
    return event !== undefined && 'id' in event ? event.id : undefined
  })
  t.strictSame(ids, ['lp-12345678-conversation-1-0', 'lp-12345678-survey-1-0'])
})

test('the type of the change decides, not the name of the notification', async (t) => {
  for (const type of [
    'ms.MessagingEventNotification',
    'ms.MessagingEventNotification.ContentEvent',
    'ms.MessagingEventNotification.AccpetStatusEvent',
  ]) {
    const made = simplify({ ...message(text), type }, context)
    t.strictSame(made, [created({ kind: 'text', text: 'Hello' })], type)
  }
})

test('a receipt is one under the misspelt name of an old page too', async (t) => {
  for (const type of ['AcceptStatusEvent', 'AccpetStatusEvent']) {
    const made = dataOf(message({ type, status: 'READ', sequenceList: [1, 2] }))
    t.strictSame(made, { ...place, sender: agent, status: 'read', sequences: [1, 2] }, type)
  }
})

test('every receipt has its status', async (t) => {
  for (const status of ['ACCEPT', 'READ', 'ACCESS', 'NACK', 'ACTION', 'VIEWED']) {
    const metadata = [{ type: 'ExternalId', id: 'card-1' }]
    const event = { type: 'AcceptStatusEvent', status, sequenceList: [1] }
    const made = dataOf(message(event, { metadata }))
    const expected = { status: status.toLowerCase(), sequences: [1] }
    t.strictSame(made, { ...place, sender: agent, metadata, ...expected })
  }
})

test('every chat state has its event, whose id is of the two that it is made from', async (t) => {
  for (const chatState of ['COMPOSING', 'PAUSE', 'ACTIVE', 'INACTIVE', 'GONE', 'BACKGROUND']) {
    const { sequence, ...where } = place
    const [event] = simplify(message({ type: 'ChatStateEvent', chatState }), context)
    t.strictSame(event, {
      id: 'lp-12345678-(random)',
      type: 'chat_state.updated',
      timestamp: '2026-09-21T14:13:24.000Z',
      data: { ...where, sender: agent, state: chatState.toLowerCase() },
    })
  }
})

test('two chat states of one notification have two ids', async (t) => {
  const typing = message({ type: 'ChatStateEvent', chatState: 'COMPOSING' })
  const [change] = typing.body.changes
  const both = { ...typing, body: { changes: [change, change] } }
  const ids = simplify(both, context).map((event) => ('id' in event ? event.id : undefined))
  t.strictSame(ids, ['lp-12345678-(random)', 'lp-12345678-(random)-1'])
})

test('who speaks is told by kind, and by the role as LivePerson names it', async (t) => {
  for (const [role, kind] of [
    ['CONSUMER', 'consumer'],
    ['ASSIGNED_AGENT', 'agent'],
    ['AGENT', 'agent'],
    ['READER', 'agent'],
    ['MANAGER', 'manager'],
    ['AGENT_MANAGER', 'manager'],
    ['ASSIGNED_MANAGER', 'manager'],
    ['CONTROLLER', 'system'],
    ['toString', 'unknown'],
  ] as const) {
    const made = dataOf(message(text, { originatorMetadata: { id: 'other', role } }))
    const expected = created(
      { kind: 'text', text: 'Hello' },
      { sender: { id: 'agent-1', kind, role } },
    )
    t.strictSame(made, expected.data, role)
  }
  for (const [fields, sender] of [
    [{ originatorId: undefined }, agent],
    [{ originatorMetadata: null }, { id: 'agent-1', kind: 'unknown' }],
    [{ originatorId: 7, originatorMetadata: 7 }, { kind: 'unknown' }],
  ] as const) {
    t.strictSame(
      dataOf(message(text, fields)),
      created({ kind: 'text', text: 'Hello' }, { sender }).data,
    )
  }
})

test('what is not said to be for all is for agents alone', async (t) => {
  for (const [messageAudience, audience] of [
    ['ALL', 'all'],
    [null, 'all'],
    ['AGENTS_AND_MANAGERS', 'internal'],
    ['AGENTS', 'internal'],
    ['all', 'internal'],
    [7, 'internal'],
  ] as const) {
    const made = dataOf(message(text, { messageAudience }))
    t.strictSame(made, created({ kind: 'text', text: 'Hello' }, { audience }).data)
    const receipt = { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [1] }
    const typing = { type: 'ChatStateEvent', chatState: 'COMPOSING' }
    for (const event of [receipt, typing]) {
      const [simplified] = simplify(message(event, { messageAudience }), context)
      if (simplified === undefined || 'leftOut' in simplified) throw new Error('there is no event')
      const reason = audience === 'internal' ? 'internal' : undefined
      t.equal(leftOutBy(simplified, byDefault), reason)
    }
  }
})

test('metadata is passed on, and may be null or absent', async (t) => {
  const question = [{ type: 'Question', id: 'q', surveyId: 's', groupId: 'g', provider: 'AC' }]
  const plain = { kind: 'text', text: 'Hello' }
  for (const [metadata, expected] of [
    [question, { metadata: question }],
    [[...question, 7], { metadata: question }],
    [null, {}],
    ['x', {}],
    [undefined, {}],
  ] as const) {
    t.strictSame(dataOf(message(text, { metadata })), created(plain, expected).data)
  }
})

test('quick replies say what to show and what to send', async (t) => {
  const replies = [
    {
      type: 'button',
      title: 'Yes',
      click: { actions: [{ type: 'publishText', text: 'yes' }], metadata: [{ type: 'x' }] },
    },
    { type: 'button', title: 'Map', click: { actions: [{ type: 'navigate', lo: 1, la: 2 }] } },
    { type: 'button', title: 'No' },
    { type: 'button', click: { actions: [{ type: 'publishText', text: 'later' }] } },
    { type: 'button' },
    7,
  ]
  const quickReplies = [
    { title: 'Yes', text: 'yes', metadata: [{ type: 'x' }] },
    { title: 'Map', text: 'Map' },
    { title: 'No', text: 'No' },
    { title: 'later', text: 'later' },
  ]
  const withReplies = { ...text, quickReplies: { type: 'quickReplies', replies } }
  const expected = created({ kind: 'text', text: 'Hello', quickReplies })
  t.strictSame(simplify(message(withReplies), context), [expected])
  for (const odd of [{ replies: [] }, { replies: 7 }, null, 'x']) {
    const made = dataOf(message({ ...text, quickReplies: odd }))
    t.strictSame(made, created({ kind: 'text', text: 'Hello' }).data)
  }
})

test('a card comes as an object or as a JSON string, with or without quick replies', async (t) => {
  const card = { type: 'vertical', elements: [{ type: 'text', text: 'Shoe' }] }
  for (const content of [card, JSON.stringify(card)]) {
    const made = dataOf(message({ type: 'RichContentEvent', content }))
    t.strictSame(made, created({ kind: 'card', card }).data)
  }
  const quickReplies = { replies: [{ title: 'Yes' }] }
  t.strictSame(
    dataOf(message({ type: 'RichContentEvent', content: card, quickReplies })),
    created({ kind: 'card', card, quickReplies: [{ title: 'Yes', text: 'Yes' }] }).data,
  )
})

test('a file comes with the route that serves it, whatever characters its path has', async (t) => {
  for (const [relativePath, path] of [
    ['/v1/AUTH_x/a.JPG', 'v1/AUTH_x/a.JPG'],
    ['v1/a.JPG', 'v1/a.JPG'],
    ['/v1/ä %2F?#.JPG', 'v1/%C3%A4%20%252F%3F%23.JPG'],
  ] as const) {
    const body = { relativePath, fileType: 'JPG', caption: null }
    const made = dataOf(
      message({ type: 'ContentEvent', contentType: 'hosted/file', message: body }),
    )
    const href = `/conversations/conversation-1/files/${path}`
    t.strictSame(
      made,
      created({ kind: 'file', file: { relativePath, fileType: 'JPG', href } }).data,
    )
  }
  const apiUrl = 'https://proxy.example.com/lp/'
  const [made] = simplify(JSON.parse(rawOf('file')), { ...context, apiUrl })
  t.match(made, {
    data: {
      file: { href: /^https:\/\/proxy\.example\.com\/lp\/conversations\/5c0761b0-.+\.JPG$/ },
    },
  })
})

test('a form is an invitation or a submission, with or without submissionId', async (t) => {
  const invitation = { formId: 1550964770, invitationId: 'c-1', title: 'Card' }
  for (const [contentType, form] of [
    ['forms/secure-invitation', invitation],
    ['forms/secure-submission', { invitationId: 'c-1', submissionId: 's-1' }],
    ['forms/secure-submission', { invitationId: 'c-1' }],
  ] as const) {
    const made = dataOf(message({ type: 'ContentEvent', contentType, message: form }))
    t.strictSame(made, created({ kind: 'form', form }).data)
  }
})

test('content that this version does not know is passed on as it came', async (t) => {
  const lonely = { relativePath: '/v1/\ud800', fileType: 'JPG' }
  const deep = `${'['.repeat(200)}${']'.repeat(200)}`
  for (const raw of [
    { type: 'ContentEvent', contentType: 'external/file', message: { url: 'https://x.example' } },
    { type: 'ContentEvent', contentType: 'text/plain', message: { not: 'a text' } },
    { type: 'ContentEvent', contentType: 'hosted/file', message: { caption: 'no path' } },
    { type: 'ContentEvent', contentType: 'hosted/file', message: lonely },
    { type: 'ContentEvent', contentType: 'forms/secure-invitation', message: '{' },
    { type: 'ContentEvent' },
    { type: 'RichContentEvent', content: 'no JSON' },
    { type: 'RichContentEvent', content: '[1]' },
    { type: 'RichContentEvent', content: `{"a":${deep}}` },
  ]) {
    t.strictSame(dataOf(message(raw)), created({ kind: 'other', raw }).data)
  }
})

test('an id stays the same where LivePerson leaves out what it is made from', async (t) => {
  const hash = /^x[0-9a-f]{12}$/
  for (const [fields, stem, tail] of [
    [{ sequence: undefined }, 'lp-12345678-dialog-1-', ''],
    [{ sequence: '4' }, 'lp-12345678-dialog-1-', ''],
    [{ sequence: -1 }, 'lp-12345678-dialog-1-', ''],
    [{ dialogId: undefined }, 'lp-12345678-', '-4'],
    [{ dialogId: 'é\r\n' }, 'lp-12345678-', '-4'],
    [{ dialogId: 'd'.repeat(129) }, 'lp-12345678-', '-4'],
  ] as const) {
    const made = [1, 2].map(() => simplify(message(text, fields), context)[0])
    const ids = made.map((event) => (event !== undefined && 'id' in event ? event.id : ''))
    t.equal(ids[0], ids[1])
    t.ok(ids[0]?.startsWith(stem) && ids[0].endsWith(tail))
    t.match(ids[0]?.slice(stem.length, ids[0].length - tail.length), hash)
    const [other] = simplify(message({ ...text, message: 'Bye' }, fields), context)
    t.not(other !== undefined && 'id' in other && other.id, ids[0])
  }
  const { dialogId, ...rest } = place
  t.match(dataOf(message(text, { dialogId: undefined })), rest)
})

test('the SHA-256 in an id is over the change as parsed', async (t) => {
  const change = `{ "event": {"type":"ContentEvent","contentType":"text/plain","message":"Gr\\u00fcezi 👋🏽"},
    "dialogId":"dialog-1", "messageAudience":"ALL" }`
  const json = `{"type":"ms.MessagingEventNotification","body":{"sentTs":1,"changes":[${change}]}}`
  const [event] = simplify(JSON.parse(json), context)
  t.match(event, { id: /^lp-12345678-dialog-1-x8bb3cac83a4c$/ })
})

test('a message without a time happened when it came', async (t) => {
  for (const serverTimestamp of [undefined, 'x', 1e16, -1, 1.5]) {
    const [event] = simplify(message(text, { serverTimestamp }), context)
    t.match(event, { timestamp: '2026-09-21T14:20:00.000Z' })
  }
})

test('what is unknown, deleted or malformed is left out with its reason', async (t) => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
  const receipt = { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [] }
  for (const [json, expected] of [
    [
      { ...message(text), type: 'x.Y' },
      { leftOut: 'unknown', unknown: 'x.Y' },
    ],
    [message({ type: 'NewEvent' }), { leftOut: 'unknown', unknown: 'NewEvent' }],
    [message({ type: { toString: 1 } }), { leftOut: 'unknown', unknown: '(object)' }],
    [message({ ...receipt, status: 'SEEN' }), { leftOut: 'unknown', unknown: 'SEEN' }],
    [
      message({ type: 'ChatStateEvent', chatState: 'SINGS' }),
      { leftOut: 'unknown', unknown: 'SINGS' },
    ],
    [message({ type: 'ChatStateEvent' }), { leftOut: 'malformed' }],
    [message({ ...receipt, sequenceList: 7 }), { leftOut: 'malformed' }],
    [message(undefined), { leftOut: 'malformed' }],
    [message(text, { conversationId: '', dialogId: '' }), { leftOut: 'malformed' }],
    [message(text, { deep }), { leftOut: 'malformed' }],
    [conversation({}, { convId: undefined }), { leftOut: 'malformed' }],
    [{ ...conversation({}), body: { changes: [7] } }, { leftOut: 'malformed' }],
    [{ ...conversation({}), body: { changes: [{ type: 'DELETE' }] } }, { leftOut: 'deleted' }],
    [{ ...conversation({}), body: {} }, { leftOut: 'malformed' }],
    [{}, { leftOut: 'malformed' }],
    [null, { leftOut: 'malformed' }],
  ] as const) {
    t.strictSame(simplify(json, context), [expected])
  }
  t.strictSame(simplify({ ...message(text), body: { changes: [] } }, context), [])
})

test('one change that is left out keeps no other back', async (t) => {
  const three = JSON.parse(rawOf('two_changes'))
  three.body.changes.splice(1, 0, null)
  const made = simplify(three, context)
  const ids = made.map((one) => ('id' in one ? one.id.slice(-2) : one.leftOut))
  t.strictSame(ids, ['-6', 'malformed', '-7'])
})

test('the stage tells whether a conversation is closed, the state whether its main dialog is', async (t) => {
  const survey = { dialogId: 's', dialogType: 'POST_SURVEY', state: 'OPEN' }
  for (const [details, status] of [
    [{ state: 'OPEN', stage: 'OPEN' }, 'open'],
    [{ state: 'CLOSE', stage: 'OPEN' }, 'survey'],
    [{ state: 'CLOSE', stage: 'OPEN', dialogs: [survey] }, 'survey'],
    [{ dialogs: [survey] }, 'survey'],
    [{ stage: 'OPEN', dialogs: [{ ...survey, state: 'CLOSE' }] }, 'open'],
    [{ state: 'CLOSE', stage: 'CLOSE' }, 'closed'],
    [{ state: 'CLOSED', stage: 'CLOSED' }, 'closed'],
    [{ state: 'CLOSE' }, 'closed'],
    [{}, 'open'],
  ] as const) {
    const [event] = simplify(conversation(details), context)
    const type = status === 'closed' ? 'conversation.closed' : 'conversation.updated'
    t.match(event, { type, data: { status } }, JSON.stringify(details))
  }
})

test('a survey’s dialog is named while it is open', async (t) => {
  const survey = { dialogId: 'survey-1', dialogType: 'POST_SURVEY' }
  t.match(dataOf(conversation({ dialogs: [{ ...survey, state: 'OPEN' }] })), {
    surveyDialogId: 'survey-1',
  })
  t.notMatch(dataOf(conversation({ dialogs: [{ ...survey, state: 'CLOSE' }] })), {
    surveyDialogId: String,
  })
})

test('the agent is who has joined the main dialog, whatever the role', async (t) => {
  const main = (...participantsDetails: object[]) =>
    conversation({ dialogs: [{ dialogId: 'conversation-1', participantsDetails }] })
  const consumer = { id: 'c', role: 'CONSUMER', state: 'ACTIVE' }
  const active = (id: string, role?: string) => ({ id, role, state: 'ACTIVE' })
  for (const [json, expected] of [
    [main(consumer), null],
    [main(consumer, { id: 'a', role: 'ASSIGNED_AGENT', state: 'SUGGESTED' }), null],
    [main(consumer, { id: 'a', role: 'ASSIGNED_AGENT' }), null],
    [main(consumer, active('a', 'ASSIGNED_AGENT')), { id: 'a' }],
    [main(active('m', 'MANAGER'), active('a', 'ASSIGNED_AGENT')), { id: 'a' }],
    [main(consumer, active('m', 'MANAGER')), { id: 'm' }],
    [main(consumer, active('n', 'NEW_ROLE')), { id: 'n' }],
    [main(active('s', 'CONTROLLER'), active('r', 'READER')), null],
    [conversation({ participants: [active('a', 'AGENT')] }), { id: 'a' }],
    [conversation({}), null],
  ] as const) {
    t.match(dataOf(json), { agent: expected }, JSON.stringify(json))
  }
})

test('participants come as a list, or as ids by role', async (t) => {
  const list = [
    { id: 'c', role: 'CONSUMER' },
    { id: 'a', role: 'ASSIGNED_AGENT' },
  ]
  const dialogs = [{ dialogId: 'd', participantsDetails: [{ ...list[0], state: 'ACTIVE' }] }]
  for (const [details, expected] of [
    [{ participants: list }, list],
    [{ participants: [...list, { role: 'READER' }, 'x'] }, list],
    [{ participants: [{ id: 'c' }] }, [{ id: 'c' }]],
    [{ participantsPId: { CONSUMER: ['c'], ASSIGNED_AGENT: ['a'] } }, list],
    [{ participants: list, participantsPId: { CONSUMER: ['x'] } }, list],
    [{ participantsPId: 7, dialogs }, [list[0]]],
    [{}, []],
  ] as const) {
    t.match(dataOf(conversation(details)), { participants: expected }, JSON.stringify(details))
  }
})

test('a conversation is this app’s where its main dialog names the installation', async (t) => {
  for (const [metaData, origin] of [
    [{ appInstallId: inbound.client }, 'this-app'],
    [{ appInstallId: 'another' }, 'other'],
    [{}, 'unknown'],
    [undefined, 'unknown'],
  ] as const) {
    const dialogs = [{ dialogId: 'conversation-1', dialogType: 'MAIN', metaData }]
    t.match(dataOf(conversation({ dialogs })), { origin })
  }
})

test('dialogs tell their type and their end', async (t) => {
  const dialogs = [
    { dialogId: 'conversation-1' },
    { dialogId: 'cobrowse', dialogType: 'OTHER', channelType: 'COBROWSE', state: 'OPEN' },
    { dialogId: 'x', state: 'CLOSE', closedBy: 'SYSTEM', closedCause: 'time' },
    { dialogType: 'MAIN' },
  ]
  t.match(dataOf(conversation({ dialogs })), {
    dialogs: [
      { dialogId: 'conversation-1', type: 'main', status: 'open' },
      { dialogId: 'cobrowse', type: 'other', status: 'open' },
      { dialogId: 'x', type: 'other', status: 'closed', closedBy: 'SYSTEM', closedCause: 'time' },
    ],
  })
})

test('the satisfaction, the off hours and the skill are told', async (t) => {
  const csat = { csatRate: 5, csatResolutionConfirmation: true, status: 'FILLED' }
  const made = dataOf(
    conversation({ csat, skillId: '7', delay: { type: 'NIGHT', tillWhen: 1790000000000 } }),
  )
  t.match(made, { csat, skillId: '7', delay: { type: 'night', until: '2026-09-21T14:13:20.000Z' } })
  t.strictSame(dataOf(conversation({ delay: {} })), {
    accountId: '12345678',
    conversationId: 'conversation-1',
    status: 'open',
    agent: null,
    origin: 'unknown',
    participants: [],
    dialogs: [],
    delay: {},
  })
})

test('a conversation’s id changes with its state, also where it has no time', async (t) => {
  const idOf = (json: unknown) => {
    const [event] = simplify(json, context)
    return event !== undefined && 'id' in event ? event.id : ''
  }
  const closed = { state: 'CLOSE', stage: 'CLOSE', metaDataLastUpdateTs: 1790000000000 }
  const id = /^lp-12345678-conversation-1-1790000000000-[0-9a-f]{12}$/
  t.match(idOf(conversation(closed)), id)
  t.equal(idOf(conversation(closed)), idOf(conversation(closed)))
  // The consumer rates after the end: the same time is possible, the state is another.
  t.match(idOf(conversation({ ...closed, csat: { csatRate: 5 } })), id)
  t.not(idOf(conversation({ ...closed, csat: { csatRate: 5 } })), idOf(conversation(closed)))
  t.match(idOf(conversation({})), /^lp-12345678-conversation-1-x[0-9a-f]{12}-[0-9a-f]{12}$/)
})
