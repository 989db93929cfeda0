/**
 * The open-loop load, a process of its own: sends at fixed instants whatever comes back, and counts from the instant at which
 * a request was to be sent, so that nobody's slowness makes the load slower and hides itself.
 */
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { openPool } from './connection-pool.js'

const leadMs = 200
/** How much longer than its requests a run may take. */
const patienceMs = 15_000

process.on('message', async (order) => {
  process.send(await run(order))
})

/**
 * @param order `port`, `tls`, `size` of the pool, `requests` (bytes as text, sent in turn), `status` of a success, `perSecond`, `seconds`, and
 * `settleSeconds` before them, in which connections are made again and nothing is counted
 * @returns milliseconds of each request in the order of their instants, and how late each was sent
 */
async function run({ port, tls, size, requests, status: expected, perSecond, ...times }) {
  const { seconds, settleSeconds } = times
  const end = setTimeout(giveUp, (settleSeconds + seconds) * 1000 + patienceMs)
  const pool = await openPool({ port, tls, size })
  const all = requests.map((request) => Buffer.from(request, 'latin1'))
  const uncounted = perSecond * settleSeconds
  const count = uncounted + perSecond * seconds
  const intervalMs = 1000 / perSecond
  const latencies = new Array(perSecond * seconds)
  const lateness = []
  /** How many of each status that is no success; 0 is a lost connection. */
  const failures = {}
  // The pacer is another thread with another clock; both count from the same epoch.
  const now = () => performance.timeOrigin + performance.now()
  const startAt = now() + leadMs
  const url = new URL('pacer.js', import.meta.url)
  const pacer = new Worker(url, { workerData: { startAt, intervalMs, count } })
  await new Promise((resolve) => {
    let finished = 0
    pacer.on('message', (sent) => {
      const intended = startAt + sent * intervalMs
      if (sent >= uncounted) lateness.push(now() - intended)
      pool.send(all[sent % all.length], (status) => {
        if (sent >= uncounted) latencies[sent - uncounted] = now() - intended
        if (status !== expected) failures[status] = (failures[status] ?? 0) + 1
        finished += 1
        if (finished === count) resolve()
      })
    })
  })
  clearTimeout(end)
  pool.close()
  return { latencies, lateness, failures }
}

function giveUp() {
  process.stderr.write('open loop: some requests were never answered\n')
  process.exit(1)
}
