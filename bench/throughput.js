/** CPU per request of all candidates: blocks of fresh processes, which take short turns. */

import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { compare, look } from './foreign.js'
import { loadOf, startInstance, warm } from './instance.js'
import { residentOf } from './kernel.js'
import { mean, shuffle } from './statistics.js'
import { startUpstream } from './upstream.js'

export const loadConnections = 64
/** Every so many turns the floor has one more. */
const turnsPerFloor = 5
const leastWarmMs = 1_000
/** So short that a machine whose speed changes within seconds is the same for all. */
const turnMs = 100
/** What is under way when a load stops is answered in this time, and another load is in full swing after it. */
const settleMs = 15

/**
 * @param bench `cores` and `folder`
 * @returns a slice for each candidate and round, with its block and round
 */
export async function measureThroughput(candidates, bench, { certificates, pace, budgetMs, say }) {
  const upstream = await startUpstream({ ...bench, core: bench.cores.load, certificates })
  const withUpstream = { ...bench, upstream }
  const end = performance.now() + budgetMs
  const slices = []
  for (let block = 0; block < pace.blocks; block += 1) {
    // What is left, in equal parts.
    const share = (end - performance.now()) / (pace.blocks - block)
    const rounds = { ...pace, end: performance.now() + share, block }
    slices.push(...(await measureBlock(candidates, withUpstream, rounds, say)))
  }
  await upstream.close()
  return slices
}

async function measureBlock(candidates, bench, { block, end, ...pace }, say) {
  const instances = []
  const slices = []
  // Half of the time at most; what the quick ones leave is the slow ones'.
  const warmEnd = (performance.now() + end) / 2
  for (const [index, candidate] of candidates.entries()) {
    say(`block ${block + 1}: warming ${candidate.name}`)
    const instance = await startInstance(candidate, bench)
    const share = (2 * (warmEnd - performance.now())) / (candidates.length - index)
    const limitMs = Math.max(share, leastWarmMs)
    await warm(instance, bench, { ...pace, connections: loadConnections, limitMs })
    instances.push(instance)
  }
  const loads = new Map()
  for (const instance of instances) {
    const load = loadOf(instance, bench, { connections: loadConnections, order: 'random' })
    loads.set(instance, load)
    // Its connections are made, and carry their first requests.
    await sleep(pace.settleMs)
    load.pause()
  }
  const [floor] = instances
  const floors = Array(Math.floor(instances.length / turnsPerFloor) + 1).fill(floor)
  const lineUp = [...instances, ...floors]
  for (let round = 0; round < pace.rounds; round += 1) {
    if (round > 0 && performance.now() > end) break
    say(`block ${block + 1}: round ${round + 1} of ${pace.rounds}`)
    const turns = lineUp.map(() => [])
    for (let turn = 0; turn < pace.turns; turn += 1) {
      for (const place of shuffle([...lineUp.keys()])) {
        const instance = lineUp[place]
        turns[place].push(await takeTurn(instance, loads.get(instance), bench))
      }
    }
    for (const [place, instance] of lineUp.entries()) {
      slices.push({ ...sumOf(instance, turns[place]), block, round })
    }
  }
  for (const [{ candidate }, load] of loads) {
    load.resume()
    const { refused } = await load.stop()
    if (refused > 0) throw new Error(`${candidate.name}: ${refused} answers were no success`)
  }
  await Promise.all(instances.map((instance) => instance.close()))
  return slices
}

/** One load runs for a moment, and all others wait. */
async function takeTurn(instance, load, { cores, upstream }) {
  const pids = { candidate: [instance.pid], load: [...upstream.pids, load.pid, process.pid] }
  load.resume()
  await sleep(settleMs)
  const before = { sends: await upstream.sends(), ...look(cores, pids) }
  await sleep(turnMs)
  const after = { sends: await upstream.sends(), ...look(cores, pids) }
  load.pause()
  await sleep(settleMs)
  return { requests: after.sends - before.sends, ...compare(before, after) }
}

/** The turns of one round together. */
function sumOf({ candidate: { name }, pid }, turns) {
  const sum = (read) => turns.reduce((total, turn) => total + read(turn), 0)
  const requests = sum((turn) => turn.requests)
  if (requests === 0) throw new Error(`${name}: no request came through`)
  return {
    name,
    micros: sum(({ used }) => used) / 1000 / requests,
    perSecond: requests / (sum(({ nanos }) => nanos) / 1e9),
    busy: mean(turns.map(({ busy }) => busy)),
    foreign: mean(turns.map(({ foreign }) => foreign)),
    residentMb: residentOf(pid),
  }
}
