/**
 * Two replicas that share a store, while LiveEngage and the store both fail. Each message has a key, and its caller tries it again at the
 * other replica, whatever the answer was: still nothing is sent twice, and nobody is told what is not so.
 */
import { setTimeout } from 'node:timers/promises'
import type { Client } from '../client.ts'
import { connectionFaults } from '../connection-faults.ts'
import type { Context } from '../context.ts'
import { type Fault, healthy } from '../fault.ts'
import { messageFaults } from '../faults.ts'
import { sum } from '../figures.ts'
import { Gate } from '../gate.ts'
import { shut } from '../lane.ts'
import { compose, withKey } from '../message.ts'
import { isTried } from '../oracle.ts'
import type { Random } from '../random.ts'
import { deal, drawScript, longestDeadlineMs, type Step } from '../script.ts'
import { Store } from '../store.ts'
import { type StoreFault, storeFaults } from '../store-faults.ts'
import { StoreGate } from '../store-gate.ts'
import { isReplayed, isSettled, saidBy } from '../verdict.ts'

const lanes = 24

/** How long a fault of the store lasts, and how long there is none, milliseconds. */
const harmMs = { from: 150, to: 900 }
const peaceMs = { from: 100, to: 1_500 }

/** Of a caller, milliseconds: between two attempts, and until it gives up. */
const pauseMs = { from: 20, to: 400 }
const patienceMs = 60_000

type Figures = {
  /** Attempts beyond the first. */
  retried: number
  replayed: number
  keyInUse: number
  storeUnavailable: number
  unsettled: number
}

export async function stored(context: Context): Promise<void> {
  const { upstream, size, trap, report } = context
  if (!Store.isInstalled) {
    report.promise('replicas share a store', undefined, 'there is no redis-server', '')
    return
  }
  const random = context.random('stored')
  const store = await Store.open()
  const door = new StoreGate(store.port)
  const env = {
    STATE_URL: await door.open(),
    REQUEST_TIMEOUT_MS: String(longestDeadlineMs),
    CONNECT_TIMEOUT_MS: '400',
  }
  const gates = await Promise.all(
    Array.from({ length: lanes }, (_, at) =>
      context.host(`stored${at}`, new Gate({ open: (socket) => upstream.serve(socket) })),
    ),
  )
  const replicas = [await context.start(gates, env), await context.start(gates, env)]
  const clients = replicas.map(({ client }) => client)
  const figures = { retried: 0, replayed: 0, keyInUse: 0, storeUnavailable: 0, unsettled: 0 }
  // Of a lie, nobody can say what a retry is to do.
  const faults = [...messageFaults(trap.origin), ...connectionFaults].filter(
    ({ idle, isLie }) => idle === undefined && isLie !== true,
  )
  const script = drawScript(random, faults, size.storedFaults)
  const outages = new Map<string, number>()
  let isOver = false
  const harming = harm(store, door, context.random('outages'), outages, () => isOver)
  await Promise.all(
    deal(script, lanes).map(async (steps, at) => {
      const gate = gates[at]
      if (gate === undefined) throw new Error('a gate per lane')
      for (const [index, step] of steps.entries()) {
        const place = { id: `stored-${at}-${index}`, account: `stored${at}` }
        await insist(context, clients, gate, step, place, figures, random)
      }
    }),
  )
  isOver = true
  await harming
  for (const replica of replicas) await context.stop(replica)
  for (const gate of [...gates, door.gate]) gate.close()
  await store.close()
  judge(context, figures, outages, door.harmed)
}

/** One fault of the store after the other, each as often as the others. */
async function harm(
  store: Store,
  door: StoreGate,
  random: Random,
  outages: Map<string, number>,
  isOver: () => boolean,
): Promise<void> {
  const deck: StoreFault[] = []
  const lasts = () => setTimeout(random.between(harmMs.from, harmMs.to))
  while (!isOver()) {
    if (deck.length === 0) deck.push(...random.shuffle(storeFaults))
    const fault = deck.pop()
    if (fault === undefined) throw new Error('a deck that was filled')
    await fault.play(store, door, lasts)
    outages.set(fault.name, (outages.get(fault.name) ?? 0) + 1)
    await setTimeout(random.between(peaceMs.from, peaceMs.to))
  }
}

type Place = { id: string; account: string }

/** Until the outcome is one that a retry does not change, at one replica after the other. */
async function insist(
  context: Context,
  clients: readonly Client[],
  gate: Gate,
  { fault, times, deadlineMs, bulk }: Step,
  { id, account }: Place,
  figures: Figures,
  random: Random,
): Promise<void> {
  const { oracle, upstream, marks } = context
  oracle.expect(id, 'stored', inTheTable(fault))
  upstream.plan(
    id,
    Array.from({ length: times }, () => fault),
  )
  const keyed = withKey(compose(marks, id, account, deadlineMs, bulk), id)
  if (fault.gate !== undefined) await shut(gate, fault.gate)
  const ends = performance.now() + patienceMs
  for (let attempt = random.between(0, 1); ; attempt += 1) {
    const answer = await clients[attempt % clients.length]?.call(keyed)
    oracle.answered(id, answer)
    const code = answer?.problem?.code
    if (isReplayed(answer)) figures.replayed += 1
    if (code === 'idempotency-key-in-use') figures.keyInUse += 1
    if (code === 'idempotency-store-unavailable') figures.storeUnavailable += 1
    // What the store kept from leaving has not met the gate.
    if (isTried(answer)) await gate.behave('open')
    if (isSettled(answer)) break
    if (performance.now() > ends) {
      figures.unsettled += 1
      break
    }
    figures.retried += 1
    await setTimeout(random.between(pauseMs.from, pauseMs.to))
  }
  await gate.behave('open')
}

/** The rows of the table. Any of these messages may meet a fault of the store. */
function inTheTable(fault: Fault): Fault {
  const isHealthy = fault.class === healthy.class
  return { ...fault, class: isHealthy ? storeAlone : storeToo }
}
const storeAlone = 'store alone'
const storeToo = 'store, LiveEngage'

function judge(
  { oracle, report, size }: Context,
  figures: Figures,
  outages: ReadonlyMap<string, number>,
  harmed: number,
): void {
  const messages = oracle.of('stored')
  const faults = oracle.faultsMet(messages.filter(({ fault }) => fault.class === storeToo))
  const refused = messages.filter(({ answers }) =>
    answers.some((answer) => answer?.problem?.code === 'idempotency-store-unavailable'),
  ).length
  const unknown = messages.filter(({ answers }) =>
    answers.every((answer) => saidBy(answer) !== 'acknowledged'),
  ).length
  report.figures['stored'] = {
    sends: messages.length,
    faults,
    refusedByTheStore: refused,
    unknown,
    ...figures,
    outages: Object.fromEntries(outages),
    harmed,
  }
  const { leastStoredSends, leastStoredFaults, leastOutages } = size
  const enough = (promise: string, count: number, least: number) =>
    report.promise(promise, count >= least, count, least)
  enough('with a store: enough messages', messages.length, leastStoredSends)
  enough('with a store: enough faults of LiveEngage', faults, leastStoredFaults)
  enough('with a store: enough faults of the store', sum([...outages.values()]), leastOutages)
  enough('with a store: it kept messages back', refused, 1)
  const none = (promise: string, count: number) => report.promise(promise, count === 0, count, 0)
  none('with a store: every message has an outcome that stays', figures.unsettled)
  const violations = oracle.violations(messages)
  const count = (kind: string) => violations.filter((violation) => violation.kind === kind).length
  none('with a store: no duplicate', count('duplicates'))
  none('with a store: no false acknowledgement', count('falseAcknowledgements'))
  none('with a store: no false not-sent', count('falseNotSent'))
}
