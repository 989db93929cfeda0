/**
 * A process that lacks what the system gives, under load: files to open, or room on the disk behind its log. A caller sends again what
 * was not sent. Nothing goes out twice, and all of it in the end.
 */
import { setTimeout } from 'node:timers/promises'
import { type Answer, Client } from '../client.ts'
import type { Context, Running } from '../context.ts'
import type { Fault } from '../fault.ts'
import { countBy } from '../figures.ts'
import { Gate } from '../gate.ts'
import { compose } from '../message.ts'
import type { Scarcity } from '../proxy.ts'
import { Reading, readMetrics } from '../reading.ts'
import { saidBy } from '../verdict.ts'

/** Each keeps connections of its own. */
const hosts = 4
const callers = 40
const deadlineMs = 4_000
const longestAnswerMs = 60
const lostShare = 0.05
const mostTries = 100
const pauseMs = 50

/** Fewer than so many callers and their calls to LiveEngage need. */
const openFiles = 96

type Suffered = {
  running: Running
  /** Of all answers. */
  codes: ReadonlyMap<string, number>
}

export async function scarce(context: Context): Promise<void> {
  const { report } = context
  await suffer(context, 'files', { openFiles }, async ({ codes }) => {
    const lacks = codes.get('503 overloaded') ?? 0
    report.promise('messages met a lack of files', lacks > 0, lacks, 'at least 1')
    const blamed = codes.get('503 liveengage-unreachable') ?? 0
    report.promise('a lack of files is no fault of LiveEngage', blamed === 0, blamed, 0)
  })
  await suffer(context, 'disk', { isDiskFull: true }, async ({ running }) => {
    const all = new Reading(await readMetrics(running.client), '')
    const dropped = all.value('log_lines_dropped_total')
    report.promise('log lines met a full disk', dropped > 0, dropped, 'at least 1')
  })
}

async function suffer(
  context: Context,
  lack: 'files' | 'disk',
  scarcity: Scarcity,
  judge: (suffered: Suffered) => Promise<void>,
): Promise<void> {
  const { upstream, size, oracle, report } = context
  const phase = `scarce-${lack}`
  const gates = await Promise.all(
    Array.from({ length: hosts }, (_, at) =>
      context.host(`${lack}${at}`, new Gate({ open: (socket) => upstream.serve(socket) })),
    ),
  )
  const running = await context.start(gates, {}, scarcity)
  const client = new Client(running.proxy.port, context.answers)
  const ids = Array.from({ length: size.scarceSends / 2 }, (_, at) => `${phase}-${at}`).values()
  const answers: Answer[] = []
  let neverLetIn = 0
  const work = async (caller: number) => {
    const random = context.random(`${phase} ${caller}`)
    for (const id of ids) {
      const isLost = random.next() < lostShare
      const fault = isLost ? lost(lack) : slow(lack, random.between(0, longestAnswerMs))
      oracle.expect(id, phase, fault)
      upstream.plan(id, [fault])
      const message = compose(
        context.marks,
        id,
        `${lack}${random.between(0, hosts - 1)}`,
        deadlineMs,
      )
      for (let tries = 0; tries < mostTries; tries += 1) {
        const answer = await client.call(message)
        // Without a file for it, the system ends a connection before the process has it; the log tells those that it had.
        if (answer === undefined && lack === 'files') neverLetIn += 1
        else oracle.answered(id, answer)
        if (answer !== undefined) answers.push(answer)
        if (answer !== undefined && saidBy(answer) !== 'not-sent') break
        await setTimeout(pauseMs)
      }
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)))
  client.close()
  const codes = countBy(answers, ({ status, problem }) => `${status} ${problem?.code ?? ''}`.trim())
  await judge({ running, codes })
  await context.stop(running)
  for (const gate of gates) gate.close()

  const messages = oracle.of(phase)
  const unsent = messages.filter(({ processed }) => processed === 0)
  report.figures[phase] = { ...Object.fromEntries(codes), neverLetIn }
  report.promise(`lack of ${lack}: every message goes out`, unsent.length === 0, unsent.length, 0)
  if (lack === 'disk') return
  const logged = countBy(
    running.proxy.printed().matchAll(/"requestId":"(scarce-files-\d+)"/g),
    ([, id]) => id,
  )
  const unanswered = messages.filter(({ id, answers }) => (logged.get(id) ?? 0) > answers.length)
  const { length: count } = unanswered
  report.promise('lack of files: who is let in is answered', count === 0, count, 0)
}

function slow(lack: string, ms: number): Fault {
  return {
    class: `lack of ${lack}`,
    name: `an answer after ${ms} ms`,
    deadline: 'normal',
    weight: 0,
    play: async (exchange) => {
      if (!(await exchange.process())) return
      await exchange.pause(ms)
      exchange.answer(200)
    },
  }
}

function lost(lack: string): Fault {
  return {
    class: `lack of ${lack}`,
    name: 'no answer',
    deadline: 'normal',
    weight: 1,
    play: async (exchange) => {
      if (await exchange.process()) exchange.reset()
    },
  }
}
