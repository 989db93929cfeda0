import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Gate, type GateOptions, type Priority, type Terms } from '../../src/liveengage/gate.ts'
import { isProblem } from '../../src/problems.ts'
import { peer, termsOf } from './fixtures/connections.ts'

function open(options: Partial<GateOptions> = {}): Gate {
  return new Gate({ slots: 2, places: 8, waitMs: 5_000, accountShare: 1, ...options })
}

const of = (accountId: string, priority: Priority = 'high') =>
  termsOf(10_000, { accountId, priority })

/** Lets a call in and notes its name when it has its slot, or the code it was refused with. */
function enter(gate: Gate, entered: string[], name: string, terms: Terms = of('a')): Promise<void> {
  return (async () => gate.enter(terms, peer))()
    .then(() => void entered.push(name))
    .catch((error) => {
      entered.push(isProblem(error, error.code) ? `${name}: ${error.code}` : 'a bug')
    })
}

t.test('a free slot is taken at once, and the line is served in the order of coming', async (t) => {
  const gate = open()
  t.equal(gate.enter(of('a'), peer), undefined)
  t.equal(gate.enter(of('b'), peer), undefined)
  const entered: string[] = []
  const waits = ['1', '2', '3'].map((name) => enter(gate, entered, name))
  t.equal(gate.waiting, 3)
  t.strictSame(entered, [])
  for (const account of ['a', 'b', 'a']) gate.leave(account)
  await Promise.all(waits)
  t.strictSame(entered, ['1', '2', '3'])
  t.equal(gate.waiting, 0)
})

t.test('with the line full the next is refused at once', async (t) => {
  const gate = open({ slots: 1, places: 1 })
  const entered: string[] = []
  await enter(gate, entered, 'in')
  t.notOk(gate.isFull(of('a')))
  const waiting = enter(gate, entered, 'waiting')
  t.ok(gate.isFull(of('a')))
  await enter(gate, entered, 'next')
  t.strictSame(entered, ['in', 'next: overloaded'])
  gate.leave('a')
  await waiting
  t.strictSame(entered.at(-1), 'waiting')
  const none = open({ slots: 1, places: 0 })
  await enter(none, entered, 'in')
  await enter(none, entered, 'nowhere')
  t.equal(entered.at(-1), 'nowhere: overloaded', 'there need be no line')
})

t.test(
  'chat states wait up to a quarter of the line, receipts to half, content to its end',
  (t) => {
    const gate = open({ slots: 1 })
    void gate.enter(of('a'), peer)
    const room = (priority: Priority) => !gate.isFull(of('a', priority))
    const seen: string[] = []
    for (let waiting = 0; waiting <= 8; waiting += 1) {
      seen.push(`${waiting} ${room('low')} ${room('normal')} ${room('high')}`)
      if (waiting < 8) void enter(gate, [], '')
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
    for (let left = 0; left <= 8; left += 1) gate.leave('a')
    t.end()
  },
)

t.test('who waits too long is refused: by the queue’s time, or by the own deadline', async (t) => {
  const entered: string[] = []
  const gate = open({ slots: 1, waitMs: 40 })
  void gate.enter(of('a'), peer)
  await enter(gate, entered, 'patient')
  await enter(gate, entered, 'hasty', termsOf(20))
  t.strictSame(entered, ['patient: overloaded', 'hasty: deadline-exceeded'])
  gate.leave('a')
  t.equal(gate.enter(of('a'), peer), undefined, 'they hold nothing any more')
})

t.test('who has hung up is passed over', async (t) => {
  const gate = open({ slots: 1 })
  void gate.enter(of('a'), peer)
  const entered: string[] = []
  const connection = { destroyed: false }
  const waits = [
    enter(gate, entered, 'gone', termsOf(10_000, { connection })),
    enter(gate, entered, 'next'),
  ]
  connection.destroyed = true
  gate.leave('a')
  await Promise.all(waits)
  t.strictSame(entered.sort(), ['gone: overloaded', 'next'])
})

t.test('one account holds no more than its share, in flight and in line', async (t) => {
  const gate = open({ slots: 4, places: 4, accountShare: 0.5 })
  const entered: string[] = []
  const waits = ['1', '2', '3', '4', '5'].map((name) => enter(gate, entered, `a${name}`))
  await delay(0)
  t.strictSame(entered, ['a1', 'a2', 'a5: overloaded'])
  t.notOk(gate.isFull(of('b')))
  await enter(gate, entered, 'b1', of('b'))
  await enter(gate, entered, 'b2', of('b'))
  t.strictSame(entered.slice(3), ['b1', 'b2'], 'another account passes those who wait')
  const c = enter(gate, entered, 'c', of('c'))
  gate.leave('b')
  await c
  t.equal(entered.at(-1), 'c', 'also out of the line, while a holds its share')
  gate.leave('a')
  await waits[2]
  gate.leave('a')
  await waits[3]
  t.strictSame(entered.slice(-2), ['a3', 'a4'])
  for (const account of ['a', 'a', 'b', 'c']) gate.leave(account)
  t.equal(gate.enter(of('a'), peer), undefined)
  const tiny = open({ slots: 1, accountShare: 0.01 })
  t.equal(tiny.enter(of('a'), peer), undefined, 'an account can always use one')
})
