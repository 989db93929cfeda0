/** More callers than there are connections and places in the queue: the rest is told so at once. */
import { setTimeout } from 'node:timers/promises'
import type { Context, Running } from '../context.ts'
import { type Fault, healthy } from '../fault.ts'
import { percentile, spreadOf } from '../figures.ts'
import { Gate } from '../gate.ts'
import { noteOverrun } from '../lane.ts'
import { compose } from '../message.ts'

/** The defaults of MAX_CONNECTIONS and MAX_QUEUE. */
const connections = 128
const queue = 256
const perSecond = 500
const leastDeadlineMs = 4_500
const mostDeadlineMs = 5_500
/** A machine that is slow to send gives some places free before all have asked. */
const shedShare = 0.9
const mostShedMs = 50
/** A new process runs its first requests many times slower than the rest, and that is no matter of shedding. */
const warmingCallers = 32
const warmingCalls = 100
const warmingDeadlineMs = 10_000

const stalls: Fault = {
  class: 'overload',
  name: 'the upstream stalls',
  deadline: 'short',
  weight: 1,
  play: async (exchange) => {
    if (await exchange.process()) await exchange.hold()
  },
}

export async function overload(context: Context): Promise<void> {
  const { upstream, size, oracle, marks, report } = context
  const gate = await context.host(
    'overload',
    new Gate({ open: (socket) => upstream.serve(socket) }),
  )
  // Nobody waits in the queue so long that it ends his waiting: what is shed is shed at the door.
  const running = await context.start([gate], { MAX_QUEUE_MS: '6000' })
  await warmUp(context, running)
  const random = context.random('overload')
  const send = async (index: number) => {
    // Not all of them at one moment, as no callers would.
    const deadlineMs = random.between(leastDeadlineMs, mostDeadlineMs)
    const id = `overload-${index}`
    oracle.expect(id, 'overload', stalls)
    upstream.plan(id, [stalls])
    const answer = await running.client.call(compose(marks, id, 'overload', deadlineMs, 'medium'))
    oracle.answered(id, answer)
    noteOverrun(context, id, answer, deadlineMs)
  }
  const places = connections + queue
  const sent: Promise<void>[] = []
  const began = performance.now()
  // Evenly: of many sent in one moment, the last would have waited in the caller.
  for (let index = 0; index < size.overloadRequests; index += 1) {
    sent.push(send(index))
    const aheadMs = (index / perSecond) * 1000 - (performance.now() - began)
    if (aheadMs > 1) await setTimeout(aheadMs)
  }
  await Promise.all(sent)
  await context.stop(running)
  gate.close()

  const answers = oracle.of('overload').flatMap((message) => message.answers)
  const shed = answers.filter((answer) => answer?.problem?.code === 'overloaded')
  const times = shed.map((answer) => answer?.firstByteMs ?? 0)
  report.figures['shedMs'] = spreadOf(times)
  report.figures['overloadArrived'] = oracle.of('overload').filter((m) => m.arrivals > 0).length
  const due = Math.floor((size.overloadRequests - places) * shedShare)
  report.promise('what is too much is shed', shed.length >= due, shed.length, `at least ${due}`)
  if (shed.length > 0) {
    report.promiseTime(
      'it is shed at once (p99)',
      percentile(times, 0.99),
      mostShedMs,
      running.noiseMs,
    )
  }
}

/** Messages that nothing happens to, until the process is no longer new. */
async function warmUp({ marks, oracle }: Context, { client }: Running): Promise<void> {
  const caller = async (name: number) => {
    for (let count = 0; count < warmingCalls; count += 1) {
      const id = `warming-${name}-${count}`
      oracle.expect(id, 'warming', healthy)
      const message = compose(marks, id, 'overload', warmingDeadlineMs, 'medium')
      oracle.answered(id, await client.call(message))
    }
  }
  await Promise.all(Array.from({ length: warmingCallers }, (_, name) => caller(name)))
}
