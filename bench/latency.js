/** Added latency: the same open-loop load on LiveEngage directly and through a candidate, taken in turns. */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanest, compare, look } from './foreign.js'
import { startInstance } from './instance.js'
import { messageFrom, start, stop } from './processes.js'
import { conversations, pathOf, requests } from './requests.js'
import { quantile, shuffle } from './statistics.js'

const delayMs = 20
const perSecond = 1_000
/** The default of 128 has little room for a hiccup: 50 ms without an answer are 50 requests more. */
const connections = 512
const warmSeconds = 8
const maxKeepAliveMs = 600_000

/**
 * `settleSeconds` of each run come first and are not counted; `pauseSeconds` is how long a candidate has had nothing to do before;
 * `keepAliveMs` is how long LiveEngage leaves an idle connection open, and says so. A server of Node does so for 5 seconds.
 */
const pauses = { rounds: 4, seconds: 10, settleSeconds: 0, pauseSeconds: 30 }
const modes = [
  {
    name: 'steady',
    rounds: 2,
    seconds: 25,
    settleSeconds: 5,
    pauseSeconds: 0,
    keepAliveMs: maxKeepAliveMs,
  },
  { name: 'after pauses', ...pauses, keepAliveMs: maxKeepAliveMs },
  { name: 'after pauses, LiveEngage closes idle connections', ...pauses, keepAliveMs: 5_000 },
]

const here = (name) => new URL(name, import.meta.url).pathname

/** @returns for each mode percentiles of the direct call and of each candidate, and what each added */
export async function measureLatency(candidates, bench, { certificates, say }) {
  const upstream = await startSlowUpstream(bench, certificates)
  const generator = start(bench.cores.load, process.execPath, [here('open-loop.js')], {
    env: certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates.ca },
    ipc: true,
  })
  const proxied = []
  for (const candidate of candidates) {
    proxied.push(await startInstance(candidate, { ...bench, upstream }, { connections }))
  }
  const direct = {
    name: 'direct',
    port: upstream.port,
    request: requests.native(),
    tls: upstream.ca,
  }
  const targets = [
    direct,
    ...proxied.map(({ candidate, port, request }) => ({ name: candidate.name, port, request })),
  ]
  for (const target of targets) {
    say(`warming ${target.name}`)
    await load(generator, target, { seconds: warmSeconds, settleSeconds: 0 })
  }
  const pids = {
    candidate: proxied.map(({ pid }) => pid),
    load: [generator.pid, upstream.child.pid, process.pid],
  }
  const measured = []
  for (const mode of modes) {
    const seen = await takeTurns(generator, targets, {
      ...{ mode, pids, cores: bench.cores, say },
      /** The direct call's are left open: it is what the others are compared with. */
      setKeepAlive: ({ name }) => {
        const keepAliveMs = name === direct.name ? maxKeepAliveMs : mode.keepAliveMs
        upstream.child.send({ keepAliveMs })
      },
    })
    measured.push({ ...mode, rows: summarize(seen) })
  }
  await Promise.all([...proxied.map((instance) => instance.close()), stop(generator)])
  await stop(upstream.child)
  return { delayMs, perSecond, connections, modes: measured }
}

/** @returns the runs of each target by its name */
async function takeTurns(generator, targets, { mode, pids, cores, say, setKeepAlive }) {
  const seen = new Map(targets.map(({ name }) => [name, []]))
  // A connection learns of it with its next answer.
  for (const target of targets) {
    setKeepAlive(target)
    await load(generator, target, { seconds: 2, settleSeconds: 0 })
  }
  const quietSince = new Map(targets.map(({ name }) => [name, performance.now()]))
  for (let round = 0; round < mode.rounds; round += 1) {
    say(`${mode.name}: round ${round + 1} of ${mode.rounds}`)
    for (const target of shuffle(targets)) {
      const { name } = target
      const quietMs = performance.now() - quietSince.get(name)
      await sleep(Math.max(0, mode.pauseSeconds * 1000 - quietMs))
      setKeepAlive(target)
      const before = look(cores, pids)
      const run = await load(generator, target, mode)
      seen.get(name).push({ ...run, ...compare(before, look(cores, pids)) })
      quietSince.set(name, performance.now())
    }
  }
  return seen
}

async function startSlowUpstream({ cores }, certificates) {
  const tls = certificates && { CERTIFICATE: certificates.certificate, KEY: certificates.key }
  const env = { DELAY_MS: `${delayMs}`, ...tls }
  const child = start(cores.load, process.execPath, [here('slow-upstream.js')], { env, ipc: true })
  const { port } = await messageFrom(child)
  const scheme = tls ? 'https' : 'http'
  const origin = `${scheme}://localhost:${port}`
  const ca = certificates?.ca
  return { child, port, scheme, ca, origin, directory: origin, hosts: `localhost:${port}` }
}

async function load(generator, { name, port, request, tls }, { seconds, settleSeconds }) {
  const { status, headers, body } = request
  const lines = Object.entries({ Host: `localhost:${port}`, ...headers })
  const head = lines.map(([header, value]) => `${header}: ${value}\r\n`).join('')
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  generator.send({
    ...{
      port,
      status,
      perSecond,
      settleSeconds,
      seconds,
      tls: tls !== undefined,
      size: connections,
    },
    requests: Array.from(
      { length: conversations },
      (_, number) => `POST ${pathOf(request, number)} HTTP/1.1\r\n${head}${length}\r\n\r\n${body}`,
    ),
  })
  const seen = await messageFrom(generator)
  if (Object.keys(seen.failures).length > 0) {
    throw new Error(`${name}: failed with these statuses: ${JSON.stringify(seen.failures)}`)
  }
  return seen
}

const shares = { p50: 0.5, p99: 0.99, p999: 0.999 }

/** Over the cleanest runs together: a 99.9th percentile needs many requests. */
function summarize(seen) {
  const percentiles = (values) =>
    Object.fromEntries(Object.entries(shares).map(([key, share]) => [key, quantile(values, share)]))
  const rows = [...seen]
    .map(([name, all]) => [name, cleanest(all)])
    .map(([name, runs]) => ({
      name,
      foreign: Math.max(...runs.map(({ foreign }) => foreign)),
      requests: runs.reduce((sum, { latencies }) => sum + latencies.length, 0),
      ms: percentiles(runs.flatMap(({ latencies }) => latencies)),
      lateMs: percentiles(runs.flatMap(({ lateness }) => lateness)),
    }))
  const [{ ms: direct }] = rows
  return rows.map((row) => ({
    ...row,
    addedMs: Object.fromEntries(Object.keys(shares).map((key) => [key, row.ms[key] - direct[key]])),
  }))
}
