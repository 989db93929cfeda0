/** From the start of the process to ready, and memory idle and loaded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { floor } from './candidates.js'
import { ask, loadOf, startInstance } from './instance.js'
import { cpuOf, peakResidentOf, residentOf } from './kernel.js'
import { freePort, start, stop } from './processes.js'
import { spread } from './statistics.js'
import { startUpstream } from './upstream.js'

const starts = 10
const startLimitMs = 15_000
const idleMs = 2_000
const loaded = { connections: 256, ms: 8_000 }

export async function measureStart(candidates, bench, { say }) {
  const upstream = await startUpstream({ ...bench, core: bench.cores.load })
  const withUpstream = { ...bench, upstream }
  const rows = []
  for (const candidate of candidates) {
    say(`starting ${candidate.name} ${starts} times`)
    const times = []
    for (let count = 0; count < starts; count += 1) {
      times.push(await timeStart(candidate, withUpstream))
    }
    const { name } = candidate
    rows.push({
      name,
      readyMs: spread(times.map(({ ms }) => ms)),
      readyCpuMs: spread(times.map(({ cpuMs }) => cpuMs)),
      ...(await measureMemory(candidate, withUpstream)),
    })
  }
  await upstream.close()
  return { starts, rows }
}

/** Ready is what /readyz says; the floor has none, and is ready when it answers. */
async function timeStart(candidate, bench) {
  const port = await freePort()
  const { command, args, env } = candidate.launch({ ...bench, port, connections: 128 })
  const isReady = candidate === floor ? () => true : ({ status }) => status === 200
  const began = performance.now()
  const child = start(bench.cores.candidate, command, args, { env })
  try {
    while (performance.now() - began < startLimitMs) {
      const answer = await ask(port, 'GET', { path: '/readyz' }).catch(() => undefined)
      if (answer !== undefined && isReady(answer)) {
        return { ms: performance.now() - began, cpuMs: cpuOf(child.pid) / 1e6 }
      }
      await sleep(1)
    }
    throw new Error(`${candidate.name} was not ready`)
  } finally {
    await stop(child)
  }
}

async function measureMemory(candidate, bench) {
  const instance = await startInstance(candidate, bench)
  await sleep(idleMs)
  const idleMb = residentOf(instance.pid)
  const load = loadOf(instance, bench, { connections: loaded.connections })
  await sleep(loaded.ms)
  const loadedMb = residentOf(instance.pid)
  await load.stop()
  const peakMb = peakResidentOf(instance.pid)
  await instance.close()
  return { idleMb, loadedMb, peakMb }
}
