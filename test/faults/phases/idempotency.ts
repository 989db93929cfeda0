/** A caller that tries everything again with the same `Idempotency-Key`: still nothing is sent twice. */

import type { Answer, Client } from '../client.ts'
import { connectionFaults } from '../connection-faults.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../fault.ts'
import { messageFaults } from '../faults.ts'
import { Gate } from '../gate.ts'
import { noteOverrun, shut } from '../lane.ts'
import { compose, withKey } from '../message.ts'
import { deal, drawScript, longestDeadlineMs, type Step } from '../script.ts'
import { isReplayed, saidBy } from '../verdict.ts'

const lanes = 8
const retries = 3
const pairs = 20

type Figures = {
  retried: number
  /** Answers that said `Idempotency-Replayed`. */
  replayed: number
  /** Not sent at first, acknowledged in the end. */
  recovered: number
  /** Not sent at first, and never acknowledged. */
  notRecovered: number
  /** `unknown` outcomes that a retry did not get again, same status and body. */
  notReplayed: number
  /** Of two at once, those that were told that the key is in use. */
  inUse: number
}

export async function idempotency(context: Context): Promise<void> {
  const { upstream, size, oracle, report, trap } = context
  const figures = {
    retried: 0,
    replayed: 0,
    recovered: 0,
    notRecovered: 0,
    notReplayed: 0,
    inUse: 0,
  }
  const gates = await Promise.all(
    Array.from({ length: lanes }, (_, at) =>
      context.host(`idem${at}`, new Gate({ open: (socket) => upstream.serve(socket) })),
    ),
  )
  const running = await context.start(gates, {
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    CONNECT_TIMEOUT_MS: '400',
  })
  const faults = [...messageFaults(trap.origin), ...connectionFaults.filter(({ idle }) => !idle)]
  const script = drawScript(context.random('idempotency'), faults, size.idempotencyFaults)
  await Promise.all(
    deal(script, lanes).map(async (steps, at) => {
      const gate = gates[at]
      if (gate === undefined) throw new Error('a gate per lane')
      for (const [index, step] of steps.entries()) {
        const place = { id: `idempotency-${at}-${index}`, account: `idem${at}` }
        await insist(context, running.client, gate, step, place, figures)
      }
    }),
  )
  for (let pair = 0; pair < pairs; pair += 1) {
    await sendTwiceAtOnce(context, running.client, `idempotency-pair-${pair}`, figures)
  }
  await context.stop(running)
  for (const gate of gates) gate.close()

  const messages = oracle.of('idempotency').filter(({ fault }) => !fault.isLie)
  const doubled = messages.filter(({ processed }) => processed > 1).length
  report.figures['idempotency'] = { ...figures, duplicates: doubled }
  report.promise('no duplicate when everything is retried with its key', doubled === 0, doubled, 0)
  report.promise(
    'an unknown outcome is replayed as it was',
    figures.notReplayed === 0,
    `${figures.notReplayed} were not`,
    0,
    `${figures.replayed} answers were replays`,
  )
  report.promise(
    'what was not sent is sent by a retry with its key',
    figures.notRecovered === 0,
    `${figures.notRecovered} were not`,
    0,
    `${figures.recovered} were`,
  )
}

type Place = { id: string; account: string }

async function insist(
  context: Context,
  client: Client,
  gate: Gate,
  { fault, deadlineMs, bulk }: Step,
  { id, account }: Place,
  figures: Figures,
): Promise<void> {
  const { oracle, upstream, marks } = context
  oracle.expect(id, 'idempotency', fault)
  upstream.plan(id, [fault])
  const keyed = withKey(compose(marks, id, account, deadlineMs, bulk), id)
  if (fault.gate !== undefined) await shut(gate, fault.gate)
  const first = await client.call(keyed)
  await gate.behave('open')
  oracle.answered(id, first)
  noteOverrun(context, id, first, deadlineMs)
  let latest = first
  for (let retry = 0; retry < retries && saidBy(latest) !== 'acknowledged'; retry += 1) {
    figures.retried += 1
    latest = await client.call(keyed)
    oracle.answered(id, latest)
    if (isReplayed(latest)) figures.replayed += 1
    else if (saidBy(first) === 'unknown') figures.notReplayed += 1
    if (saidBy(first) === 'unknown' && isReplayed(latest) && !isSame(first, latest)) {
      figures.notReplayed += 1
    }
  }
  if (saidBy(first) !== 'not-sent') return
  if (saidBy(latest) === 'acknowledged') figures.recovered += 1
  else figures.notRecovered += 1
}

function isSame(one: Answer | undefined, other: Answer | undefined): boolean {
  return one?.status === other?.status && one?.body === other?.body
}

const slow: Fault = {
  class: 'same key at once',
  name: 'two requests with one key at the same time',
  deadline: 'normal',
  weight: 0,
  play: async (exchange) => {
    if (!(await exchange.process())) return
    await exchange.pause(100)
    exchange.answer(200)
  },
}

async function sendTwiceAtOnce(
  { oracle, upstream, marks }: Context,
  client: Client,
  id: string,
  figures: Figures,
): Promise<void> {
  oracle.expect(id, 'idempotency', slow)
  upstream.plan(id, [slow, slow])
  const keyed = withKey(compose(marks, id, 'idem0', longestDeadlineMs), id)
  const both = await Promise.all([client.call(keyed), client.call(keyed)])
  for (const answer of both) {
    oracle.answered(id, answer)
    if (answer?.problem?.code === 'idempotency-key-in-use') figures.inUse += 1
  }
}
