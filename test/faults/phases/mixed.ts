/** Every fault among healthy messages: callers with a host of their own, several on one host, and ports that never answer. */
import { setTimeout } from 'node:timers/promises'
import { type Blackhole, openBlackhole } from '../blackhole.ts'
import { connectionFaults } from '../connection-faults.ts'
import type { Context, Running } from '../context.ts'
import type { Fault } from '../fault.ts'
import { messageFaults } from '../faults.ts'
import { Gate } from '../gate.ts'
import { type Lane, noteOverrun, playLane } from '../lane.ts'
import { compose } from '../message.ts'
import { deal, drawScript, longestDeadlineMs } from '../script.ts'

const ownLanes = 16
const sharedLanes = 8
const blackholes = 4

/** Of all faults, those on the host that several callers share: connections there cannot be cut for one caller alone. */
const sharedShare = 0.25

/** Fewer than 20 failures in ten seconds for each of these ports, or a breaker would spare them the rest. */
const blackholeEveryMs = 1_300

const noAnswer: Fault = {
  class: 'blackhole',
  name: 'no answer to the SYN',
  deadline: 'short',
  weight: 2,
}

export async function mixed(context: Context): Promise<void> {
  const { upstream, size, trap } = context
  const random = context.random('mixed')
  const faults = messageFaults(trap.origin)
  const newGate = () => new Gate({ open: (socket) => upstream.serve(socket) })
  const own = await Promise.all(
    Array.from({ length: ownLanes }, (_, at) => context.host(`own${at}`, newGate())),
  )
  const shared = await context.host('shared', newGate())
  const holes = await Promise.all(Array.from({ length: blackholes }, openBlackhole))
  for (const [at, { port }] of holes.entries()) upstream.hosts.set(`hole${at}`, `localhost:${port}`)
  context.report.figures['blackhole'] = holes[0]?.kind

  const running = await context.start([...own, shared, ...holes], {
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    CONNECT_TIMEOUT_MS: '400',
    LP_DOMAIN_TTL_SECONDS: '5',
    LOG_LEVEL: 'trace',
  })

  const sharedFaults = Math.round(size.mixedFaults * sharedShare)
  const ownScript = drawScript(
    random,
    [...faults, ...connectionFaults],
    size.mixedFaults - sharedFaults,
  )
  const sharedScript = drawScript(random, faults, sharedFaults)
  const laneOf = (kind: string, at: number, account: string, gate: Gate): Lane => ({
    phase: 'mixed',
    name: `${kind}${at}`,
    account,
    gate,
    client: running.client,
  })
  await Promise.all([
    ...deal(ownScript, ownLanes).map((steps, at) =>
      playLane(context, laneOf('own', at, `own${at}`, own[at] ?? shared), steps),
    ),
    ...deal(sharedScript, sharedLanes).map((steps, at) =>
      playLane(context, laneOf('shared', at, 'shared', shared), steps),
    ),
    ...holes.map((_, at) => playBlackhole(context, running, at)),
  ])
  await context.stop(running)
  closeAll([...own, shared], holes)
}

async function playBlackhole(context: Context, { client }: Running, at: number): Promise<void> {
  const { size, oracle, marks } = context
  const random = context.random(`blackhole ${at}`)
  await setTimeout(blackholeEveryMs)
  for (let index = 0; index < size.blackholeFaults / blackholes; index += 1) {
    const id = `mixed-hole${at}-${index}`
    const deadlineMs = random.between(150, 900)
    oracle.expect(id, 'mixed', noAnswer)
    const call = compose(marks, id, `hole${at}`, deadlineMs)
    const [answer] = await Promise.all([client.call(call), setTimeout(blackholeEveryMs)])
    oracle.answered(id, answer)
    noteOverrun(context, id, answer, deadlineMs)
  }
}

function closeAll(gates: readonly Gate[], holes: readonly Blackhole[]): void {
  for (const gate of gates) gate.close()
  for (const hole of holes) hole.close()
}
