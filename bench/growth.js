/** What a request costs as the work grows: each point a fresh process, its slices in turns with the floor's. */
import { floor, subject, subjectWithCredentials } from './candidates.js'
import { cleanest } from './foreign.js'
import { startInstance, warm } from './instance.js'
import { measureSlice } from './slices.js'
import { median } from './statistics.js'
import { loadConnections } from './throughput.js'
import { startUpstream } from './upstream.js'

const pace = { settleMs: 1_000, sliceMs: 1_000, warmRequests: 20_000, warmMs: 6_000 }
const slicesPerPoint = 4
/** Filling the caches with 100,000 consumers takes a login each. */
const fillMs = 60_000

/** By part: the sizes, and what a size means for the candidate and the load. */
const parts = {
  connections: {
    sizes: [1, 16, 64, 256, 1_024],
    // More than the default of 128 or the rest would only wait.
    at: (size) => ({ load: { connections: size }, changes: { connections: 1_024 } }),
  },
  conversations: {
    // In one of them each message waits for the one before it.
    sizes: [1, 16, 64, 1_024, 10_000],
    at: (size) => ({ load: { conversations: size } }),
  },
  text: {
    sizes: [10, 100, 1_000, 5_000],
    at: (size) => ({ changes: { text: 'x'.repeat(size) } }),
  },
  accounts: {
    sizes: [1, 100, 10_000],
    // Without an account of its own the proxy takes any.
    at: (size) => ({
      load: { rotate: size },
      changes: { request: 'account', env: { LP_ACCOUNT_ID: '' } },
    }),
  },
  consumers: {
    candidate: subjectWithCredentials,
    sizes: [1, 1_000, 100_000],
    at: (size) => ({ load: { rotate: size } }),
  },
}

/** @param only names of parts, all by default @throws Error for an unknown part */
export async function measureGrowth(bench, { only = Object.keys(parts), say }) {
  const unknown = only.filter((name) => !Object.hasOwn(parts, name))
  if (unknown.length > 0) {
    const known = Object.keys(parts).join(', ')
    throw new Error(`growth has no part ${unknown.join(', ')}; it has ${known}`)
  }
  const upstream = await startUpstream({ ...bench, core: bench.cores.load })
  const withUpstream = { ...bench, upstream }
  const reference = await startInstance(floor, withUpstream)
  await warm(reference, withUpstream, { ...pace, connections: loadConnections })
  const results = {}
  for (const name of only) {
    const part = parts[name]
    results[name] = []
    for (const size of part.sizes) {
      say(`${name}: ${size}`)
      const point = await measurePoint(part, size, withUpstream, reference)
      results[name].push({ size, ...point })
    }
  }
  await reference.close()
  await upstream.close()
  return results
}

async function measurePoint({ candidate = subject, at }, size, bench, reference) {
  const { load, changes } = at(size)
  const own = { ...pace, connections: loadConnections, ...load }
  const instance = await startInstance(candidate, bench, changes)
  const { rotate = 1 } = own
  await warm(instance, bench, own)
  // Every account and consumer once more than once.
  const fill = { ...own, warmRequests: rotate * 1.5, warmMs: fillMs }
  if (rotate > 1) await warm(instance, bench, fill)
  const pairs = []
  for (let round = 0; round < slicesPerPoint; round += 1) {
    const slice = await measureSlice(instance, bench, own)
    const beside = await measureSlice(reference, bench, { ...pace, connections: loadConnections })
    const foreign = Math.max(slice.foreign, beside.foreign)
    pairs.push({ ...slice, foreign, ratio: beside.micros / slice.micros })
  }
  await instance.close()
  const kept = cleanest(pairs)
  const medianOf = (name) => median(kept.map((pair) => pair[name]))
  return {
    micros: medianOf('micros'),
    ratio: medianOf('ratio'),
    perSecond: medianOf('perSecond'),
    p99Ms: medianOf('p99Ms'),
    lookUps: medianOf('lookUps'),
    residentMb: Math.max(...pairs.map(({ residentMb }) => residentMb)),
    foreign: medianOf('foreign'),
    broken: pairs.reduce((sum, { broken }) => sum + broken, 0),
  }
}
