import fc from 'fast-check'
import { test } from 'tap'
import { leftOutBy } from '../../src/webhooks/selection.ts'
import { isSigned } from '../../src/webhooks/signature.ts'
import { simplify } from '../../src/webhooks/simplify/notification.ts'
import { isLongRun } from '../long-runs.ts'
import { isEvent } from './is-event.ts'
import { sign, startApp, startListener } from './start-listener.ts'
import { inbound, rawOf } from './vectors.ts'

const numRuns = isLongRun ? 20_000 : 500
const seed = Number(process.env['FAST_CHECK_SEED'] ?? Math.trunc(Math.random() * 2 ** 31))
const settings = { numRuns, seed, includeErrorInReport: true }

// Small values are as odd as large ones, and far quicker made.
fc.configureGlobal({ baseSize: 'xsmall' })

const context = {
  accountId: '12345678',
  clientId: 'client',
  receivedAt: 1790000005000,
  random: 'random',
  apiUrl: '/',
}

/** Any JSON, any half of a character in its texts included. */
const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 })
const half = fc.constantFrom('\ud800', '\udc00', 'a\ud83d', '__proto__', '')

/** A known value, or anything at all. */
const mostly = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 18, arbitrary },
    { weight: 1, arbitrary: json },
    { weight: 1, arbitrary: half },
  )

const id = fc.oneof(fc.uuid(), fc.string({ maxLength: 140 }))
const time = fc.integer({ min: 0, max: 2_000_000_000_000 })
const role = fc.constantFrom('CONSUMER', 'ASSIGNED_AGENT', 'AGENT', 'MANAGER', 'CONTROLLER', 'X')
const metadata = fc.oneof(fc.constant(null), fc.array(fc.dictionary(fc.string(), json)))

/** Mostly whole. */
function some(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const parts = Object.entries(fields).map(([name, arbitrary]) => [name, mostly(arbitrary)])
  const record: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(parts)
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(record) },
    { weight: 1, arbitrary: fc.record(record, { requiredKeys: [] }) },
  )
}

const quickReplies = some({
  replies: fc.array(
    some({
      title: fc.string(),
      click: some({
        actions: fc.array(some({ type: fc.constant('publishText'), text: fc.string() })),
        metadata,
      }),
    }),
  ),
})

const event = fc.oneof(
  some({
    type: fc.constantFrom('ContentEvent', 'RichContentEvent', 'Other'),
    contentType: fc.constantFrom(
      'text/plain',
      'hosted/file',
      'forms/secure-invitation',
      'forms/secure-submission',
      'x/y',
    ),
    message: fc.oneof(
      fc.string({ unit: 'binary' }),
      some({ relativePath: fc.string({ unit: 'binary' }), fileType: id, invitationId: id }),
    ),
    content: fc.oneof(json, fc.json()),
    quickReplies,
  }),
  some({
    type: fc.constantFrom('AcceptStatusEvent', 'AccpetStatusEvent'),
    status: fc.constantFrom('READ', 'ACCEPT', 'VIEWED', 'SEEN'),
    sequenceList: fc.array(fc.integer({ min: -1 })),
  }),
  some({
    type: fc.constant('ChatStateEvent'),
    chatState: fc.constantFrom('COMPOSING', 'PAUSE', 'SINGS'),
  }),
)

const messageChange = some({
  sequence: fc.nat(),
  originatorId: id,
  originatorMetadata: some({ id, role }),
  serverTimestamp: time,
  event,
  conversationId: id,
  dialogId: id,
  messageAudience: fc.constantFrom('ALL', 'AGENTS_AND_MANAGERS', null),
  metadata,
})

const participants = fc.array(some({ id, role, state: fc.constantFrom('ACTIVE', 'SUGGESTED') }))

const conversationChange = some({
  type: fc.constantFrom('UPSERT', 'DELETE'),
  result: some({
    convId: id,
    conversationDetails: some({
      skillId: id,
      participants,
      participantsPId: fc.dictionary(role, fc.array(id)),
      dialogs: fc.array(
        some({
          dialogId: id,
          dialogType: fc.constantFrom('MAIN', 'POST_SURVEY', 'OTHER'),
          state: fc.constantFrom('OPEN', 'CLOSE'),
          metaData: some({ appInstallId: fc.constantFrom('client', 'other') }),
          participantsDetails: participants,
        }),
      ),
      state: fc.constantFrom('OPEN', 'CLOSE', 'CLOSED'),
      stage: fc.constantFrom('OPEN', 'CLOSE', 'CLOSED'),
      startTs: time,
      metaDataLastUpdateTs: time,
      csat: some({ csatRate: fc.nat() }),
      delay: some({ type: fc.constant('NIGHT'), tillWhen: time }),
    }),
  }),
})

const notification = fc.oneof(
  some({
    type: fc.constant('ms.MessagingEventNotification'),
    body: some({ sentTs: time, changes: fc.array(messageChange, { minLength: 1, maxLength: 3 }) }),
  }),
  some({
    type: fc.constant('cqm.ExConversationChangeNotification'),
    body: some({ changes: fc.array(conversationChange, { minLength: 1, maxLength: 3 }) }),
  }),
  json,
)

test('any JSON becomes events of the documented form, or reasons why not', async (t) => {
  let events = 0
  fc.assert(
    fc.property(notification, (made) => {
      for (const simplified of simplify(made, context)) {
        if ('leftOut' in simplified) continue
        events += 1
        if (!/^[A-Za-z0-9_-]{1,300}$/.test(simplified.id)) return false
        if (!isEvent(JSON.parse(JSON.stringify(simplified)))) return false
      }
      return true
    }),
    settings,
  )
  t.ok(events > numRuns / 10, `${events} events; FAST_CHECK_SEED=${seed}`)
})

test('the same notification again has the same ids', async (t) => {
  const ids = (text: string, receivedAt: number, random: string) =>
    simplify(JSON.parse(text), { ...context, receivedAt, random }).map((simplified) =>
      'leftOut' in simplified || simplified.type === 'chat_state.updated' ? '' : simplified.id,
    )
  fc.assert(
    fc.property(notification, time, (made, later) => {
      const text = JSON.stringify(made)
      const again = JSON.stringify(ids(text, later, 'other'))
      return JSON.stringify(ids(text, context.receivedAt, 'random')) === again
    }),
    settings,
  )
  t.pass(`FAST_CHECK_SEED=${seed}`)
})

test('nothing that is not for all, and nothing that a consumer did, gets to an app that did not ask for it', async (t) => {
  const selection = { include: new Set<never>(), exclude: new Set<never>() }
  const audience = fc.oneof(fc.constant('AGENTS_AND_MANAGERS'), fc.string(), fc.nat(), fc.boolean())
  const change = fc
    .tuple(messageChange, audience, fc.boolean())
    .filter(([, messageAudience]) => messageAudience !== 'ALL')
    .map(([one, messageAudience, isConsumer]) => ({
      ...Object(one),
      ...(isConsumer ? { originatorMetadata: { role: 'CONSUMER' } } : { messageAudience }),
    }))
  let left = 0
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const made = { type: 'ms.MessagingEventNotification', body: { changes } }
      return simplify(made, context).every((simplified) => {
        if ('leftOut' in simplified) return true
        left += 1
        const reason = leftOutBy(simplified, selection)
        return reason === 'consumer' || reason === 'internal'
      })
    }),
    settings,
  )
  t.ok(left > numRuns / 10, `${left} events left out; FAST_CHECK_SEED=${seed}`)
})

test('no text proves a notification but its signature', async (t) => {
  const body = Buffer.from(rawOf('text_emoji'))
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.constantFrom('sha1=', 'sha256='), fc.oneof(fc.base64String(), fc.string()))
      .map((parts) => parts.join('')),
    fc
      .tuple(
        fc.constantFrom(20, 32),
        fc.constantFrom('base64', 'hex'),
        fc.uint8Array({ minLength: 32 }),
      )
      .map(([bytes, encoding, noise]) => {
        const digest = Buffer.from(noise.subarray(0, bytes))
        return `${bytes === 20 ? 'sha1' : 'sha256'}=${encoding === 'hex' ? digest.toString('hex') : digest.toString('base64')}`
      }),
  )
  fc.assert(
    fc.property(text, (header) => !isSigned(body, header, ['sandbox-secret'])),
    settings,
  )
  t.pass(`FAST_CHECK_SEED=${seed}`)
})

test('any signed JSON object is answered 200, whatever is in it, and comes again with its ids', async (t) => {
  const app = await startApp(t)
  const { webhooks } = await startListener(t, app.url)
  const object = fc.oneof(notification, fc.dictionary(fc.string(), json))
  const idsOf = (taken: typeof app.taken) =>
    taken.map(({ body }) => JSON.parse(body)).filter(({ type }) => type !== 'chat_state.updated')
  const bring = async (payload: string) => {
    app.taken.length = 0
    const { statusCode } = await webhooks.server.inject({
      method: 'POST',
      url: '/webhooks/liveperson',
      headers: {
        'x-liveperson-account-id': inbound.account,
        'x-liveperson-client-id': inbound.client,
        'x-liveperson-signature': sign(payload),
      },
      payload,
    })
    return { statusCode, ids: idsOf(app.taken).map(({ id }) => id) }
  }
  let events = 0
  await fc.assert(
    fc.asyncProperty(object, async (made) => {
      const isObject = typeof made === 'object' && made !== null && !Array.isArray(made)
      const payload = JSON.stringify(made)
      const { statusCode, ids } = await bring(payload)
      events += ids.length
      if (statusCode !== (isObject ? 200 : 400)) return false
      return ids.length === 0 || JSON.stringify((await bring(payload)).ids) === JSON.stringify(ids)
    }),
    settings,
  )
  // Most of these have no audience that is all, or are a consumer's own.
  t.ok(events > numRuns / 50, `${events} events; FAST_CHECK_SEED=${seed}`)
})
