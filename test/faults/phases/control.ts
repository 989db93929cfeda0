/** The control: a client that simply tries again must be caught doubling messages, or the oracle sees nothing. */
import { Client } from '../client.ts'
import { connectionFaults } from '../connection-faults.ts'
import type { Context } from '../context.ts'
import { messageFaults } from '../faults.ts'
import { Gate } from '../gate.ts'
import { Watch } from '../marks.ts'
import { toEnvelope } from '../message.ts'
import { Oracle } from '../oracle.ts'
import { deal, drawScript, type Step } from '../script.ts'
import { Upstream } from '../upstream.ts'

const lanes = 16
const tries = 3

export async function control(context: Context): Promise<void> {
  const { marks, size, report, trap } = context
  const oracle = new Oracle()
  // The upstream itself may quote tokens.
  const quoted = new Watch(marks.all)
  const upstream = new Upstream(oracle, marks)
  const faults = [...messageFaults(trap.origin), ...connectionFaults]
  const script = drawScript(context.random('control'), faults, size.controlFaults)
  await Promise.all(
    deal(script, lanes).map(async (steps, at) => {
      const gate = new Gate({ open: (socket) => upstream.serve(socket) })
      const client = new Client(await gate.open(), quoted)
      for (const [index, step] of steps.entries()) {
        await sendNaively(oracle, upstream, client, gate, step, `control-${at}-${index}`)
      }
      client.close()
      gate.close()
    }),
  )

  async function sendNaively(
    oracle: Oracle,
    upstream: Upstream,
    client: Client,
    gate: Gate,
    { fault, times, deadlineMs }: Step,
    id: string,
  ): Promise<void> {
    oracle.expect(id, 'control', fault)
    upstream.plan(
      id,
      Array.from({ length: times }, () => fault),
    )
    if (fault.gate !== undefined) await gate.behave(fault.gate)
    for (let count = 0; count < tries; count += 1) {
      const patience = Math.min(deadlineMs, 500)
      const call = { ...toEnvelope(marks, id, 'control', patience), graceMs: 0 }
      const answer = await client.call(call)
      await gate.behave('open')
      if (answer !== undefined && answer.status < 500) break
    }
    oracle.answered(id, undefined)
  }

  const messages = oracle.of('control')
  const honest = messages.filter(({ fault }) => !fault.isLie)
  const doubled = honest.filter(({ processed }) => processed > 1).length
  report.figures['control'] = {
    requests: messages.length,
    faults: oracle.faultsMet(messages),
    duplicates: doubled,
  }
  report.promise(
    'the control run is caught: a naive retry loop doubles messages',
    doubled > 0,
    `${doubled} of ${honest.length}`,
    'more than 0',
  )
}
