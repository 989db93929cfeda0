import { setImmediate } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { chatState } from '../../src/actions/set-chat-state.ts'
import type { Caller } from '../../src/liveengage/caller.ts'
import type { Command } from '../../src/liveengage/client.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { Problem } from '../../src/problems/problem.ts'
import { type ConsumerConversation, TypingExpiries } from '../../src/typing/typing-expiry.ts'
import { controlTimers } from '../timers.ts'

const caller: Caller = {
  accountId: '12345678',
  credentials: undefined,
  appJwt: 'app.jwt.one',
  consumerJws: 'consumer.jws.one',
  consumerId: undefined,
  clientProperties: '{"type":".ClientProperties"}',
}
const here: ConsumerConversation = { caller, conversationId: 'c1' }

const composing = chatState('c1', 'COMPOSING')
const text = (dialogId = 'c1'): Command => ({
  type: 'ms.PublishEvent',
  body: { dialogId, event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' } },
})
const close = update({ field: 'ConversationStateField', conversationState: 'CLOSE' })
const closeDialog = (dialogId: string) =>
  update({
    field: 'DialogChange',
    type: 'UPDATE',
    dialog: { dialogId, state: 'CLOSE', closedCause: 'Closed by consumer' },
  })

type Change = Extract<Command, { type: 'cm.UpdateConversationField' }>['body']['conversationField']

function update(conversationField: Change): Command {
  return {
    type: 'cm.UpdateConversationField',
    body: { conversationId: 'c1', conversationField },
  }
}

type Answer = { resolve: () => void; reject: (error: unknown) => void }

/** A call to LiveEngage, under way until it is told its outcome. */
type UnderWay = {
  accept(): Promise<void>
  fail(error: unknown): Promise<void>
}

function underWay(send: (wait: () => Promise<void>) => Promise<void>): UnderWay {
  const answers: Answer[] = []
  const done = send(() => new Promise((resolve, reject) => answers.push({ resolve, reject })))
  const settled = done.catch(() => undefined)
  return {
    accept() {
      for (const { resolve } of answers) resolve()
      return done
    },
    async fail(error) {
      for (const { reject } of answers) reject(error)
      await settled
    },
  }
}

/** Typing with timers that the test moves; the PAUSEs are accepted at once unless `arePausesHeld`. */
function setUp(t: Test, { arePausesHeld = false } = {}) {
  const timers = controlTimers(t)
  const pauses: { dialogId: string; caller: Caller }[] = []
  const answers: Answer[] = []
  const typing = new TypingExpiries({
    client: {
      async send({ body }, { caller }) {
        pauses.push({ dialogId: Object(body).dialogId, caller })
        if (arePausesHeld) {
          await new Promise<void>((resolve, reject) => answers.push({ resolve, reject }))
        }
        return { sequence: 0, body: {} }
      },
    },
    timeoutMs: 10_000,
    atOnce: 32,
    logger: createLogger('silent'),
  })
  const begin = (command: Command, expirySeconds?: number, place = here) =>
    underWay((wait) => typing.follow({ ...place, command, expirySeconds }, wait))
  return {
    ...timers,
    typing,
    begin,
    /** One that is accepted at once. */
    done: (...call: Parameters<typeof begin>) => begin(...call).accept(),
    dialogs: () => pauses.map(({ dialogId }) => dialogId),
    pauses,
    answers,
  }
}

const notSent = new Problem('liveengage-unreachable')
const unknown = new Problem('liveengage-timeout')

test('PAUSE follows after the time, counted from the acceptance, for whom the typing was', async (t) => {
  const { begin, pass, pauses } = setUp(t)
  const call = begin(composing, 5)
  await pass(3_000)
  await call.accept()
  await pass(4_950)
  t.strictSame(pauses, [])
  await pass(50)
  t.strictSame(pauses, [{ dialogId: 'c1', caller }])
  await pass(120_000)
  t.equal(pauses.length, 1)
})

test('it follows too where the outcome is unknown, and not where nothing was sent', async (t) => {
  for (const [error, expected] of [
    [unknown, 1],
    [new TypeError('a bug'), 1],
    [notSent, 0],
    [new Problem('conversation-closed'), 0],
  ] as const) {
    await t.test(error.name, async (t) => {
      const { begin, pass, pauses, typing } = setUp(t)
      await begin(composing, 5).fail(error)
      await pass(60_000)
      t.equal(pauses.length, expected)
      const call = { ...here, command: composing, expirySeconds: 5 }
      await t.rejects(
        typing.follow(call, () => Promise.reject(error)),
        error,
        'the caller gets it',
      )
    })
  }
})

test('without a time nothing is remembered and nothing is sent later', async (t) => {
  const { done, pass, pauses } = setUp(t)
  await done(composing)
  await done(text())
  await pass(120_000)
  t.strictSame(pauses, [])
})

for (const state of ['COMPOSING', 'PAUSE', 'ACTIVE', 'INACTIVE', 'GONE'] as const) {
  test(`${state} without a time disarms the timer when its call arrives`, async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    await pass(4_950)
    const call = begin(chatState('c1', state))
    await pass(9_000)
    t.strictSame(pauses, [])
    await call.accept()
    await pass(60_000)
    t.strictSame(pauses, [])
  })
}

test('typing again puts its own time in the place of the old one', async (t) => {
  const { done, pass, pauses } = setUp(t)
  await done(composing, 5)
  await pass(3_000)
  await done(composing, 10)
  await pass(9_950)
  t.strictSame(pauses, [])
  await pass(50)
  t.equal(pauses.length, 1)
  await pass(60_000)
  t.equal(pauses.length, 1)
})

test('the old time holds again where the newer call was not sent: what is left of it', async (t) => {
  for (const [underWayMs, leftMs] of [
    [2_000, 2_000],
    [3_950, 50],
    [4_000, 1],
    [20_000, 1],
  ] as const) {
    await t.test(`${underWayMs} ms`, async (t) => {
      const { begin, done, pass, pauses } = setUp(t)
      await done(composing, 5)
      await pass(1_000)
      const call = begin(composing, 30)
      await pass(underWayMs)
      t.strictSame(pauses, [])
      await call.fail(notSent)
      await pass(leftMs - 1)
      t.strictSame(pauses, [])
      await pass(1)
      t.equal(pauses.length, 1)
      await pass(60_000)
      t.equal(pauses.length, 1)
    })
  }
})

test('the old time is over where the outcome of the newer call is unknown', async (t) => {
  const { begin, done, pass, pauses } = setUp(t)
  await done(composing, 5)
  await begin(chatState('c1', 'ACTIVE')).fail(unknown)
  await pass(60_000)
  t.strictSame(pauses, [])
})

test('of calls side by side the one that came last counts, whoever is answered first', async (t) => {
  await t.test('the later first', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const [first, second] = [begin(composing, 10), begin(composing)]
    await second.accept()
    await first.accept()
    await pass(60_000)
    t.strictSame(pauses, [], 'typing without a time goes on')
  })
  await t.test('the earlier first, the later not sent', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const [first, second] = [begin(composing, 10), begin(composing)]
    await first.accept()
    await pass(4_000)
    await second.fail(notSent)
    await pass(5_950)
    t.strictSame(pauses, [])
    await pass(50)
    t.equal(pauses.length, 1)
  })
  await t.test('the earlier not sent, the later without a time', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const [first, second] = [begin(composing, 10), begin(composing)]
    await first.fail(notSent)
    await pass(20_000)
    await second.accept()
    await pass(60_000)
    t.strictSame(pauses, [])
  })
  await t.test('neither sent', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const [first, second] = [begin(composing, 10), begin(composing)]
    await second.fail(notSent)
    await first.fail(notSent)
    await pass(5_000)
    t.equal(pauses.length, 1)
  })
  await t.test('the earlier without a time, the later not sent', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const [first, second] = [begin(composing), begin(composing, 10)]
    await first.accept()
    await second.fail(notSent)
    await pass(60_000)
    t.strictSame(pauses, [])
  })
})

test('a message that was accepted ends typing at once, and does not wait for it', async (t) => {
  const { begin, done, pass, pauses } = setUp(t, { arePausesHeld: true })
  await done(composing, 60)
  const message = begin(text())
  await pass(1_000)
  t.strictSame(pauses, [])
  await message.accept()
  t.strictSame(pauses, [{ dialogId: 'c1', caller }], 'sent, not answered')
  await pass(120_000)
  t.equal(pauses.length, 1, 'the timer is disarmed')
})

test('the PAUSE after a message is tried again as any other', async (t) => {
  const { done, pass, pauses, answers } = setUp(t, { arePausesHeld: true })
  await done(composing, 60)
  await done(text())
  answers.at(0)?.reject(unknown)
  await setImmediate()
  await pass(1_000)
  t.equal(pauses.length, 2)
})

test('a message that was not accepted leaves typing as it is', async (t) => {
  const { begin, done, pass, pauses } = setUp(t)
  await done(composing, 5)
  for (const error of [notSent, unknown, new TypeError('a bug')]) await begin(text()).fail(error)
  await pass(4_950)
  t.strictSame(pauses, [])
  await pass(50)
  t.equal(pauses.length, 1)
})

test('a message ends only the typing that was there when it came', async (t) => {
  await t.test('not one that began later', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const message = begin(text())
    await done(composing, 10)
    await message.accept()
    await pass(9_950)
    t.strictSame(pauses, [])
    await pass(50)
    t.equal(pauses.length, 1)
  })
  await t.test('not one before which there was none', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(chatState('other', 'COMPOSING'), 60)
    const message = begin(text())
    await done(composing, 5)
    await message.accept()
    t.strictSame(pauses, [])
    await pass(5_000)
    t.equal(pauses.length, 1)
  })
  await t.test('not one that another call ended meanwhile', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const message = begin(text())
    await done(composing)
    await message.accept()
    await pass(60_000)
    t.strictSame(pauses, [])
  })
  await t.test('not one that its timer ended meanwhile', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 5)
    const message = begin(text())
    await pass(5_000)
    t.equal(pauses.length, 1)
    await message.accept()
    await pass(60_000)
    t.equal(pauses.length, 1)
  })
  await t.test('not one whose PAUSE is under way', async (t) => {
    const { begin, done, pass, pauses } = setUp(t, { arePausesHeld: true })
    await done(composing, 5)
    const message = begin(text())
    await pass(5_000)
    await message.accept()
    await done(text())
    await pass(60_000)
    t.equal(pauses.length, 1)
  })
})

test('a message between two typing calls ends the first where the second was not sent', async (t) => {
  for (const [name, order] of [
    ['the message before the second', [0, 1]],
    ['the second before the message', [1, 0]],
  ] as const) {
    await t.test(name, async (t) => {
      const { begin, done, pass, pauses } = setUp(t)
      await done(composing, 60)
      const begun = order.map((index) => [() => begin(text()), () => begin(composing)][index]?.())
      await begun[order.indexOf(0)]?.accept()
      await pass(1_000)
      t.strictSame(pauses, [], 'the second may be showing')
      await begun[order.indexOf(1)]?.fail(notSent)
      await pass(1)
      t.equal(pauses.length, 1)
    })
  }
  await t.test('and not where it was sent', async (t) => {
    const { begin, done, pass, pauses } = setUp(t)
    await done(composing, 60)
    const second = begin(composing)
    await done(text())
    await second.accept()
    await pass(120_000)
    t.strictSame(pauses, [])
  })
})

test('a PAUSE under way when typing begins again is not tried again', async (t) => {
  const { done, pass, pauses, answers } = setUp(t, { arePausesHeld: true })
  await done(composing, 5)
  await pass(5_000)
  t.equal(pauses.length, 1)
  await done(composing, 30)
  answers.at(0)?.reject(unknown)
  await pass(29_950)
  t.equal(pauses.length, 1)
  await pass(50)
  t.equal(pauses.length, 2, 'the newer has its own')
})

test('a PAUSE that waits for its next attempt is called off by another call about typing', async (t) => {
  for (const [name, error, expected] of [
    ['sent', undefined, 1],
    ['not sent', notSent, 2],
  ] as const) {
    await t.test(name, async (t) => {
      const { begin, done, pass, pauses, answers } = setUp(t, { arePausesHeld: true })
      await done(composing, 5)
      await pass(5_000)
      answers.at(0)?.reject(unknown)
      await pass(500)
      const call = begin(composing)
      await pass(5_000)
      t.equal(pauses.length, 1)
      if (error === undefined) await call.accept()
      else await call.fail(error)
      await pass(5_000)
      t.equal(pauses.length, expected)
    })
  }
})

test('a PAUSE that fails while another call is under way waits for its outcome', async (t) => {
  const { begin, done, pass, pauses, answers } = setUp(t, { arePausesHeld: true })
  await done(composing, 5)
  await pass(5_000)
  const call = begin(composing)
  answers.at(0)?.reject(unknown)
  await pass(9_000)
  t.equal(pauses.length, 1)
  await call.fail(notSent)
  await pass(1)
  t.equal(pauses.length, 2)
})

test('a PAUSE that is accepted while another call is under way leaves nothing to end', async (t) => {
  const { begin, done, pass, pauses, answers } = setUp(t, { arePausesHeld: true })
  await done(composing, 5)
  await pass(5_000)
  const call = begin(composing)
  answers.at(0)?.resolve()
  await setImmediate()
  await call.fail(notSent)
  await pass(60_000)
  t.equal(pauses.length, 1)
})

const others: [string, ConsumerConversation][] = [
  ['conversation', { caller, conversationId: 'c2' }],
  ['account', { ...here, caller: { ...caller, accountId: 'other' } }],
  ['ConsumerJWS', { ...here, caller: { ...caller, consumerJws: 'consumer.jws.two' } }],
  [
    'way to name the consumer',
    { ...here, caller: { ...caller, consumerJws: undefined, consumerId: 'ada' } },
  ],
  [
    'id that looks like a ConsumerJWS',
    { ...here, caller: { ...caller, consumerJws: undefined, consumerId: 'consumer.jws.one' } },
  ],
]

for (const [name, place] of others) {
  test(`typing is not another’s: another ${name}`, async (t) => {
    const { done, pass, pauses } = setUp(t)
    await done(composing, 5)
    await done(composing, 10, place)
    for (const command of [composing, text(), close]) await done(command, undefined, place)
    await pass(4_950)
    t.strictSame(pauses, [])
    await pass(50)
    t.strictSame(pauses, [{ dialogId: 'c1', caller }])
  })
}

test('the same consumer id is the same consumer, whatever AppJWT the call has', async (t) => {
  const { done, pauses } = setUp(t)
  const byId = { ...caller, consumerJws: undefined, consumerId: '"],[/ada' }
  await done(composing, 60, { ...here, caller: byId })
  await done(text(), undefined, { ...here, caller: { ...byId, appJwt: 'app.jwt.two' } })
  t.strictSame(pauses, [{ dialogId: 'c1', caller: byId }], 'the PAUSE has the typing call’s own')
})

test('a dialog’s typing is not another dialog’s', async (t) => {
  const { done, pass, dialogs } = setUp(t)
  await done(composing, 5)
  await done(chatState('survey', 'COMPOSING'), 10)
  await done(text('survey'))
  t.strictSame(dialogs(), ['survey'])
  await pass(5_000)
  t.strictSame(dialogs(), ['survey', 'c1'])
})

test('a conversation that was closed has no typing in any dialog, and gets no PAUSE', async (t) => {
  const { begin, done, pass, pauses } = setUp(t)
  await done(composing, 5)
  await done(chatState('survey', 'COMPOSING'), 5)
  const typing = begin(composing, 5)
  await done(close)
  await typing.accept()
  await pass(60_000)
  t.strictSame(pauses, [])
})

test('a dialog that was closed takes its own typing alone', async (t) => {
  const { done, pass, dialogs } = setUp(t)
  await done(composing, 5)
  await done(chatState('survey', 'COMPOSING'), 5)
  await done(closeDialog('c1'))
  await pass(60_000)
  t.strictSame(dialogs(), ['survey'])
})

test('a conversation that was not closed keeps its typing', async (t) => {
  const { begin, done, pass, pauses } = setUp(t)
  await done(composing, 5)
  await begin(close).fail(notSent)
  await begin(closeDialog('c1')).fail(unknown)
  await pass(5_000)
  t.equal(pauses.length, 1)
})

test('what has nothing to do with typing leaves it alone', async (t) => {
  const { done, pass, pauses } = setUp(t)
  await done(composing, 5)
  const receipt = { type: 'AcceptStatusEvent', status: 'READ', sequenceList: [1] } as const
  await done({
    type: 'ms.PublishEvent',
    body: { dialogId: 'c1', event: { ...receipt, sequenceList: [1] } },
  })
  await done(update({ field: 'TTRField', ttrType: 'URGENT', value: 1 }))
  await done({ type: 'userprofile.SetUserProfile', body: {} })
  await pass(4_950)
  t.strictSame(pauses, [])
  await pass(50)
  t.equal(pauses.length, 1)
})

/** The same place, and what is asked of its caller. */
function watched(): { place: ConsumerConversation; asked: string[] } {
  const asked: string[] = []
  const watchedCaller = new Proxy(caller, {
    get(target, name) {
      asked.push(String(name))
      return Reflect.get(target, name)
    },
  })
  return { place: { ...here, caller: watchedCaller }, asked }
}

test('with nothing to end, a call costs no digest: nobody asks who the consumer is', async (t) => {
  const { done, pass, pauses } = setUp(t)
  const { place, asked } = watched()
  const callAll = async () => {
    for (const command of [composing, text(), close]) await done(command, undefined, place)
  }
  await callAll()
  t.strictSame(asked, [])
  await done(composing, 5)
  await done(text(), undefined, place)
  t.ok(asked.includes('consumerJws'), 'else this test would see nothing')
  t.equal(pauses.length, 1)
  await pass(1)
  asked.length = 0
  await callAll()
  t.strictSame(asked, [], 'what has ended is forgotten')
})

test('typing that LiveEngage took as its conversation was closed leaves nothing behind', async (t) => {
  const { begin, done } = setUp(t)
  const typing = begin(composing, 5)
  await done(close)
  await typing.accept()
  const { place, asked } = watched()
  await done(text(), undefined, place)
  t.strictSame(asked, [])
})

test('of 10,001 dialogs the oldest is ended early', async (t) => {
  const { done, pass, dialogs } = setUp(t)
  for (let index = 0; index < 10_000; index += 1)
    await done(chatState(`d${index}`, 'COMPOSING'), 60)
  t.strictSame(dialogs(), [])
  await done(chatState('d10000', 'COMPOSING'), 60)
  t.strictSame(dialogs(), ['d0'])
  await pass(60_000)
  t.equal(dialogs().length, 10_001)
})

test('a flush ends what is armed, and what comes then at once', async (t) => {
  const { done, pass, typing, dialogs } = setUp(t)
  await done(composing, 60)
  await done(chatState('survey', 'COMPOSING'), 60)
  await typing.flush()
  t.strictSame(dialogs(), ['c1', 'survey'])
  await done(composing, 5)
  t.strictSame(dialogs(), ['c1', 'survey', 'c1'])
  await pass(60_000)
  t.equal(dialogs().length, 3)
})

test('stopped, nothing is sent any more', async (t) => {
  const { done, pass, typing, pauses } = setUp(t)
  await done(composing, 5)
  typing.stop()
  await done(composing, 5)
  await pass(60_000)
  t.strictSame(pauses, [])
})
