/** One slice: a load that has settled, and what the kernel counted while it ran. */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { compare, look } from './foreign.js'
import { loadOf } from './instance.js'
import { residentOf } from './kernel.js'

/** A connection's handshake is behind it once it has carried so many requests; on a busy machine that takes longer. */
const settleUses = 5
const settleLimitMs = 3_000

/**
 * Measures one instance for `sliceMs`, after at least `settleMs` in which connections are made and code is optimized again.
 * @param rest `connections`; `rotate`, how many values `{id}` takes in the request, in random order; `conversations`, how many it goes through
 * @returns `requests` of the whole load, its beginning included; CPU microseconds per request, requests a second, wrk's p99 (closed loop), and the share of either core that others used
 */
export async function measureSlice(instance, bench, { settleMs, sliceMs, ...rest }) {
  const { connections, rotate, conversations } = rest
  const { cores, upstream } = bench
  const { name } = instance.candidate
  const load = loadOf(instance, bench, { connections, rotate, conversations, order: 'random' })
  const pids = { candidate: [instance.pid], load: [...upstream.pids, load.pid, process.pid] }
  const count = async () => {
    const lookUps = await upstream.lookUps()
    const sends = await upstream.sends()
    return { lookUps, sends, ...look(cores, pids) }
  }
  const first = await upstream.sends()
  const latest = performance.now() + settleLimitMs
  await sleep(settleMs)
  while (
    (await upstream.sends()) - first < connections * settleUses &&
    performance.now() < latest
  ) {
    await sleep(50)
  }
  const before = await count()
  await sleep(sliceMs)
  const after = await count()
  const residentMb = residentOf(instance.pid)
  const seen = await load.stop()
  const all = (await upstream.sends()) - first
  const requests = after.sends - before.sends
  if (seen.refused > 0) throw new Error(`${name}: ${seen.refused} answers were no success`)
  if (requests === 0) throw new Error(`${name}: no request came through`)
  const { nanos, used, busy, foreign } = compare(before, after)
  return {
    name,
    requests: all,
    micros: used / 1000 / requests,
    perSecond: requests / (nanos / 1e9),
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    broken: seen.broken,
    // A look at the count is a request, too.
    lookUps: (after.lookUps - before.lookUps - 1) / requests,
    busy,
    foreign,
    residentMb,
  }
}
