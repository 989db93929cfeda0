/** A steady load with a few faults for a long time: neither memory nor sockets may rise. */

import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from './client.ts'
import { Context, type Running } from './context.ts'
import { healthy } from './fault.ts'
import { messageFaults } from './faults.ts'
import { round, trendOf } from './figures.ts'
import { Gate } from './gate.ts'
import { playLane } from './lane.ts'
import { drawScript, type Step, uneventful } from './script.ts'
import { sizes } from './sizes.ts'
import { emptyRow, type Row, total } from './verdict.ts'

const gates = 4
/** Of the caller, like those of any pool. */
const connections = 48
const faultShare = 0.01
const refusedHealthyShare = 0.0005
const sampleEveryMs = 5_000
/** Answers are judged, and forgotten, when nothing can happen to them any more. */
const settledAfterMs = 10_000

/**
 * A heap and a pool swing by as much from minute to minute, so the floors are compared: the least level of the last quarter with the
 * least of the second. The first is for caches to fill and code to be compiled.
 */
const mostRise = { memoryMb: 20, files: 20 }

/** A heap finds its size in the first minutes: a shorter run shows the levels and judges neither. */
const leastMinutes = 10

type Sample = { minutes: number; memoryMb: number; files: number }

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '150' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const minutes = Number(values.minutes)
const perSecond = Number(values.rate)
const say = (text: string) => void process.stdout.write(`${text}\n`)
say(`soak: ${minutes} minutes, ${perSecond} messages a second, seed ${values.seed}`)

const context = new Context(Number(values.seed), sizes.full)
await context.open()
const { upstream, report, oracle } = context
const hosts = await Promise.all(
  Array.from({ length: gates }, (_, at) =>
    context.host(`soak${at}`, new Gate({ open: (socket) => upstream.serve(socket) })),
  ),
)
const running = await context.start(hosts, { REQUEST_TIMEOUT_MS: '3000' })
const ends = performance.now() + minutes * 60_000
const samples: Sample[] = []
let judged: Row = emptyRow()
let sent = 0

await Promise.all([load(running), sample(running)])
await setTimeout(settledAfterMs)
settle()
await context.stop(running)

const leaks = context.leaks.printed + context.leaks.answered
none('no duplicate', judged.duplicates)
none('no false acknowledgement', judged.falseAcknowledgements)
none('no false not-sent', judged.falseNotSent)
none('every request has an answer', judged.unanswered)
none('no secret and no words anywhere', leaks)
// One on the connection of a fault may meet its end.
const mostRefused = Math.floor(judged.requests * refusedHealthyShare)
report.promise(
  'messages that nothing happens to are acknowledged',
  judged.refusedHealthy <= mostRefused,
  `${judged.refusedHealthy} were not`,
  `at most ${mostRefused}`,
)
promiseLevel(
  'the floor of memory does not rise',
  'MB',
  mostRise.memoryMb,
  ({ memoryMb }) => memoryMb,
)
promiseLevel(
  'the floor of sockets and files does not rise',
  'files',
  mostRise.files,
  ({ files }) => files,
)
say(report.promisesAsText())
const { promises, figures } = report
say(JSON.stringify({ seed: values.seed, minutes, perSecond, sent, judged, promises, figures }))
process.exit(report.areKept ? 0 : 1)

function none(promise: string, count: number): void {
  report.promise(promise, count === 0, count, 0)
}

/** Sends on time, whatever has become of what was sent before. */
async function load({ proxy }: Running): Promise<void> {
  const client = new Client(proxy.port, context.answers, connections)
  const random = context.random('soak')
  const faults = messageFaults(context.trap.origin)
  let deck: Step[] = []
  const began = performance.now()
  const open = new Set<Promise<void>>()
  while (performance.now() < ends) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; sent < due; sent += 1) {
      if (deck.length === 0) {
        deck = drawScript(random, faults, faults.length).filter(({ fault }) => fault !== healthy)
      }
      const step = random.next() < faultShare ? (deck.pop() ?? uneventful) : uneventful
      const at = sent % gates
      const gate = hosts[at]
      if (gate === undefined) throw new Error('a gate each')
      const lane = { phase: 'soak', name: String(sent), account: `soak${at}`, gate, client }
      const sending = playLane(context, lane, [step]).finally(() => open.delete(sending))
      open.add(sending)
    }
    await setTimeout(5)
  }
  await Promise.all(open)
  client.close()
}

async function sample({ proxy }: Running): Promise<void> {
  const began = performance.now()
  while (performance.now() < ends) {
    await setTimeout(sampleEveryMs)
    if (!proxy.isAlive) throw new Error('the proxy has ended')
    settle()
    const { nowMb } = proxy.memory()
    const passed = (performance.now() - began) / 60_000
    samples.push({ minutes: passed, memoryMb: nowMb, files: proxy.openFiles() })
    if (samples.length % 12 === 0) {
      say(`  ${round(passed)} min: ${round(nowMb)} MB, ${proxy.openFiles()} files, ${sent} sent`)
    }
  }
}

function settle(): void {
  const done = oracle.takeSettled(performance.now() - settledAfterMs)
  for (const { id } of done) upstream.forget(id)
  const table = oracle.table(done.filter(({ fault }) => !fault.isLie))
  judged = total([judged, ...table.values()])
}

function promiseLevel(
  promise: string,
  unit: string,
  most: number,
  read: (sample: Sample) => number,
): void {
  const quarter = Math.ceil(samples.length / 4)
  const judgedOnes = samples.slice(quarter)
  const { slope, error } = trendOf(judgedOnes.map((each) => ({ x: each.minutes, y: read(each) })))
  const floorOf = (part: readonly Sample[]) => Math.min(...part.map(read))
  const rise = floorOf(judgedOnes.slice(-quarter)) - floorOf(judgedOnes.slice(0, quarter))
  const isLong = minutes >= leastMinutes
  const slopeText = `${round(slope * 60)} +-${round(error * 60)} ${unit} an hour`
  const note = isLong ? slopeText : `${slopeText}; not judged below ${leastMinutes} minutes`
  const isKept = isLong ? rise <= most : undefined
  report.promise(promise, isKept, `${round(rise)} ${unit}`, `${most} ${unit}`, note)
  const levels = judgedOnes.map(read)
  const range = [round(Math.min(...levels)), round(Math.max(...levels))]
  const perHour = { slope: round(slope * 60), error: round(error * 60) }
  report.figures[promise] = { rise: round(rise), perHour, range }
}
