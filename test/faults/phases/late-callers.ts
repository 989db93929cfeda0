/** A caller so slow that the proxy gives it up with 408, and whose rest is on its way by then: it was told "not sent". */
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { ByteReader } from '../byte-reader.ts'
import { toAnswer } from '../client.ts'
import type { Context, Running } from '../context.ts'
import type { Fault } from '../fault.ts'
import { Gate } from '../gate.ts'
import { compose, toBytes } from '../message.ts'

const callersOfEachKind = 4
/** Beyond the longest time that the proxy gives a request to arrive. */
const patienceMs = 15_000

/** How much of its request a caller has sent by then. */
const beginnings: [string, (bytes: string) => number][] = [
  ['its first byte', () => 1],
  ['some of the head', () => 25],
  ['all but the end of the body', (bytes) => bytes.length - 5],
]

export async function lateCallers(context: Context): Promise<void> {
  const { upstream } = context
  const gate = await context.host('late', new Gate({ open: (socket) => upstream.serve(socket) }))
  const running = await context.start([gate])
  const calls = beginnings.flatMap(([name, lengthOf], kind) =>
    Array.from({ length: callersOfEachKind }, (_, at) =>
      callLate(context, running, `late-${kind}-${at}`, name, lengthOf),
    ),
  )
  await Promise.all(calls)
  // What was written last may have gone on to LiveEngage.
  await setTimeout(500)
  await context.stop(running)
  gate.close()
}

async function callLate(
  { oracle, marks, answers }: Context,
  { proxy }: Running,
  id: string,
  name: string,
  lengthOf: (bytes: string) => number,
): Promise<void> {
  const fault: Fault = { class: 'late caller', name, deadline: 'normal', weight: 0 }
  oracle.expect(id, 'late-callers', fault)
  const bytes = toBytes(compose(marks, id, 'late', patienceMs / 3))
  const length = lengthOf(bytes)
  const socket = connect({ host: '127.0.0.1', port: proxy.port })
  socket.on('error', () => undefined)
  socket.write(bytes.slice(0, length))
  socket.once('data', () => socket.write(bytes.slice(length)))
  const answer = await Promise.race([
    new ByteReader(socket).answer(),
    setTimeout(patienceMs, undefined),
  ])
  if (answer !== undefined) answers.see(answer.body)
  oracle.answered(id, answer && toAnswer(answer))
  await setTimeout(100)
  socket.destroy()
}
