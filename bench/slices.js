/** One slice: a load that has settled, and what the kernel counted while it ran. */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadOf } from './instance.js'
import { cpuOf, idleOf, residentOf } from './kernel.js'

/**
 * Measures one instance for `sliceMs`, after `settleMs` in which connections are made again.
 * @returns CPU microseconds per request, requests a second, wrk's p99 (closed loop), and the share of either core that others used
 */
export async function measureSlice(instance, bench, { connections, settleMs, sliceMs, rotate }) {
  const { name } = instance.candidate
  const load = loadOf(instance, bench, connections, rotate)
  await sleep(settleMs)
  const before = await look(instance, bench, load)
  await sleep(sliceMs)
  const after = await look(instance, bench, load)
  const residentMb = residentOf(instance.pid)
  const seen = await load.stop()
  const requests = after.sends - before.sends
  if (seen.refused > 0) throw new Error(`${name}: ${seen.refused} answers were no success`)
  if (requests === 0) throw new Error(`${name}: no request came through`)

  const nanos = after.time - before.time
  const busy = (core) => nanos - (after.idle[core] - before.idle[core])
  const used = (who) => after.used[who] - before.used[who]
  const share = (time) => Math.max(0, time / nanos)
  return {
    name,
    micros: used('candidate') / 1000 / requests,
    perSecond: requests / (nanos / 1e9),
    p99Ms: seen.p99Ms,
    broken: seen.broken,
    lookUps: after.lookUps - before.lookUps,
    busy: share(busy('candidate')),
    foreign: Math.max(
      share(busy('candidate') - used('candidate')),
      share(busy('load') - used('load')),
    ),
    residentMb,
  }
}

async function look({ pid }, { cores, upstream }, load) {
  const lookUps = await upstream.lookUps()
  const sends = await upstream.sends()
  return {
    time: performance.now() * 1e6,
    sends,
    lookUps,
    idle: { candidate: idleOf(cores.candidate), load: idleOf(cores.load) },
    used: {
      candidate: cpuOf(pid),
      load: [...upstream.pids, load.pid, process.pid].reduce((sum, id) => sum + cpuOf(id), 0),
    },
  }
}
