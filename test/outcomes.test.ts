import t from 'tap'
import { type Outcome, Outcomes } from '../src/outcomes.ts'
import { controlClock } from './liveengage/fixtures/clock.ts'

const outcome = (payload: Outcome['payload'] = ''): Outcome => ({
  status: 201,
  contentType: undefined,
  location: undefined,
  payload,
})

/** Claims a key and ends the claim at once. */
function finish(outcomes: Outcomes, scope: string, ended: Outcome | undefined): void {
  outcomes.claim(scope, 'print')
  outcomes.settle(scope, 'print', ended)
}

t.test('a key in flight is in use for the same request and reused by any other', (t) => {
  const outcomes = new Outcomes()
  t.equal(outcomes.claim('a', 'print'), undefined)
  t.throws(() => outcomes.claim('a', 'print'), { code: 'idempotency-key-in-use' })
  t.throws(() => outcomes.claim('a', 'other'), { code: 'idempotency-key-reused' })
  t.equal(outcomes.claim('b', 'other'), undefined, 'another key is free')
  t.end()
})

t.test('a key that is settled has its outcome, and none for another request', (t) => {
  const outcomes = new Outcomes()
  const ended = outcome('x')
  finish(outcomes, 'a', ended)
  for (const _ of [1, 2]) t.equal(outcomes.claim('a', 'print'), ended)
  t.throws(() => outcomes.claim('a', 'other'), { code: 'idempotency-key-reused' })
  outcomes.settle('a', 'print', undefined)
  t.equal(outcomes.claim('a', 'other'), undefined, 'an outcome can be taken back')
  t.end()
})

t.test('a key that is settled without an outcome is free, for another request too', (t) => {
  const outcomes = new Outcomes()
  finish(outcomes, 'a', undefined)
  t.equal(outcomes.claim('a', 'other'), undefined)
  t.end()
})

t.test('a key is known from its claim on, as long as something came of it', (t) => {
  const outcomes = new Outcomes()
  t.notOk(outcomes.has('a'))
  outcomes.claim('a', 'print')
  t.ok(outcomes.has('a'), 'in flight')
  outcomes.settle('a', 'print', outcome())
  t.ok(outcomes.has('a'), 'finished')
  outcomes.settle('a', 'print', undefined)
  t.notOk(outcomes.has('a'), 'not sent')
  t.end()
})

t.test('the 10,001st outcome drops the one used longest ago, never a key in flight', (t) => {
  const outcomes = new Outcomes()
  const ended = outcome()
  outcomes.claim('in flight', 'print')
  for (let n = 0; n < 10_000; n += 1) finish(outcomes, `key ${n}`, ended)
  t.equal(outcomes.claim('key 0', 'print'), ended, 'all 10,000 are kept')
  finish(outcomes, 'one more', ended)
  t.equal(outcomes.claim('key 0', 'print'), ended, 'it has been used since')
  t.equal(outcomes.claim('key 1', 'print'), undefined)
  t.equal(outcomes.claim('key 2', 'print'), ended)
  t.throws(() => outcomes.claim('in flight', 'print'), { code: 'idempotency-key-in-use' })
  t.end()
})

t.test('outcomes hold 16 MiB at most, their keys included', (t) => {
  for (const payload of ['x'.repeat(65_536), new Uint8Array(65_536), 'ä'.repeat(32_768)]) {
    const outcomes = new Outcomes()
    const ended = outcome(payload)
    outcomes.claim('in flight', 'print')
    for (let n = 0; n < 256; n += 1) finish(outcomes, `key ${n}`, ended)
    t.equal(outcomes.claim('key 0', 'print'), undefined, '256 × 64 KiB and 256 keys are too much')
    t.equal(outcomes.claim('key 1', 'print'), ended)
    t.throws(() => outcomes.claim('in flight', 'print'), { code: 'idempotency-key-in-use' })
  }
  t.end()
})

t.test(
  'an outcome is kept for ten minutes from its end, however often it is asked for',
  async (t) => {
    const clock = controlClock(t)
    const outcomes = new Outcomes()
    const ended = outcome()
    outcomes.claim('in flight', 'print')
    finish(outcomes, 'a', ended)
    for (const _ of [1, 2]) {
      await clock.pass(4 * 60_000)
      t.equal(outcomes.claim('a', 'print'), ended)
    }
    await clock.pass(2 * 60_000)
    t.equal(outcomes.claim('a', 'other'), undefined, 'the key is free')
    await clock.pass(60 * 60_000)
    const again = () => outcomes.claim('in flight', 'print')
    t.throws(again, { code: 'idempotency-key-in-use' }, 'a key in flight has no age')
  },
)
