import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { createAppInstall } from '../../src/sandbox/notifications/app-install.ts'
import { createJournal, type Notification } from '../../src/sandbox/notifications/journal.ts'
import type { NotificationKind } from '../../src/sandbox/notifications/message.ts'
import type { PostResult } from '../../src/sandbox/notifications/post.ts'
import { createClock } from './fixtures/clock.ts'

const ok = { status: 200, answer: '' }
const failed = { status: 500, answer: '' }

/** An install whose deliveries the test answers one by one. */
function createBench({ retentionMs = 259_200_000 } = {}) {
  const clock = createClock()
  const journal = createJournal(() => {})
  const open: { raw: string; answer: (result: PostResult) => Promise<void> }[] = []
  const sent: string[] = []
  const install = createAppInstall({
    journal,
    ...clock,
    retentionMs: () => retentionMs,
    changed: () => {},
    deliver(notification) {
      sent.push(notification.raw)
      journal.update(notification, { state: 'sending' })
      return new Promise((resolve) => {
        open.push({
          raw: notification.raw,
          async answer(result) {
            open.splice(open.indexOf(this), 1)
            resolve(result)
            await setImmediate()
          },
        })
      })
    },
  })
  function submit(raw: string, kind: NotificationKind = 'ContentEvent'): Notification {
    const [conversationId = ''] = raw
    const notification = journal.add({
      ...{ account: 'acme', conversationId, kind, raw, note: undefined, isStray: false },
      createdAt: clock.now(),
    })
    install.submit(notification)
    return notification
  }
  return {
    clock,
    install,
    sent,
    submit,
    states: () =>
      journal
        .all()
        .map(({ raw, state }) => `${raw} ${state}`)
        .reverse(),
    answer: (raw: string, result: PostResult) =>
      open.find((one) => one.raw === raw)?.answer(result) ?? Promise.reject(new Error(raw)),
    under: () => open.map(({ raw }) => raw),
  }
}

t.test('events of one conversation go one after the other, others beside them', async (t) => {
  const { submit, answer, under, states, install } = createBench()
  for (const raw of ['a1', 'a2', 'b1']) submit(raw)
  t.strictSame(under(), ['a1', 'b1'])
  await answer('a1', { status: 201, answer: '' })
  t.strictSame(under(), ['b1', 'a2'])
  await answer('b1', ok)
  await answer('a2', ok)
  t.strictSame(states(), ['a1 delivered', 'a2 delivered', 'b1 delivered'])
  t.equal(install.state(), 'UP')
})

t.test('the first failure stores the events of the whole install; 204 is a failure', async (t) => {
  const { submit, answer, under, states, install, clock } = createBench()
  submit('a1')
  submit('a2')
  await answer('a1', { status: 204, answer: '' })
  t.equal(install.state(), 'FAILED')
  submit('b1', 'ExConversationChange')
  t.strictSame(states(), ['a1 stored', 'a2 stored', 'b1 stored'])
  t.strictSame(under(), [])
  t.equal(install.stored(), 3)
  t.strictSame(clock.due(), [2_000])
  t.equal(install.nextAttemptAt(), clock.now() + 2_000)
})

t.test('the pauses are 2, 4, 8 ... seconds, at most 300', async (t) => {
  const { submit, answer, clock, sent, install } = createBench()
  submit('a1')
  await answer('a1', { error: 'ECONNREFUSED' })
  const pauses: number[] = []
  for (let attempt = 1; attempt <= 10; attempt++) {
    const [pause = 0] = clock.due()
    pauses.push(pause / 1000)
    clock.advance(pause - 1)
    t.equal(sent.length, attempt, 'not a millisecond earlier')
    clock.advance(1)
    await answer('a1', failed)
  }
  t.strictSame(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  t.equal(install.state(), 'FAILED')
})

t.test(
  'once a delivery works all that is stored goes out at once, in order within a conversation',
  async (t) => {
    const { submit, answer, under, clock, install, sent } = createBench()
    submit('a1')
    submit('b1')
    await answer('a1', failed)
    await answer('b1', failed)
    for (const raw of ['a2', 'b2', 'c1']) submit(raw)
    t.strictSame(clock.due(), [2_000], 'one pause for both')
    clock.advance(2_000)
    t.strictSame(under(), ['a1'], 'one is tried')
    await answer('a1', ok)
    t.equal(install.state(), 'IN_TRANSITION')
    t.strictSame(under(), ['a2', 'b1', 'c1'])
    submit('d1')
    submit('a3')
    t.strictSame(under(), ['a2', 'b1', 'c1', 'd1'], 'a new conversation goes straight through')
    for (const raw of ['a2', 'b1', 'c1', 'd1', 'a3']) await answer(raw, ok)
    t.strictSame(under(), ['b2'])
    t.equal(install.state(), 'IN_TRANSITION')
    await answer('b2', ok)
    t.equal(install.state(), 'UP')
    t.strictSame(
      sent.filter((raw) => raw.startsWith('a')),
      ['a1', 'a1', 'a2', 'a3'],
    )
    t.strictSame(clock.due(), [])
  },
)

t.test('a failure in transition is a failure again, with a pause from 2 seconds on', async (t) => {
  const { submit, answer, clock, install } = createBench()
  for (const raw of ['a1', 'b1', 'c1']) submit(raw)
  for (const raw of ['a1', 'b1', 'c1']) await answer(raw, failed)
  clock.advance(2_000)
  await answer('a1', failed)
  clock.advance(4_000)
  await answer('a1', ok)
  await answer('b1', failed)
  await answer('c1', failed)
  t.equal(install.state(), 'FAILED')
  t.strictSame(clock.due(), [2_000])
  t.equal(install.stored(), 2)
})

t.test('typing is dropped at its first failure, and the install stays UP', async (t) => {
  const { submit, answer, states, install } = createBench()
  submit('a1', 'ChatStateEvent')
  await answer('a1', failed)
  t.equal(install.state(), 'UP')
  submit('b1')
  await answer('b1', failed)
  submit('c1', 'ChatStateEvent')
  t.strictSame(states(), ['a1 dropped', 'b1 stored', 'c1 dropped'])
})

t.test('without a retry policy an event is dropped at its first failure', async (t) => {
  const { submit, answer, states, install } = createBench({ retentionMs: 0 })
  submit('a1')
  submit('a2')
  await answer('a1', failed)
  await answer('a2', ok)
  t.strictSame(states(), ['a1 dropped', 'a2 delivered'])
  t.equal(install.state(), 'UP')
})

t.test(
  'what is stored for longer than the retention is lost, and nothing left is UP again',
  async (t) => {
    const { submit, answer, clock, states, install, under } = createBench({ retentionMs: 5_000 })
    submit('a1')
    await answer('a1', failed)
    clock.advance(2_000)
    await answer('a1', failed)
    clock.advance(4_000)
    t.strictSame(under(), [])
    t.strictSame(states(), ['a1 lost'])
    t.equal(install.state(), 'UP')
  },
)

t.test('at most 5,000 events or 32 MiB are stored, the oldest is lost first', async (t) => {
  const many = createBench()
  many.install.hold()
  for (let i = 0; i < 5_001; i++) many.submit(`a${i}`)
  t.equal(many.install.stored(), 5_000)
  const large = createBench()
  large.install.hold()
  for (let i = 0; i < 9; i++) large.submit(`${i}${'x'.repeat(4 * 2 ** 20)}`)
  t.equal(large.install.stored(), 7)
})

t.test('an outage that is held stores everything until it is released', async (t) => {
  const { submit, answer, install, clock, under, states } = createBench()
  install.release()
  submit('a1')
  install.hold()
  await answer('a1', failed)
  submit('a2')
  install.retryNow()
  t.strictSame(clock.due(), [], 'nothing is tried')
  install.release()
  t.equal(install.state(), 'IN_TRANSITION')
  t.strictSame(under(), ['a1'])
  await answer('a1', ok)
  await answer('a2', ok)
  t.equal(install.state(), 'UP')
  t.strictSame(states(), ['a1 delivered', 'a2 delivered'])
})

t.test('a retry that fails during an outage that is held starts no pause', async (t) => {
  const { submit, answer, install, clock, under } = createBench()
  submit('a1')
  await answer('a1', failed)
  clock.advance(2_000)
  t.strictSame(under(), ['a1'])
  install.hold()
  await answer('a1', failed)
  t.strictSame(clock.due(), [])
  t.equal(install.nextAttemptAt(), undefined)
  t.equal(install.stored(), 1)
})

t.test('a retry can be had at once, and everything can be forgotten', async (t) => {
  const { submit, answer, install, clock, under } = createBench()
  install.retryNow()
  submit('a1')
  await answer('a1', failed)
  install.retryNow()
  t.strictSame(under(), ['a1'])
  t.strictSame(clock.due(), [])
  install.retryNow()
  t.strictSame(under(), ['a1'], 'not twice at a time')
  install.clear()
  await answer('a1', failed)
  t.equal(install.state(), 'UP')
  t.equal(install.stored(), 0)
})

t.test('at most 64 conversations are delivered for at once', async (t) => {
  const { submit, under } = createBench()
  for (let i = 0; i < 70; i++) submit(`${String.fromCharCode(200 + i)}1`)
  t.equal(under().length, 64)
})
