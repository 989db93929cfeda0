/** What an Idempotency-Key costs, kept in memory and in a Redis: CPU, the store's round trips, and the time of one message alone. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { subject } from './candidates.js'
import { cleanest } from './foreign.js'
import { startInstance, warm } from './instance.js'
import { freePort, start, stop } from './processes.js'
import { measureSlice } from './slices.js'
import { median } from './statistics.js'
import { loadConnections } from './throughput.js'
import { startUpstream } from './upstream.js'

const aloneMs = 1_000

/** @param pace rounds and their times, as `paceOf` in options.js makes it */
export async function measureStore(bench, { pace, say }) {
  const upstream = await startUpstream({ ...bench, core: bench.cores.load })
  const store = await startStore(bench)
  const withUpstream = { ...bench, upstream: { ...upstream, pids: [...upstream.pids, store.pid] } }
  const load = { ...pace, connections: loadConnections }
  const startWarm = async (name, changes) => {
    say(`warming ${name}`)
    const instance = await startInstance(subject, withUpstream, changes)
    await warm(instance, withUpstream, load)
    return { name, instance, slices: [], alone: [] }
  }
  const request = 'keyed'
  const rows = [
    await startWarm('without a key'),
    await startWarm('key, in memory', { request }),
    await startWarm('key, in Redis', { request, env: { STATE_URL: store.url } }),
  ]
  for (let round = 0; round < pace.rounds * pace.blocks; round += 1) {
    say(`round ${round + 1} of ${pace.rounds * pace.blocks}`)
    const slices = []
    for (const { instance } of rows) {
      const before = await store.counts()
      const slice = await measureSlice(instance, withUpstream, load)
      slices.push({ ...slice, ...(await store.counts(before)) })
    }
    const foreign = Math.max(...slices.map((slice) => slice.foreign))
    for (const [at, row] of rows.entries()) {
      row.slices.push({ ...slices[at], foreign, sendMicros: slices[0].micros })
      const alone = { ...load, connections: 1, sliceMs: aloneMs }
      row.alone.push(await measureSlice(row.instance, withUpstream, alone))
    }
  }
  for (const { instance } of rows) await instance.close()
  await store.close()
  await upstream.close()
  return { rows: rows.map(summarize) }
}

function summarize({ name, slices, alone }) {
  const kept = cleanest(slices)
  const medianOf = (read) => median(kept.map(read))
  return {
    name,
    micros: medianOf(({ micros }) => micros),
    ratio: medianOf(({ micros, sendMicros }) => micros / sendMicros),
    perSecond: medianOf(({ perSecond }) => perSecond),
    calls: medianOf(({ calls, requests }) => calls / requests),
    reads: medianOf(({ reads, requests }) => reads / requests),
    aloneMs: median(cleanest(alone).map(({ p50Ms }) => p50Ms)),
    residentMb: Math.max(...slices.map(({ residentMb }) => residentMb)),
    foreign: medianOf(({ foreign }) => foreign),
  }
}

/** A Redis that keeps nothing on disk, on the load's core. */
async function startStore({ cores, folder }) {
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = start(cores.load, 'redis-server', [...args, '--dir', folder])
  const counts = async (before = { calls: 0, reads: 0 }) => {
    // What a script does inside counts as commands as well, so the calls of scripts are told apart.
    const commands = await ask(port, 'INFO commandstats\r\n')
    const calls = [...commands.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)]
    const stats = await ask(port, 'INFO stats\r\n')
    return {
      calls: calls.reduce((sum, [, count]) => sum + Number(count), 0) - before.calls,
      reads: Number(/^total_reads_processed:(\d+)/m.exec(stats)[1]) - before.reads,
    }
  }
  for (let attempt = 0; ; attempt += 1) {
    if ((await counts().catch(() => undefined)) !== undefined) break
    if (attempt === 100) throw new Error('redis-server did not start')
    await sleep(50)
  }
  return { pid: child.pid, url: `redis://127.0.0.1:${port}`, counts, close: () => stop(child) }
}

/** One command in Redis's inline form, on a connection of its own. */
async function ask(port, command) {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('utf8')
  socket.write(command)
  try {
    const [text] = await once(socket, 'data')
    return text
  } finally {
    socket.destroy()
  }
}
