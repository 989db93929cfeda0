/** CPU per request of all candidates: blocks of fresh processes, rounds of one short slice each in random order. */
import { startInstance, warm } from './instance.js'
import { measureSlice } from './slices.js'
import { shuffle } from './statistics.js'
import { startUpstream } from './upstream.js'

export const loadConnections = 64
/** Every so many slices of a round the floor has one more. */
const slicesPerFloor = 5
const leastWarmMs = 1_000

/**
 * @param bench `cores` and `folder`
 * @returns every slice, with its block and round
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
  const [floor] = instances
  const floors = Array(Math.floor(instances.length / slicesPerFloor) + 1).fill(floor)
  for (let round = 0; round < pace.rounds; round += 1) {
    if (round > 0 && performance.now() > end) break
    say(`block ${block + 1}: round ${round + 1} of ${pace.rounds}`)
    for (const instance of shuffle([...instances, ...floors])) {
      const slice = await measureSlice(instance, bench, { ...pace, connections: loadConnections })
      slices.push({ ...slice, block, round })
    }
  }
  await Promise.all(instances.map((instance) => instance.close()))
  return slices
}
