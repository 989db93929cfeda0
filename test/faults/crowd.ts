/**
 * A process of its own: thousands of open connections to the proxy, each with one whole request, so that their memory is not the
 * proxy's. Prints what came of each as JSON.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { ByteReader } from './byte-reader.ts'
import { type CrowdOrder, type CrowdReport, crowdId, type Outcome } from './crowd-order.ts'
import { createMarks, Watch } from './marks.ts'
import { compose, toBytes } from './message.ts'

/** So many connections are opened before the next breath: 2,000 a second, since a backlog has 511 places. */
const wave = 40
const breathMs = 20

/** Connections of one address; more would come near the end of its ports. */
const perAddress = 2_000

/** The kernel itself lets a connection wait that finds no place. */
const graceMs = 60_000

/** The kernel resets connections that found no place in the backlog of a busy process: who was never let in comes again. */
const mostResets = 60
const pauseMs = 500

type Problem = { code?: string; delivery?: string }

async function crowd(order: CrowdOrder): Promise<CrowdReport> {
  const { port, count, seed, account, deadlineMs } = order
  const marks = createMarks(seed)
  const watch = new Watch(marks.all)
  const placeholder = crowdId(999_999)
  const bytes = toBytes(compose(marks, placeholder, account, deadlineMs, 'large'))
  const lastId = bytes.lastIndexOf(placeholder) + placeholder.length
  const begin = bytes.slice(0, lastId)
  // One buffer for all.
  const end = Buffer.from(bytes.slice(lastId))
  const sockets = new Set<Socket>()
  let mostOpen = 0

  /** One connection, one request. @returns undefined where the connection ended, or too much time had passed, before a whole answer */
  const visit = async (id: string, localAddress: string) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.once('connect', () => {
      sockets.add(socket)
      mostOpen = Math.max(mostOpen, sockets.size)
      socket.write(begin.replaceAll(placeholder, id))
      socket.write(end)
    })
    const reader = new ByteReader(socket)
    const patience = setTimeout(deadlineMs + graceMs, undefined, { ref: false })
    const answer = await Promise.race([reader.answer(), patience])
    return { answer, isReset: socket.destroyed && answer === undefined }
  }

  const insist = async (index: number): Promise<Outcome> => {
    const id = crowdId(index)
    const localAddress = `127.0.0.${2 + Math.floor(index / perAddress)}`
    for (let resets = 0; resets < mostResets; resets += 1) {
      const began = performance.now()
      const { answer, isReset } = await visit(id, localAddress)
      if (answer !== undefined) {
        watch.see(answer.body)
        const { code = '', delivery = '' }: Problem = JSON.parse(answer.body)
        return { id, status: answer.status, code, delivery, ms: performance.now() - began, resets }
      }
      // Whoever waits for ever must not send a second time: the first may still be on its way.
      if (!isReset) break
      await setTimeout(pauseMs)
    }
    return { id, status: 0, code: '', delivery: '', ms: 0, resets: mostResets }
  }

  const visits: Promise<Outcome>[] = []
  for (let index = 0; index < count; index += 1) {
    visits.push(insist(index))
    if (index % wave === wave - 1) await setTimeout(breathMs)
  }
  const outcomes = await Promise.all(visits)
  return { outcomes, leaks: watch.found, mostOpen }
}

const [, , written = ''] = process.argv
const order: CrowdOrder = JSON.parse(written)
const report = await crowd(order)
process.stdout.write(JSON.stringify(report), () => process.exit(0))
