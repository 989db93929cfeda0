/** One caller that plays its script from top to bottom, over a gate that is its own or shared. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Answer, Client } from './client.ts'
import type { Context } from './context.ts'
import type { Gate } from './gate.ts'
import { compose } from './message.ts'
import type { Step } from './script.ts'

export type Lane = {
  phase: string
  name: string
  account: string
  gate: Gate
  client: Client
}

export async function playLane(
  context: Context,
  lane: Lane,
  steps: readonly Step[],
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const id = `${lane.phase}-${lane.name}-${index}`
    await playStep(context, lane, step, id)
  }
}

async function playStep(context: Context, lane: Lane, step: Step, id: string): Promise<void> {
  const { oracle, upstream, marks } = context
  const { fault, times, deadlineMs } = step
  const { gate, client, account } = lane
  // A connection that died between two requests is no failure that a retry budget covers.
  oracle.expect(id, lane.phase, fault, fault.idle !== undefined)
  upstream.plan(
    id,
    Array.from({ length: times }, () => fault),
  )
  const met = gate.turnedAway
  if (fault.gate !== undefined) await shut(gate, fault.gate)
  if (fault.idle?.when === 'before') {
    gate.drop(fault.idle.end)
    await hops(step.jitter)
  }
  const answering = client.call(compose(marks, id, account, deadlineMs, step.bulk))
  if (fault.idle?.when === 'meanwhile') {
    await hops(step.jitter)
    gate.drop(fault.idle.end)
  }
  const answer = await answering
  if (fault.gate !== undefined) {
    oracle.arrived(id, gate.turnedAway - met)
    await gate.behave('open')
    gate.drop('reset')
  }
  oracle.answered(id, answer)
  noteOverrun(context, id, answer, deadlineMs)
}

/** With no connection left to go on with. */
export async function shut(gate: Gate, mode: Parameters<Gate['behave']>[0]): Promise<void> {
  gate.drop('close')
  await setTimeout(3)
  await gate.behave(mode)
}

export async function hops(count: number): Promise<void> {
  for (let hop = 0; hop < count; hop += 1) await setImmediate()
}

const deadlineCodes = new Set(['liveengage-timeout', 'deadline-exceeded'])

/** Keeps how late the answer was, if its deadline had come. */
export function noteOverrun(
  context: Context,
  id: string,
  answer: Answer | undefined,
  deadlineMs: number,
): void {
  if (answer === undefined) return
  const code = answer.problem?.code ?? String(answer.status)
  const ms = Math.max(0, answer.ms - deadlineMs)
  if (ms > 0 || deadlineCodes.has(code)) context.overruns.push({ id, ms, code })
}
