/** An upstream that fails all the time is soon left alone, and found again when it has healed. */
import { setTimeout } from 'node:timers/promises'
import type { Answer } from '../client.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../fault.ts'
import { round } from '../figures.ts'
import { Gate } from '../gate.ts'
import { compose } from '../message.ts'

const everyMs = 40
const deadlineMs = 2_000
/** Probes, and what was on its way when it opened. */
const mostAfterOpening = 10
/** It is open for 10 s +-20 % at the most here: once for 5 s, and doubled after the first probes failed. */
const mostMsUntilBack = 13_000
const successesForBack = 5

const fails: Fault = {
  class: 'breaker',
  name: '500 to everything',
  deadline: 'normal',
  weight: 1,
  play: async (exchange) => {
    if (await exchange.read()) exchange.answer(500, { code: 500, body: {} })
  },
}

/** The caller is told `circuit-open` for a while after that. */
const recovered: Fault = { class: 'breaker', name: 'healed', deadline: 'normal', weight: 0 }

export async function breaker(context: Context): Promise<void> {
  const { upstream, size, oracle, marks, report } = context
  const gate = await context.host('breaker', new Gate({ open: (socket) => upstream.serve(socket) }))
  const running = await context.start([gate])
  let sent = 0
  let isOpen = false
  let arrivedBefore = 0
  const send = async (fault: Fault): Promise<Answer | undefined> => {
    sent += 1
    const id = `breaker-${sent}`
    oracle.expect(id, 'breaker', fault)
    upstream.plan(id, [fault])
    const answer = await running.client.call(compose(marks, id, 'breaker', deadlineMs))
    oracle.answered(id, answer)
    return answer
  }
  const arrivals = () =>
    oracle.of('breaker').reduce((total, message) => total + message.arrivals, 0)

  const failing: Promise<unknown>[] = []
  const heals = performance.now() + size.breakerFailsMs
  while (performance.now() < heals) {
    const noted = send(fails).then((answer) => {
      if (isOpen || answer?.problem?.code !== 'circuit-open') return
      isOpen = true
      arrivedBefore = arrivals()
    })
    failing.push(noted)
    await setTimeout(everyMs)
  }
  await Promise.all(failing)
  const arrivedAfter = isOpen ? arrivals() - arrivedBefore : arrivals()
  const healed = performance.now()
  let successes = 0
  while (successes < successesForBack && performance.now() < healed + 2 * mostMsUntilBack) {
    successes = (await send(recovered))?.status === 201 ? successes + 1 : 0
    await setTimeout(everyMs)
  }
  const backMs = performance.now() - healed
  await context.stop(running)
  gate.close()

  const figures = { sent: failing.length, beforeOpening: arrivedBefore, arrivedAfter }
  report.figures['breaker'] = { ...figures, backAfterMs: Math.round(backMs) }
  report.promise(
    'an upstream that always fails is left alone',
    isOpen && arrivedAfter <= mostAfterOpening,
    isOpen ? `${arrivedAfter} more` : 'never',
    `at most ${mostAfterOpening} more`,
    `of ${failing.length} sent`,
  )
  const isBack = successes === successesForBack && backMs <= mostMsUntilBack
  report.promise(
    'and found again when it has healed',
    isBack,
    `${round(backMs / 1000)} s`,
    `${mostMsUntilBack / 1000} s`,
  )
}
