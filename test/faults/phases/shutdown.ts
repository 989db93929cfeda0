/** SIGTERM in the middle of traffic, many times: whoever was let in gets a whole answer, and the process ends with 0. */
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { ByteReader } from '../byte-reader.ts'
import { toAnswer } from '../client.ts'
import type { Context, Running } from '../context.ts'
import type { Fault } from '../fault.ts'
import { spreadOf } from '../figures.ts'
import { Gate } from '../gate.ts'
import { compose, toBytes } from '../message.ts'

const callers = 16
const newcomersEveryMs = 4
const roundsAtOnce = 2
const deadlineMs = 5_000

type Round = {
  index: number
  /** Requests that were written; those that had an answer; those that were let in and had none. */
  written: number
  answered: number
  lost: string[]
  /** Written to a connection that the process never accepted. */
  neverIn: number
  code: number | null
  ms: number
}

export async function shutdown(context: Context): Promise<void> {
  const { upstream, size, report } = context
  const gate = await context.host('shut', new Gate({ open: (socket) => upstream.serve(socket) }))
  const rounds: Round[] = []
  for (let index = 0; index < size.shutdownRounds; index += roundsAtOnce) {
    const many = Math.min(roundsAtOnce, size.shutdownRounds - index)
    const batch = Array.from({ length: many }, (_, at) => playRound(context, gate, index + at))
    rounds.push(...(await Promise.all(batch)))
  }
  gate.close()
  const add = (read: (round: Round) => number) =>
    rounds.reduce((total, round) => total + read(round), 0)
  const lost = rounds.flatMap((round) => round.lost)
  const wrongEnds = rounds.filter(({ code }) => code !== 0).length
  report.figures['shutdown'] = {
    rounds: rounds.length,
    written: add(({ written }) => written),
    answered: add(({ answered }) => answered),
    neverIn: add(({ neverIn }) => neverIn),
    lost,
    untilTheEndMs: spreadOf(rounds.map(({ ms }) => ms)),
  }
  report.promise(
    `no answer is lost in ${rounds.length} times SIGTERM`,
    lost.length === 0,
    lost.length,
    0,
  )
  report.promise(
    'and each time the process ends with 0',
    wrongEnds === 0,
    `${wrongEnds} did not`,
    0,
  )
}

/** Until the signal, callers with a connection each, slow requests among theirs, and newcomers all the time. */
async function playRound(context: Context, gate: Gate, index: number): Promise<Round> {
  const random = context.random(`shutdown ${index}`)
  const delayMs = random.pick([0, 0, 300])
  const running = await context.start([gate], {
    SHUTDOWN_DELAY_MS: String(delayMs),
    REQUEST_TIMEOUT_MS: '6000',
  })
  const round: Round = { index, written: 0, answered: 0, lost: [], neverIn: 0, code: 0, ms: 0 }
  const unanswered: { id: string; wasIn: boolean }[] = []
  let isOver = false
  const caller = async (name: string, requests: number) => {
    while (!isOver) {
      const isIn = await converse(context, running, round, unanswered, name, requests, random.next)
      if (!isIn) return
    }
  }
  const load = Array.from({ length: callers }, (_, at) => caller(`${at}`, 1_000))
  await setTimeout(random.between(200, 700))
  const newcomers: Promise<unknown>[] = []
  const signalAfter = random.between(5, 40)
  let began = performance.now()
  for (let count = 0; count < signalAfter + 60; count += 1) {
    if (count === signalAfter) {
      running.proxy.signal('SIGTERM')
      began = performance.now()
    }
    newcomers.push(converse(context, running, round, unanswered, `new${count}`, 1, random.next))
    await setTimeout(newcomersEveryMs)
  }
  round.code = await running.proxy.ended()
  round.ms = performance.now() - began
  isOver = true
  await Promise.all([...load, ...newcomers])
  running.client.close()
  context.countLeaksOf(running.proxy)

  // A connection may be waiting in the kernel when the listener closes: nobody has seen its request then.
  const printed = running.proxy.printed()
  for (const { id, wasIn } of unanswered) {
    const isKnown = wasIn || printed.includes(id) || context.oracle.processedCount(id) > 0
    if (isKnown) round.lost.push(id)
    else round.neverIn += 1
    if (isKnown) context.oracle.answered(id, undefined)
  }
  return round
}

/** Requests on one connection, each right behind the answer before it. @returns false where no connection is to be had */
async function converse(
  context: Context,
  { proxy }: Running,
  round: Round,
  unanswered: { id: string; wasIn: boolean }[],
  name: string,
  requests: number,
  chance: () => number,
): Promise<boolean> {
  const { oracle, upstream, marks, answers } = context
  const socket = connect({ host: '127.0.0.1', port: proxy.port })
  const isConnected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  socket.on('error', () => undefined)
  if (!isConnected) return false
  const reader = new ByteReader(socket)
  let isOpen = true
  for (let count = 0; isOpen && count < requests; count += 1) {
    const id = `shutdown-${round.index}-${name}-${round.written}`
    const fault = chance() < 0.2 ? slow(Math.round(chance() * 900)) : quick
    oracle.expect(id, 'shutdown', fault)
    upstream.plan(id, [fault])
    round.written += 1
    socket.write(toBytes(compose(marks, id, 'shut', deadlineMs)))
    const answer = await reader.answer()
    if (answer === undefined) {
      unanswered.push({ id, wasIn: count > 0 })
      isOpen = false
    } else {
      round.answered += 1
      answers.see(answer.body)
      oracle.answered(id, toAnswer(answer))
      isOpen = !answer.closes
    }
  }
  socket.destroy()
  return true
}

const quick: Fault = { class: 'shutdown', name: 'none', deadline: 'normal', weight: 0 }

function slow(ms: number): Fault {
  return {
    ...quick,
    name: `an answer after ${ms} ms`,
    play: async (exchange) => {
      if (!(await exchange.process())) return
      await exchange.pause(ms)
      exchange.answer(200)
    },
  }
}
