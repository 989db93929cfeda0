import { readdirSync } from 'node:fs'
import t from 'tap'
import {
  AUTHORIZED,
  at,
  call,
  converse,
  documented,
  eventsOf,
  opening,
  replay,
  send,
  startBox,
  text,
  update,
} from './fixtures/box.ts'

const [profile, request] = opening()
const publish = (event: object, extra: object = {}) => ({
  ...{ kind: 'req', id: '1', type: 'ms.PublishEvent' },
  body: { dialogId: 'c1', event },
  ...extra,
})
const attributes = (lp_sdes: unknown) => ({
  ...profile,
  body: { authenticatedData: { lp_sdes } },
})
const auth = { loginStatus: 1 }
const { kind: _kind, ...kindless } = text('Hello')

/** Where LivePerson's pages, schemas or demos have a form of their own, and where they have it. */
const documentedForms = [
  { name: 'an envelope without kind, which has a default', send: kindless },
  {
    name: 'a batch without kind',
    converse: [
      { id: '1', type: 'userprofile.SetUserProfile', body: {} },
      { id: '2', type: 'cm.ConsumerRequestConversation', body: { brandId: 'acme' } },
    ],
  },
  {
    name: 'an empty authenticatedData',
    converse: [{ ...profile, body: { authenticatedData: {} } }, request],
  },
  {
    name: 'auth beside info and personal in an engagement attribute',
    converse: [
      attributes([
        { type: 'ctmrinfo', info: { ctype: 'vip' }, auth },
        { type: 'personal', personal: { firstname: 'John' }, auth },
      ]),
      request,
    ],
  },
  {
    name: 'a third item without a dialogId',
    converse: [profile, request, { ...text('Hi'), body: { event: text('Hi').body.event } }],
  },
  {
    name: 'a third item with an empty dialogId',
    converse: [profile, request, text('Hi', '')],
  },
  {
    name: 'a numeric id, campaign and engagement',
    converse: [
      { ...profile, id: 1 },
      {
        ...request,
        id: 2,
        body: { brandId: 'acme', campaignInfo: { campaignId: 99, engagementId: 100 } },
      },
    ],
  },
] as const

/** What the documentation is silent about: the remark that each gets. */
const silentForms = [
  {
    name: 'skillId in the envelope',
    converse: [profile, { ...request, skillId: '12' }],
    remark: '/1/skillId is documented nowhere',
  },
  {
    name: 'a number for a string of digits, in a batch',
    converse: [profile, { ...request, body: { brandId: 'acme', skillId: 12 } }],
    remark: '/1/body/skillId is a number; a string is documented',
  },
  {
    name: 'a third item with a dialogId',
    converse: [profile, request, { ...text('Hi'), body: { ...text('Hi').body, dialogId: 7 } }],
    remark: '/2/body/dialogId is a number; a string is documented',
  },
  {
    name: 'a numeric fileSize',
    send: {
      ...{ kind: 'req', id: '1', type: 'ms.GenerateURLForUploadFile' },
      body: { fileSize: 1000, fileType: 'PNG' },
    },
    remark: '/body/fileSize is a number; a string is documented',
  },
  {
    name: 'null for what may be left out',
    send: { ...text('Hello'), metadata: null },
    remark: '/metadata is null; that it may be left out is documented',
  },
  {
    name: 'an unknown key of an event',
    send: publish({ type: 'ChatStateEvent', chatState: 'ACTIVE', ttl: 5, '💥': 1 }),
    remark: '/body/event/ttl is documented nowhere',
  },
  {
    name: 'the array of an older schema',
    send: update([{ field: 'TTRField', ttrType: 'URGENT', value: 300 }]),
    remark: '/body/conversationField is an array; an object is documented',
  },
  {
    name: 'a card of the consumer’s',
    send: publish({ type: 'RichContentEvent', content: {} }),
    remark: '/body/event/type RichContentEvent is documented for agents',
  },
  {
    name: 'Client-Properties without a type',
    send: text('Hello'),
    headers: { 'client-properties': '{"features":["AUTO_MESSAGES"]}' },
    remark: 'Client-Properties has no type',
  },
] as const

const numbers = [
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '07',
  '08',
  '09',
  '10',
  '11',
  '12',
  '15',
  '16',
].concat(
  ['17', '18', '19', '20', '22', '23', '24', '26', '27', '28', '30', '31', '32', '34', '35'],
  ['37', '40', '42', '44', '46', '47', '48'],
)

/** Errors, what needs an upload or credentials of its own first, and what LivePerson itself sends. */
const elsewhere = [
  '36',
  '38',
  '39',
  '43',
  '45',
  '51',
  '52',
  '54',
  '56',
  '58',
  '62',
  '63',
  '64',
  '67',
  '69',
  '70',
]

t.test('no example of the documentation is left out', async (t) => {
  const files = readdirSync(new URL('../documented/', import.meta.url))
  const known = files.map((file) => file.slice(0, 2)).sort()
  t.strictSame([...numbers, ...elsewhere].sort(), known)
})

async function take(
  sandbox: Awaited<ReturnType<typeof startBox>>,
  form: { send?: unknown; converse?: unknown; headers?: Record<string, string> },
) {
  const headers = { ...AUTHORIZED, ...form.headers }
  return 'send' in form
    ? send(sandbox, form.send, { headers })
    : converse(sandbox, form.converse, { headers })
}

t.test(
  'each documented example is taken without a remark, also where the sandbox is strict',
  async (t) => {
    for (const strict of [false, true]) {
      for (const number of numbers) {
        const lines: unknown[] = []
        const sandbox = await startBox(t, { strict, log: (line) => lines.push(line) })
        const { status } = await replay(sandbox, documented(number))
        t.ok(status === 200 || status === 201, `${number}: ${status}`)
        t.strictSame(lines, [], number)
        await sandbox.close()
      }
    }
  },
)

t.test('each form that LivePerson documents besides is taken without a remark', async (t) => {
  for (const form of documentedForms) {
    const lines: unknown[] = []
    const sandbox = await startBox(t, { strict: true, log: (line) => lines.push(line) })
    t.equal((await take(sandbox, form)).status, 200, form.name)
    t.strictSame(lines, [], form.name)
    await sandbox.close()
  }
})

t.test(
  'what the documentation is silent about is taken with a remark, and refused when strict',
  async (t) => {
    for (const form of silentForms) {
      const lines: { event: string; text: string }[] = []
      const log = (line: { event: string; text: string }) => lines.push(line)
      const lenient = await startBox(t, { log })
      t.equal((await take(lenient, form)).status, 200, form.name)
      t.match(lines[0], { event: 'remark', text: form.remark }, form.name)
      lines.length = 0
      const strict = await startBox(t, { strict: true, log })
      const refused = await take(strict, form)
      t.equal(refused.status, 400, form.name)
      t.match(refused.body, { code: 'BAD_REQUEST', body: { msg: 'Bad Request' } }, form.name)
      t.match(lines, [{ event: 'refused', text: form.remark }], form.name)
      await Promise.all([lenient.close(), strict.close()])
    }
  },
)

t.test(
  'remarks stand with the event, and a refusal with the conversation that it was about',
  async (t) => {
    const sandbox = await startBox(t, { now: () => Date.UTC(2026, 10, 22) })
    await send(sandbox, { ...text('Hello'), ttl: 5 })
    t.match(await eventsOf(sandbox, 'c1'), [{ remarks: ['/ttl is documented nowhere'] }])
    await send(sandbox, publish({ type: 'ChatStateEvent', chatState: 'DANCING' }))
    await send(sandbox, '{malformed')
    await send(sandbox, text('', 'c2'))
    const { body } = await call(sandbox, '/sandbox/events?conversationId=c1', { method: 'GET' })
    const receivedAt = '2026-11-22T00:00:00.000Z'
    const rule =
      '/body/event/chatState does not fit {"type":"string","enum":["ACTIVE","INACTIVE","GONE","COMPOSING","PAUSE"]}'
    t.strictSame(at(body, 'refused'), [
      { service: 'send', status: 400, rule, receivedAt },
      { service: 'send', status: 400, rule: 'the body is not JSON', receivedAt },
    ])
  },
)

t.test('a broken rule is named by its path, never by a value', async (t) => {
  const cases = [
    { document: { ...text('a'), id: '' }, rule: '/id has none of the documented forms' },
    { document: { ...text('a'), id: undefined }, rule: '/id is missing' },
    { document: { ...text('a'), body: [] }, rule: '/body has to be an object' },
    {
      document: { ...text('a'), type: 'secret' },
      rule: '/type is missing or not documented for SEND',
    },
    { document: publish({ type: 'secret' }), rule: '/body/event has none of the documented forms' },
    {
      document: publish({
        type: 'ContentEvent',
        contentType: 'text/plain',
        message: 'x'.repeat(5001),
      }),
      rule: '/body/event/message is above 5000 characters',
    },
    {
      document: publish({ type: 'AcceptStatusEvent', status: 'READ', sequenceList: ['secret'] }),
      rule: '/body/event/sequenceList/0 does not fit {"minimum":0,"type":"integer"}',
    },
    {
      document: update([]),
      rule: '/body/conversationField has to be one',
    },
    {
      document: update({
        field: 'CSATRate',
        csatRate: 9,
        csatResolutionConfirmation: true,
        status: 'FILLED',
      }),
      rule: '/body/conversationField/csatRate does not fit {"minimum":1,"maximum":5,"type":"integer"}',
    },
  ]
  for (const { document, rule } of cases) {
    const rules: string[] = []
    const sandbox = await startBox(t, { log: ({ text }) => rules.push(text) })
    t.equal((await send(sandbox, document)).status, 400, rule)
    t.strictSame(rules, [rule])
    await sandbox.close()
  }
})

t.test('a message may come with the opening, as the third item of the batch', async (t) => {
  const sandbox = await startBox(t)
  const { body } = await converse(sandbox, [profile, request, text('Hi', '')])
  const id = String(at(body, 1, 'body', 'conversationId'))
  t.strictSame(at(body, 2), { code: 'OK', body: { sequence: 0 }, reqId: '1' })
  t.match((await eventsOf(sandbox, id)).at(-1), { sequence: 0, body: { dialogId: id } })
})

t.test(
  'two slashes before a storage path are taken with a remark, and refused when strict',
  async (t) => {
    for (const strict of [false, true]) {
      const texts: string[] = []
      const sandbox = await startBox(t, { strict, log: ({ text }) => texts.push(text) })
      const upload = {
        ...{ kind: 'req', id: '1', type: 'ms.GenerateURLForUploadFile' },
        body: { fileSize: '5', fileType: 'PNG' },
      }
      const { body } = await send(sandbox, upload)
      const query = new URLSearchParams(Object(at(body, 'body', 'queryParams')))
      const path = `/${at(body, 'body', 'relativePath')}?${query}`
      const { status } = await call(sandbox, path, { method: 'PUT', body: 'hello' })
      t.equal(status, strict ? 404 : 201)
      t.strictSame(texts, ['the path begins with two slashes'])
    }
  },
)

t.test('faults can be ordered for each service, and happen that often', async (t) => {
  const sandbox = await startBox(t)
  const lookUp = () =>
    call(sandbox, '/api/account/acme/service/idp/baseURI.json?version=1.0', { method: 'GET' })
  const logIn = () =>
    call(sandbox, '/sentinel/api/account/acme/app/token?v=1.0', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret',
    })
  const consume = () => replay(sandbox, documented('47'))
  const order = (service: string, fault: string, times = 1) =>
    call(sandbox, '/sandbox/faults', {
      headers: { 'content-type': 'application/json' },
      body: { service, fault, times },
    })
  t.equal((await order('domain-api', '502', 2)).status, 201)
  await order('sentinel', '401')
  for (const expected of [502, 502, 200]) t.equal((await lookUp()).status, expected)
  t.match(await logIn(), { status: 401, body: { error: 'invalid_client' } })
  await order('sentinel', '400')
  t.match(await logIn(), { status: 400, body: { error: 'invalid_request' } })
  t.equal((await logIn()).status, 200)
  await order('idp', '400')
  t.match(await consume(), { status: 400, body: { internalErrorCode: '9007' } })
  await order('upload', 'reset')
  await t.rejects(call(sandbox, '/v1/AUTH_async-images/acme/x.PNG', { method: 'PUT', body: 'x' }))
  await order('download', '401')
  const download = await call(sandbox, '/v1/AUTH_async-images/acme/x.PNG', { method: 'GET' })
  t.match(download, { status: 401, body: { sandbox: String } })
  await order('conversation', '401')
  t.match(await converse(sandbox, opening()), { status: 401, body: { body: { errorCode: 40102 } } })
  await order('conversation', '502')
  t.match(await converse(sandbox, opening()), { status: 502, body: { body: { errorCode: 50201 } } })
  await order('send', 'slow=1')
  t.equal((await send(sandbox, text('late'))).status, 200)
  await order('send', 'lost')
  await t.rejects(send(sandbox, text('lost')), { message: 'socket hang up' })
  t.equal((await eventsOf(sandbox, 'c1')).length, 2, 'what was lost was accepted')
  await order('send', '500')
  t.match(await call(sandbox, '/sandbox/faults', { method: 'GET' }), {
    body: { faults: [{ service: 'send', fault: '500', times: 1 }] },
  })
  await call(sandbox, '/sandbox/faults', { method: 'DELETE' })
  t.equal((await send(sandbox, text('well'))).status, 200)
  t.equal((await order('idp', 'closed')).status, 400, 'only a SEND can be closed')
  t.equal((await order('send', '418')).status, 400)
})
