/** Memory over a million requests in a row: whether it grows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { subject } from './candidates.js'
import { loadOf, startInstance } from './instance.js'
import { residentOf } from './kernel.js'
import { slope } from './statistics.js'
import { loadConnections } from './throughput.js'
import { startUpstream } from './upstream.js'

const wanted = 1_000_000
/** Until here heap and buffers find their size. */
const settled = 200_000
const limitMs = 480_000

/** @returns the samples [requests, MiB] and the slope in MiB per 1,000,000 requests after the first 200,000 */
export async function measureMillion(bench, { say }) {
  const upstream = await startUpstream({ ...bench, core: bench.cores.load })
  const withUpstream = { ...bench, upstream }
  const instance = await startInstance(subject, withUpstream)
  const load = loadOf(instance, withUpstream, { connections: loadConnections })
  const first = await upstream.sends()
  const end = performance.now() + limitMs
  const samples = []
  let requests = 0
  while (requests < wanted && performance.now() < end) {
    await sleep(500)
    requests = (await upstream.sends()) - first
    samples.push([requests, residentOf(instance.pid)])
    if (samples.length % 20 === 0) say(`${requests} requests`)
  }
  const { refused, broken } = await load.stop()
  await instance.close()
  await upstream.close()
  if (refused > 0) throw new Error(`${refused} answers were no success`)
  const late = samples.filter(([done]) => done >= settled)
  const residents = late.map(([, mb]) => mb)
  return {
    requests,
    mbPerMillion: slope(late) * 1_000_000,
    residentMb: { low: Math.min(...residents), high: Math.max(...residents) },
    broken,
    samples,
  }
}
