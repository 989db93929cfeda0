/**
 * Requests one behind the other on a connection, messages among those that are refused. Each is answered in its turn and once. What
 * stands behind an answer that closes the connection has not been carried out: its caller sends it again.
 */
import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { ByteReader, type RawAnswer } from '../byte-reader.ts'
import { type Call, toAnswer } from '../client.ts'
import type { Context, Running } from '../context.ts'
import type { Fault } from '../fault.ts'
import { Gate } from '../gate.ts'
import { compose, toBytes } from '../message.ts'
import type { Random } from '../random.ts'
import { saidBy } from '../verdict.ts'

const connections = 8
const deadlineMs = 8_000
const patienceMs = 15_000
/** More than a connection may have under way at once. */
const mostInRound = 40
const longestAnswerMs = 40
/** Of BODY_LIMIT_BYTES, by its default. */
const bodyLimit = 65_536
const largestPiece = 4_000
/** A connection that is not read is cut after ten seconds. */
const mostStopMs = 6_000

type Item = {
  id: string
  bytes: string
  /** Written once there is an answer. */
  rest: string
}

type WholeCall = Call & { body: string }

const withHeader = (call: WholeCall, name: string, value: string): WholeCall => ({
  ...call,
  headers: { ...call.headers, [name]: value },
})
const padded = (call: WholeCall, length: number): WholeCall => ({
  ...call,
  body: call.body.padEnd(length),
})
const untyped = (call: WholeCall) => withHeader(call, 'content-type', 'text/plain')
const expecting = (call: WholeCall) => withHeader(call, 'expect', '100-continue')
const nowhere = (call: WholeCall): WholeCall => ({ ...call, path: '/nowhere' })

const inChunks = (call: WholeCall): string => {
  const bytes = toBytes(call)
  const head = bytes.slice(0, bytes.length - call.body.length)
  const size = call.body.length.toString(16)
  const framed = head.replace(/content-length: \d+/, 'transfer-encoding: chunked')
  return `${framed}${size}\r\n${call.body}\r\n0\r\n\r\n`
}

/** How a message becomes a request that must be refused, and whether most of its body is written only then. */
const refusals: [name: string, spoil: (call: WholeCall) => string, isLate: boolean][] = [
  ['JSON without an end', (call) => toBytes({ ...call, body: call.body.slice(0, -1) }), false],
  ['another type', (call) => toBytes(untyped(call)), false],
  ['no route', (call) => toBytes(nowhere(call)), false],
  ['no token', (call) => toBytes(withHeader(call, 'authorization', '')), false],
  ['an expectation without a body', (call) => toBytes(expecting({ ...call, body: '' })), false],
  ['an expectation with a body', (call) => toBytes(expecting(untyped(call))), false],
  // Its answer closes the connection if it comes before the last chunk.
  ['no route, in chunks', (call) => inChunks(padded(nowhere(call), bodyLimit / 4)), false],
  ['a body over the limit', (call) => toBytes(padded(call, bodyLimit + 1)), false],
  ['a body over the limit, in pieces', (call) => toBytes(padded(call, bodyLimit + 1)), true],
  ['another type, in pieces', (call) => toBytes(padded(untyped(call), bodyLimit)), true],
  ['no route, in pieces', (call) => toBytes(padded(nowhere(call), bodyLimit)), true],
]

export async function pipelined(context: Context): Promise<void> {
  const { upstream, size, oracle, report } = context
  const gate = await context.host(
    'pipelined',
    new Gate({ open: (socket) => upstream.serve(socket) }),
  )
  const running = await context.start([gate])
  const figures = { closed: 0, mixedUp: 0 }
  await Promise.all(
    Array.from({ length: connections }, async (_, at) => {
      const random = context.random(`pipelined ${at}`)
      for (let round = 0; round < size.pipelinedRounds; round += 1) {
        let items = drawItems(context, random, `pipelined-${at}-${round}`)
        while (items.length > 0) items = await converse(context, running, random, items, figures)
      }
    }),
  )
  const stopBegan = performance.now()
  await context.stop(running)
  const stopMs = Math.round(performance.now() - stopBegan)
  gate.close()
  const messages = oracle.of('pipelined').filter((message) => message.fault.class === 'pipelined')
  const lost = messages.filter(({ answers }) => !answers.some(isAcknowledged)).length
  report.figures['pipelined'] = { ...figures, messages: messages.length }
  report.promise('every pipelined message is acknowledged in the end', lost === 0, lost, 0)
  report.promise('each answer is that of its request', figures.mixedUp === 0, figures.mixedUp, 0)
  report.promise('closing answers were met', figures.closed > 0, figures.closed, 'at least 1')
  const isAtOnce = stopMs < mostStopMs
  const bound = `${mostStopMs} ms`
  report.promise('who has hung up holds up no stop', isAtOnce, `${stopMs} ms`, bound)
}

function isAcknowledged(answer: Parameters<typeof saidBy>[0]): boolean {
  return saidBy(answer) === 'acknowledged'
}

/** Every other request of a round is one that must be refused; or all are messages, more than may be under way. */
function drawItems({ oracle, upstream, marks }: Context, random: Random, round: string): Item[] {
  const isFlood = random.between(1, 4) === 1
  return Array.from({ length: isFlood ? mostInRound : random.between(2, 12) }, (_, at) => {
    const id = `${round}-${at}`
    const call = compose(marks, id, 'pipelined', deadlineMs)
    const pauseMs = random.between(0, longestAnswerMs)
    if (isFlood || at % 2 === 1) {
      const fault = slowly(pauseMs)
      oracle.expect(id, 'pipelined', fault)
      upstream.plan(id, [fault])
      const isExpecting = random.between(1, 4) === 1
      return { id, bytes: toBytes(isExpecting ? expecting(call) : call), rest: '' }
    }
    const [name, spoil, isLate] = random.pick(refusals)
    oracle.expect(id, 'pipelined', { ...slowly(0), class: 'pipelined, refused', name })
    const bytes = spoil(call)
    const length = isLate ? bytes.length - bodyLimit / 2 : bytes.length
    return { id, bytes: bytes.slice(0, length), rest: bytes.slice(length) }
  })
}

function slowly(ms: number): Fault {
  return {
    class: 'pipelined',
    name: 'none',
    deadline: 'normal',
    weight: 0,
    play: async (exchange) => {
      if (!(await exchange.process())) return
      await exchange.pause(ms)
      exchange.answer(200)
    },
  }
}

/** Writes all of them on one connection, and reads their answers. @returns those that have to be sent again */
async function converse(
  context: Context,
  { proxy }: Running,
  random: Random,
  items: readonly Item[],
  figures: { closed: number; mixedUp: number },
): Promise<Item[]> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port })
  socket.on('error', () => undefined)
  const reader = new ByteReader(socket)
  const again: Item[] = []
  let read = 0
  for (const [at, { bytes, rest }] of items.entries()) {
    await writeInPieces(socket, bytes, random)
    if (rest === '' && at < items.length - 1) continue
    for (const item of items.slice(read, at + 1)) {
      read += 1
      const answer = await finalAnswer(reader)
      context.oracle.answered(item.id, answer && toAnswer(answer))
      if (answer === undefined) continue
      context.answers.see(answer.body)
      const { requestId }: { requestId?: string } = JSON.parse(answer.body)
      if (requestId !== item.id) figures.mixedUp += 1
      if (answer.status === 503) again.push(item)
      if (!answer.closes) continue
      figures.closed += 1
      socket.destroy()
      return [...again, ...items.slice(read)]
    }
    await writeInPieces(socket, rest, random)
  }
  socket.destroy()
  return again
}

async function writeInPieces(socket: Socket, bytes: string, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const size = random.between(1, largestPiece)
    socket.write(bytes.slice(at, at + size))
    at += size
    // Now and then the next piece comes on its own.
    if (random.between(1, 4) === 1) await setImmediate()
  }
}

/** What comes behind `100 Continue`. */
async function finalAnswer(reader: ByteReader): Promise<RawAnswer | undefined> {
  const patience = setTimeout(patienceMs, undefined, { ref: false })
  let answer: RawAnswer | undefined
  do answer = await Promise.race([reader.answer(), patience])
  while (answer?.status === 100)
  return answer
}
