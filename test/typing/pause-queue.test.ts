import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import type { SendSuccess } from '../../src/liveengage/answers.ts'
import type { Caller } from '../../src/liveengage/caller.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { Problem } from '../../src/problems/problem.ts'
import { type Pause, PauseQueue } from '../../src/typing/pause-queue.ts'
import { controlTimers } from '../timers.ts'

const caller: Caller = {
  accountId: '12345678',
  credentials: undefined,
  appJwt: 'app.jwt.one',
  consumerJws: 'consumer.jws.one',
  consumerId: '+4915112345678',
  clientProperties: undefined,
}

const success: SendSuccess = { sequence: 0, body: {} }

type Answer = { resolve: () => void; reject: (error: unknown) => void }

/** The PAUSEs with a client that answers when told to, or always the same. */
function setUp(answer?: () => Promise<SendSuccess>, atOnce = 32) {
  const sent: { event: unknown; dialogId: string; caller: Caller; inMs: number }[] = []
  const answers: Answer[] = []
  const logs: Record<string, unknown>[] = []
  const pauses = new PauseQueue({
    client: {
      send(command, { caller, terms }) {
        const { dialogId, event } = Object(command.body)
        sent.push({ event, dialogId, caller, inMs: terms.deadline - performance.now() })
        if (answer !== undefined) return answer()
        return new Promise((resolve, reject) => {
          answers.push({ resolve: () => resolve(success), reject })
        })
      },
    },
    timeoutMs: 10_000,
    atOnce,
    logger: createLogger('trace', { write: (line: string) => void logs.push(JSON.parse(line)) }),
  })
  const tried: [string, boolean][] = []
  /** One that is armed again after each attempt that may help, as typing does it. */
  const pauseIn = (ms: number, dialogId = 'c1'): Pause => {
    const pause: Pause = {
      dialogId,
      caller,
      dueAt: performance.now() + ms,
      attempts: 0,
      isUnderWay: false,
      onTried: (isOver) => {
        tried.push([dialogId, isOver])
        if (!isOver) pauses.arm(pause)
      },
    }
    return pause
  }
  return {
    pauses,
    sent,
    answers,
    logs,
    tried,
    pauseIn,
    dialogs: () => sent.map((each) => each.dialogId),
  }
}

const accept = async () => success

test('a PAUSE is sent when it is due, for the caller of the typing call, within one time-out', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, tried, logs, pauseIn } = setUp(accept)
  pauses.arm(pauseIn(60_000))
  await timers.pass(59_950)
  t.strictSame(sent, [])
  await timers.pass(50)
  t.strictSame(sent, [
    {
      event: { type: 'ChatStateEvent', chatState: 'PAUSE' },
      dialogId: 'c1',
      caller,
      inMs: 10_000,
    },
  ])
  t.strictSame(tried, [['c1', true]])
  t.match(logs, [{ level: 'debug', accountId: '12345678', attempt: 1, msg: 'typing ended' }])
  t.equal(logs.length, 1)
  t.notMatch(JSON.stringify(logs), /4915|jwt|jws|c1/)
})

test('one that is past is sent at once, one that is disarmed never', async (t) => {
  const timers = controlTimers(t)
  const { pauses, dialogs, pauseIn } = setUp(accept)
  const disarmed = pauseIn(1_000, 'disarmed')
  pauses.arm(pauseIn(-5_000, 'past'))
  pauses.arm(disarmed)
  pauses.arm(disarmed)
  await timers.pass(1)
  t.strictSame(dialogs(), ['past'])
  pauses.disarm(disarmed)
  pauses.disarm(disarmed)
  await timers.pass(2_000)
  t.strictSame(dialogs(), ['past'])
})

for (const code of ['liveengage-unreachable', 'liveengage-timeout', 'rate-limited'] as const) {
  test(`after ${code} it is tried again after 1 s, then after 2 s, and no more`, async (t) => {
    const timers = controlTimers(t)
    const { pauses, sent, tried, logs, pauseIn } = setUp(() =>
      Promise.reject(new Problem(code, { cause: new Error('the cause') })),
    )
    const at: number[] = []
    pauses.arm(pauseIn(1_000))
    for (let ms = 50; ms <= 20_000; ms += 50) {
      const before = sent.length
      await timers.pass(50)
      if (sent.length > before) at.push(ms)
    }
    t.strictSame(at, [1_000, 2_000, 4_000], code)
    t.strictSame(
      tried.map(([, isOver]) => isOver),
      [false, false, true],
    )
    t.strictSame(
      logs.map(({ level, attempt, code, cause, msg }) => ({ level, attempt, code, cause, msg })),
      [1, 2, 3].map((attempt) => ({
        level: 'warn',
        attempt,
        code,
        cause: 'the cause',
        msg: 'typing was not ended',
      })),
    )
    t.notMatch(JSON.stringify(logs), /4915|jwt|jws|c1/)
  })
}

for (const [error, code] of [
  [new Problem('conversation-closed'), 'conversation-closed'],
  [new Problem('app-jwt-invalid'), 'app-jwt-invalid'],
  [new TypeError('a bug'), 'internal-error'],
] as const) {
  test(`after ${code} it is not tried again`, async (t) => {
    const timers = controlTimers(t)
    const { pauses, sent, tried, logs, pauseIn } = setUp(() => Promise.reject(error))
    pauses.arm(pauseIn(1_000))
    await timers.pass(10_000)
    t.equal(sent.length, 1)
    t.strictSame(tried, [['c1', true]])
    t.match(logs, [{ level: 'warn', code, msg: 'typing was not ended' }])
  })
}

test('one that is under way is neither armed nor sent a second time', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, answers, tried, pauseIn } = setUp()
  const pause = pauseIn(1_000)
  pauses.arm(pause)
  pauses.arm(pause)
  await timers.pass(1_000)
  pauses.arm(pause)
  pauses.sendNow(pause)
  await timers.pass(5_000)
  t.equal(sent.length, 1)
  answers.at(0)?.resolve()
  await timers.pass(5_000)
  t.strictSame(tried, [['c1', true]])
  await pauses.flush()
  t.equal(sent.length, 1, 'none is left')
})

test('10,000 are armed at most: the next sends the oldest early', async (t) => {
  const timers = controlTimers(t)
  const { pauses, dialogs, pauseIn } = setUp(accept)
  for (let index = 0; index < 10_000; index += 1) pauses.arm(pauseIn(60_000, `dialog-${index}`))
  await timers.pass(1_000)
  t.strictSame(dialogs(), [])
  pauses.arm(pauseIn(5_000, 'dialog-10000'))
  t.strictSame(dialogs(), ['dialog-0'])
  pauses.arm(pauseIn(5_000, 'dialog-10001'))
  t.strictSame(dialogs(), ['dialog-0', 'dialog-1'])
  await timers.pass(5_000)
  t.strictSame(dialogs().slice(2), ['dialog-10000', 'dialog-10001'], 'the newest stay armed')
  await timers.pass(60_000)
  t.equal(new Set(dialogs()).size, 10_002)
  t.equal(dialogs().length, 10_002)
})

test('a flush sends all that are armed, 32 at a time, each once', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, answers, dialogs, tried, pauseIn } = setUp()
  for (let index = 0; index < 100; index += 1) pauses.arm(pauseIn(10_000, `dialog-${index}`))
  let isOver = false
  const flushed = pauses.flush().then(() => {
    isOver = true
  })
  await timers.pass(20_000)
  t.equal(sent.length, 32, 'the timers no longer count')
  for (let index = 0; index < 100; index += 1) {
    t.ok(sent.length - index <= 32)
    const answer = answers.at(index)
    if (index % 2 === 0) answer?.resolve()
    else answer?.reject(new Problem('liveengage-unreachable'))
    await setImmediate()
    t.equal(isOver, index === 99)
  }
  await flushed
  t.equal(new Set(dialogs()).size, 100)
  t.equal(tried.length, 100)
  await timers.pass(20_000)
  t.equal(sent.length, 100)
})

test('what is armed once a flush has begun is sent at once, and waited for', async (t) => {
  controlTimers(t)
  const { pauses, answers, dialogs, pauseIn } = setUp()
  await pauses.flush()
  pauses.arm(pauseIn(60_000, 'late'))
  t.strictSame(dialogs(), ['late'])
  let isOver = false
  const flushed = pauses.flush().then(() => {
    isOver = true
  })
  pauses.arm(pauseIn(60_000, 'later'))
  answers.at(0)?.resolve()
  await setImmediate()
  t.notOk(isOver)
  answers.at(1)?.reject(new Problem('liveengage-timeout'))
  await flushed
  t.strictSame(dialogs(), ['late', 'later'])
})

test('however many are due together, only so many are under way, in the order of their times', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, answers, dialogs, pauseIn } = setUp(undefined, 3)
  for (let index = 0; index < 10; index += 1) pauses.arm(pauseIn(1_000, `dialog-${index}`))
  const calledOff = pauseIn(1_000, 'called off')
  pauses.arm(calledOff)
  const early = pauseIn(60_000, 'early')
  pauses.arm(early)
  await timers.pass(1_000)
  t.equal(sent.length, 3)
  t.equal(pauses.size, 9, 'those that wait for their turn count')
  pauses.sendNow(early)
  pauses.sendNow(early)
  t.equal(sent.length, 3, 'what need not wait for its time waits for its turn')
  pauses.disarm(calledOff)
  for (let index = 0; index < 11; index += 1) {
    t.ok(sent.length - index <= 3)
    answers.at(index)?.resolve()
    await setImmediate()
  }
  t.strictSame(dialogs(), [...Array.from({ length: 10 }, (_, index) => `dialog-${index}`), 'early'])
})

test('a flush waits for what is under way and does not try it again', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, answers, pauseIn } = setUp()
  pauses.arm(pauseIn(1_000))
  await timers.pass(1_000)
  let isOver = false
  const flushed = pauses.flush().then(() => {
    isOver = true
  })
  await timers.pass(1_000)
  t.notOk(isOver)
  answers.at(0)?.reject(new Problem('liveengage-timeout'))
  await flushed
  await timers.pass(10_000)
  t.equal(sent.length, 1)
})

test('one that a flush could not send is given up, and counted so', async (t) => {
  const { pauses, tried, pauseIn } = setUp(async () => {
    throw new Problem('liveengage-unreachable')
  })
  pauses.arm(pauseIn(60_000))
  await pauses.flush()
  t.strictSame(tried, [['c1', true]])
  t.strictSame(pauses.counts, { sent: 0, retried: 0, failed: 1 })
  t.equal(pauses.size, 0)
})

test('a wait for the next attempt is cut short by a flush', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, answers, pauseIn } = setUp()
  pauses.arm(pauseIn(1_000))
  await timers.pass(1_000)
  answers.at(0)?.reject(new Problem('liveengage-timeout'))
  await timers.pass(500)
  const flushed = pauses.flush()
  t.equal(sent.length, 2)
  answers.at(1)?.resolve()
  await flushed
})

test('closed, it sends no more, ends a flush, and says how many dialogs it leaves', async (t) => {
  const timers = controlTimers(t)
  const { pauses, sent, answers, logs, pauseIn } = setUp()
  for (let index = 0; index < 50; index += 1) pauses.arm(pauseIn(1_000, `dialog-${index}`))
  const flushed = pauses.flush()
  pauses.close()
  pauses.close()
  for (const answer of answers) answer.reject(new Problem('liveengage-failed'))
  await flushed
  pauses.arm(pauseIn(0, 'late'))
  await timers.pass(10_000)
  t.equal(sent.length, 32)
  t.strictSame(
    logs
      .filter(({ msg }) => msg === 'typing goes on showing')
      .map(({ level, dialogs }) => [level, dialogs]),
    [['warn', 18]],
  )
})

test('a timer keeps no process alive', async (t) => {
  const { pauses, pauseIn } = setUp(accept)
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  pauses.arm(pauseIn(60_000))
  const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  t.equal(after, before)
  pauses.close()
})
