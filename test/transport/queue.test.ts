import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { isProblem } from '../../src/problems/problem.ts'
import { Queue, type QueueOptions } from '../../src/transport/queue.ts'
import { CallStatistics } from '../../src/transport/statistics.ts'
import type { Priority, Terms } from '../../src/transport/terms.ts'
import { termsOf, upstream } from './fixtures/hosts.ts'

function open(options: Partial<QueueOptions> = {}): Queue {
  const usual = { slots: 2, places: 8, waitMs: 5_000, accountShare: 1, connected: () => 0 }
  return new Queue({ ...usual, ...options }, new CallStatistics())
}

const of = (accountId: string, priority: Priority = 'high') =>
  termsOf(10_000, { accountId, priority })

/** Lets a call in and notes its name when it has its slot, or the code it was refused with. */
function enter(
  queue: Queue,
  entered: string[],
  name: string,
  terms: Terms = of('a'),
): Promise<void> {
  return (async () => queue.enter(terms, upstream))()
    .then(() => void entered.push(name))
    .catch((error) => {
      entered.push(isProblem(error, error.code) ? `${name}: ${error.code}` : 'a bug')
    })
}

t.test(
  'a free slot is taken at once, and the queue is served in the order of arrival',
  async (t) => {
    const queue = open()
    t.equal(queue.enter(of('a'), upstream), undefined)
    t.equal(queue.enter(of('b'), upstream), undefined)
    const entered: string[] = []
    const waits = ['1', '2', '3'].map((name) => enter(queue, entered, name))
    t.equal(queue.length, 3)
    t.strictSame(entered, [])
    for (const account of ['a', 'b', 'a']) queue.leave(account)
    await Promise.all(waits)
    t.strictSame(entered, ['1', '2', '3'])
    t.equal(queue.length, 0)
  },
)

t.test('with the queue full the next is refused at once', async (t) => {
  const queue = open({ slots: 1, places: 1 })
  const entered: string[] = []
  await enter(queue, entered, 'in')
  t.notOk(queue.isFull(of('a')))
  const waiting = enter(queue, entered, 'waiting')
  t.ok(queue.isFull(of('a')))
  await enter(queue, entered, 'next')
  t.strictSame(entered, ['in', 'next: overloaded'])
  queue.leave('a')
  await waiting
  t.strictSame(entered.at(-1), 'waiting')
  const none = open({ slots: 1, places: 0 })
  await enter(none, entered, 'in')
  await enter(none, entered, 'nowhere')
  t.equal(entered.at(-1), 'nowhere: overloaded', 'there need be no queue')
})

t.test(
  'chat states wait up to a quarter of the queue, receipts to half, content to its end',
  (t) => {
    const queue = open({ slots: 1 })
    void queue.enter(of('a'), upstream)
    const room = (priority: Priority) => !queue.isFull(of('a', priority))
    const seen: string[] = []
    for (let waiting = 0; waiting <= 8; waiting += 1) {
      seen.push(`${waiting} ${room('low')} ${room('normal')} ${room('high')}`)
      if (waiting < 8) void enter(queue, [], '')
    }
    t.strictSame(seen, [
      '0 true true true',
      '1 true true true',
      '2 false true true',
      '3 false true true',
      '4 false false true',
      '5 false false true',
      '6 false false true',
      '7 false false true',
      '8 false false false',
    ])
    for (let left = 0; left <= 8; left += 1) queue.leave('a')
    t.end()
  },
)

t.test('who waits too long is refused: by the queue’s time, or by the own deadline', async (t) => {
  const entered: string[] = []
  const queue = open({ slots: 1, waitMs: 40 })
  void queue.enter(of('a'), upstream)
  await enter(queue, entered, 'patient')
  await enter(queue, entered, 'hasty', termsOf(20))
  t.strictSame(entered, ['patient: overloaded', 'hasty: deadline-exceeded'])
  queue.leave('a')
  t.equal(queue.enter(of('a'), upstream), undefined, 'they hold nothing any more')
})

t.test('who has hung up is passed over', async (t) => {
  const queue = open({ slots: 1 })
  void queue.enter(of('a'), upstream)
  const entered: string[] = []
  const connection = { destroyed: false }
  const waits = [
    enter(queue, entered, 'gone', termsOf(10_000, { connection })),
    enter(queue, entered, 'next'),
  ]
  connection.destroyed = true
  queue.leave('a')
  await Promise.all(waits)
  t.strictSame(entered.sort(), ['gone: overloaded', 'next'])
})

t.test('one account holds no more than its share, in flight and in the queue', async (t) => {
  const queue = open({ slots: 4, places: 4, accountShare: 0.5 })
  const entered: string[] = []
  const waits = ['1', '2', '3', '4', '5'].map((name) => enter(queue, entered, `a${name}`))
  await delay(0)
  t.strictSame(entered, ['a1', 'a2', 'a5: overloaded'])
  t.notOk(queue.isFull(of('b')))
  await enter(queue, entered, 'b1', of('b'))
  await enter(queue, entered, 'b2', of('b'))
  t.strictSame(entered.slice(3), ['b1', 'b2'], 'another account passes those who wait')
  const c = enter(queue, entered, 'c', of('c'))
  queue.leave('b')
  await c
  t.equal(entered.at(-1), 'c', 'also out of the queue, while a holds its share')
  queue.leave('a')
  await waits[2]
  queue.leave('a')
  await waits[3]
  t.strictSame(entered.slice(-2), ['a3', 'a4'])
  for (const account of ['a', 'a', 'b', 'c']) queue.leave(account)
  t.equal(queue.enter(of('a'), upstream), undefined)
  const tiny = open({ slots: 1, accountShare: 0.01 })
  t.equal(tiny.enter(of('a'), upstream), undefined, 'an account can always use one')
})

/** Four calls that open a connection each. */
async function openFour(queue: Queue, entered: string[]): Promise<void> {
  await Promise.all(Array.from({ length: 4 }, () => enter(queue, entered, 'opens')))
}

t.test(
  'beside four connections that are being opened a call waits for one, however it gets free',
  async (t) => {
    let connected = 0
    const queue = open({ slots: 100, connected: () => connected })
    t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 1 }) })
    const entered: string[] = []
    await openFour(queue, entered)
    const waits = ['1', '2'].map((name) => enter(queue, entered, name))
    await delay(30)
    t.equal(entered.length, 4, 'busy with handshakes, no more are begun')
    connected = 1
    queue.admitWaiting()
    await waits[0]
    t.strictSame(entered.slice(4), ['1'])
    queue.leave('a')
    await waits[1]
    t.strictSame(entered.slice(4), ['1', '2'])
    for (let left = 0; left < 5; left += 1) queue.leave('a')
    connected = 5
    await Promise.all(Array.from({ length: 5 }, () => enter(queue, entered, 'on an idle one')))
    await openFour(queue, entered)
    void enter(queue, entered, 'waits')
    t.equal(queue.length, 1)
    queue.leave('a')
  },
)

t.test('where handshakes take long, more and more of them are begun', async (t) => {
  const queue = open({ slots: 100, places: 100 })
  t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 0.7 }) })
  const entered: string[] = []
  await Promise.all(Array.from({ length: 60 }, () => enter(queue, entered, '')))
  t.equal(entered.length, 60)
  for (let left = 0; left < 60; left += 1) queue.leave('a')
  await openFour(queue, entered)
  const again = enter(queue, entered, '')
  t.equal(queue.length, 1, 'once they are over, four again')
  queue.leave('a')
  await again
})

t.test('no call is refused for want of a connection', async (t) => {
  t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 1 }) })
  const entered: string[] = []
  const full = open({ slots: 100, places: 1 })
  await openFour(full, entered)
  const first = enter(full, entered, 'first')
  await enter(full, entered, 'no place')
  t.strictSame(entered.slice(4), ['no place'])
  full.leave('a')
  full.leave('a')
  await first
  const hasty = open({ slots: 100, waitMs: 20 })
  await openFour(hasty, entered)
  await enter(hasty, entered, 'after the longest wait')
  t.equal(entered.at(-1), 'after the longest wait')
  await enter(hasty, entered, 'late', termsOf(10))
  t.equal(entered.at(-1), 'late: deadline-exceeded')
})
