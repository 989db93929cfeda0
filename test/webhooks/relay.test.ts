import { Webhook } from 'standardwebhooks'
import { test } from 'tap'
import { Counters } from '../../src/webhooks/counters.ts'
import type { Post, PostOutcome } from '../../src/webhooks/delivery.ts'
import { Relay, type RelayOptions } from '../../src/webhooks/relay.ts'
import { UnknownTypes } from '../../src/webhooks/unknown-types.ts'
import { inbound, outbound, rawOf } from './vectors.ts'

type Posted = { url: string; headers: Record<string, string>; body: string; leftMs: number }

/** A relay to an app that answers in turn as it is told, and 204 from then on. */
function relayTo(answers: (PostOutcome | 'deadline')[], options: Partial<RelayOptions> = {}) {
  const posted: Posted[] = []
  const counters = new Counters()
  const unknown: string[] = []
  const post: Post = async ({ url, headers, deadline }, body) => {
    posted.push({ url, headers, body, leftMs: deadline - performance.now() })
    const answer = answers.shift() ?? { status: 204 }
    if (answer !== 'deadline') return answer
    await new Promise((resolve) => setTimeout(resolve, deadline - performance.now() + 1))
    return { failure: 'timeout' }
  }
  const relay = new Relay({
    post,
    selection: { include: new Set(), exclude: new Set() },
    secrets: () => [outbound.secret],
    counters,
    timeoutMs: 1_000,
    apiUrl: '/',
    onUnknown: (type) => unknown.push(type),
    ...options,
  })
  return { relay, posted, counters, unknown }
}

function notified(
  json: Record<string, unknown>,
  url: string | undefined = 'https://app.example/e',
) {
  return {
    json,
    accountId: inbound.account,
    clientId: inbound.client,
    requestId: 'request-1',
    url,
    receivedAt: Date.now(),
    deadline: performance.now() + 1_000,
    random: 'random',
  }
}

const two = JSON.parse(rawOf('two_changes'))
const typing = JSON.parse(rawOf('typing'))
const noted = { taken: 0, leftOut: 0, dropped: 0 }

/** The last characters of the ids of what the app got. */
const ids = (posted: Posted[]) =>
  posted.map(({ headers }) => String(headers['webhook-id']).split('-').at(-1))

test('each event is a POST of its own, in order, signed, and of its account and request', async (t) => {
  const { relay, posted, counters } = relayTo([])
  t.strictSame(await relay.relay(notified(two)), { ...noted, outcome: 'taken', taken: 2 })
  t.strictSame(ids(posted), ['6', '7'])
  for (const [index, { url, headers, body }] of posted.entries()) {
    t.equal(url, 'https://app.example/e')
    const expected = outbound.events.filter(({ from }) => from === 'two_changes')[index]?.event
    t.strictSame(new Webhook(outbound.secret).verify(body, headers), expected)
    t.match(headers, {
      'content-type': 'application/json',
      'x-lp-account-id': '12345678',
      'x-request-id': 'request-1',
    })
    t.ok(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000) < 5)
  }
  t.strictSame(
    [...counters.events],
    [{ type: 'message.created', outcome: 'taken', reason: 'none', count: 2 }],
  )
  t.equal(
    counters.appSeconds.buckets.reduce((sum, { count }) => sum + count, 0),
    2,
  )
  t.equal(
    counters.lagSeconds.buckets.reduce((sum, { count }) => sum + count, 0),
    2,
  )
})

test('the first event that the app does not take ends the notification', async (t) => {
  const failures: [PostOutcome, string][] = [
    [{ status: 301 }, 'refused'],
    [{ status: 400 }, 'refused'],
    [{ status: 500 }, 'refused'],
    [{ failure: 'failed' }, 'refused'],
    [{ failure: 'timeout' }, 'timeout'],
    [{ failure: 'unreachable', mayRecover: false }, 'unreachable'],
  ]
  for (const [answer, outcome] of failures) {
    // For the log: the app's own status says more than that it refused.
    const said = 'status' in answer ? { appStatus: answer.status } : {}
    const first = relayTo([answer])
    t.strictSame(await first.relay.relay(notified(two)), { ...noted, ...said, outcome })
    t.strictSame(ids(first.posted), ['6'])
    const second = relayTo([{ status: 200 }, answer])
    t.strictSame(await second.relay.relay(notified(two)), { ...noted, ...said, outcome, taken: 1 })
    t.strictSame(ids(second.posted), ['6', '7'])
  }
})

test('any 2xx is taken', async (t) => {
  for (const status of [200, 201, 202, 204, 299]) {
    const { relay } = relayTo([{ status }, { status }])
    t.match(await relay.relay(notified(two)), { outcome: 'taken', taken: 2 })
  }
})

test('while nothing listens at the app it is tried again after 50, 100, 200, 200 ms', async (t) => {
  const refused: PostOutcome = { failure: 'unreachable', mayRecover: true }
  const { relay, posted } = relayTo([refused, refused, refused, refused])
  const unhurried = { ...notified(two), deadline: performance.now() + 30_000 }
  t.match(await relay.relay(unhurried), { outcome: 'taken', taken: 2 })
  t.strictSame(ids(posted), ['6', '6', '6', '6', '6', '7'])
  const pauses = posted
    .slice(1, 5)
    .map(({ leftMs }, index) => (posted[index]?.leftMs ?? 0) - leftMs)
  for (const [index, least] of [50, 100, 200, 200].entries()) {
    const ms = pauses[index] ?? 0
    t.ok(ms >= least - 2 && ms < least + 900, `${ms}`)
  }
  t.equal(new Set(posted.slice(0, 5).map(({ body }) => body)).size, 1)
})

test('an app that is not there until the deadline is unreachable, and no attempt begins after it', async (t) => {
  const refused: PostOutcome = { failure: 'unreachable', mayRecover: true }
  const { relay, posted } = relayTo(Array.from({ length: 50 }, () => refused))
  const startedAt = performance.now()
  t.match(await relay.relay(notified(two)), { outcome: 'unreachable', taken: 0 })
  t.ok(performance.now() - startedAt <= 5_000)
  t.ok(posted.every(({ leftMs }) => leftMs > 0))
  t.ok(posted.length >= 2 && posted.length <= 7, `${posted.length} attempts`)
})

test('a process that wakes too late begins no attempt', async (t) => {
  const refused: PostOutcome = { failure: 'unreachable', mayRecover: true }
  const { relay, posted } = relayTo([refused, refused])
  const deadline = performance.now() + 200
  const relayed = relay.relay({ ...notified(two), deadline })
  // In the pause after the first attempt the event loop stands still until the deadline has passed.
  await new Promise((resolve) => setImmediate(resolve))
  while (performance.now() < deadline + 5);
  t.match(await relayed, { outcome: 'unreachable', taken: 0 })
  t.equal(posted.length, 1)
})

test('one clock runs for all events of a notification', async (t) => {
  const { relay, posted } = relayTo([{ status: 200 }, 'deadline'])
  const late = { ...notified(two), deadline: performance.now() + 100 }
  t.match(await relay.relay(late), { outcome: 'timeout', taken: 1 })
  t.ok((posted[1]?.leftMs ?? 1_000) <= 100)
  const past = relayTo([])
  const over = { ...notified(two), deadline: performance.now() - 1 }
  t.match(await past.relay.relay(over), { outcome: 'timeout', taken: 0 })
  t.equal(past.posted.length, 0)
})

test('typing is tried once, gets a quarter of the clock, and never fails a notification', async (t) => {
  const answers: PostOutcome[] = [
    { status: 500 },
    { failure: 'failed' },
    { failure: 'timeout' },
    { failure: 'unreachable', mayRecover: true },
  ]
  for (const answer of answers) {
    const { relay, posted } = relayTo([answer])
    const said = 'status' in answer ? { appStatus: answer.status } : {}
    const expected = { ...noted, ...said, outcome: 'taken', dropped: 1 }
    t.strictSame(await relay.relay(notified(typing)), expected)
    t.equal(posted.length, 1)
    const leftMs = posted[0]?.leftMs ?? 0
    t.ok(leftMs > 200 && leftMs <= 250, `${leftMs}`)
  }
})

test('a message behind typing that was dropped still gets to the app', async (t) => {
  const [state] = typing.body.changes
  const mixed = { ...two, body: { changes: [state, ...two.body.changes] } }
  const { relay, posted } = relayTo(['deadline'])
  t.strictSame(await relay.relay(notified(mixed)), {
    outcome: 'taken',
    taken: 2,
    leftOut: 0,
    dropped: 1,
  })
  t.strictSame(ids(posted), ['random', '6', '7'])
})

test('what is left out is counted by reason and costs no call', async (t) => {
  const { relay, posted, counters, unknown } = relayTo([])
  for (const json of [
    JSON.parse(rawOf('text_consumer_echo')),
    JSON.parse(rawOf('text_private')),
    { type: 'x.Y', body: { changes: [{}] } },
    {},
  ]) {
    t.strictSame(await relay.relay(notified(json)), { ...noted, outcome: 'taken', leftOut: 1 })
  }
  t.equal(posted.length, 0)
  t.strictSame(
    [...counters.events],
    [
      { type: 'message.created', outcome: 'left-out', reason: 'consumer', count: 1 },
      { type: 'message.created', outcome: 'left-out', reason: 'internal', count: 1 },
      { type: 'none', outcome: 'left-out', reason: 'unknown', count: 1 },
      { type: 'none', outcome: 'left-out', reason: 'malformed', count: 1 },
    ],
  )
  t.strictSame(unknown, ['x.Y'])
})

test('where there is no app, everything counts as taken', async (t) => {
  const { relay, posted } = relayTo([])
  const nowhere = { ...notified(two), url: undefined }
  t.match(await relay.relay(nowhere), { outcome: 'taken', taken: 2 })
  t.equal(posted.length, 0)
})

test('a type that is not known is warned of once, and only by a name that is one', async (t) => {
  const warned: string[] = []
  const types = new UnknownTypes((type) => warned.push(type))
  for (const name of ['ms.New', 'ms.New', 'my card is 4111', 'x'.repeat(65)]) types.met(name)
  t.strictSame(warned, ['ms.New', '(no name)'])
  for (let each = 0; each < 1_000; each += 1) types.met(`ms.New${each}`)
  t.equal(warned.length, 100)
})
