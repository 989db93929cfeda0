/** Added latency: the same open-loop load on LiveEngage directly and through a candidate, taken in turns. */
import process from 'node:process'
import { floor, subject } from './candidates.js'
import { cleanest, compare, look } from './foreign.js'
import { startInstance } from './instance.js'
import { messageFrom, start, stop } from './processes.js'
import { conversations, pathOf, requests } from './requests.js'
import { quantile, shuffle } from './statistics.js'

const delayMs = 100
const perSecond = 1_000
/** 1,000 a second for 100 ms are 100 in flight; the default of 128 has no room for a hiccup. */
const connections = 512
const rounds = 4
const seconds = 12
const settleSeconds = 2
const warmSeconds = 8

const here = (name) => new URL(name, import.meta.url).pathname

/** @returns percentiles of the direct call and of each candidate, and what each added */
export async function measureLatency(bench, { certificates, say }) {
  const upstream = await startSlowUpstream(bench, certificates)
  const generator = start(bench.cores.load, process.execPath, [here('open-loop.js')], {
    env: certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates.ca },
    ipc: true,
  })
  const proxied = []
  for (const candidate of [floor, subject]) {
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
  const seen = new Map(targets.map(({ name }) => [name, []]))
  for (const target of targets) {
    say(`warming ${target.name}`)
    await load(generator, target, warmSeconds)
  }
  const pids = {
    candidate: proxied.map(({ pid }) => pid),
    load: [generator.pid, upstream.child.pid, process.pid],
  }
  for (let round = 0; round < rounds; round += 1) {
    say(`round ${round + 1} of ${rounds}`)
    for (const target of shuffle(targets)) {
      const before = look(bench.cores, pids)
      const run = await load(generator, target, seconds)
      seen.get(target.name).push({ ...run, ...compare(before, look(bench.cores, pids)) })
    }
  }
  await Promise.all([...proxied.map((instance) => instance.close()), stop(generator)])
  await stop(upstream.child)
  return { delayMs, perSecond, connections, rows: summarize(seen) }
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

async function load(generator, { name, port, request, tls }, duration) {
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
      seconds: duration,
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
