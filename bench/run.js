/** The benchmark's one command; `--help` says what it can do. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { candidates, chooseCandidates, floor, otherBuild, subject } from './candidates.js'
import { makeCertificates } from './certificates.js'
import { drawPublished } from './chart.js'
import { measureGrowth } from './growth.js'
import { measureLatency } from './latency.js'
import { measureMillion } from './million.js'
import { measureNodes } from './nodes.js'
import { readOptions, usage } from './options.js'
import { pinSelf } from './processes.js'
import { measureProfile } from './profile.js'
import {
  reportGrowth,
  reportLatency,
  reportMillion,
  reportNodes,
  reportProfile,
  reportStart,
  reportStore,
  reportThroughput,
  reportWebhooks,
} from './report.js'
import { installRivals, requireBuild, requireMachine } from './requirements.js'
import { writeResults } from './results.js'
import { measureStart } from './startup.js'
import { measureStore } from './store.js'
import { summarize } from './summary.js'
import { measureThroughput } from './throughput.js'
import { measureWebhooks } from './webhooks.js'

const root = new URL('..', import.meta.url).pathname
const say = (sentence) => process.stderr.write(`  ${sentence}\n`)

/** Prints what was measured as soon as it is. */
function show(part, report) {
  console.log(`\n${report(part)}`)
  return part
}

async function runThroughput(options, bench) {
  const { pace, quick, tls, only } = options
  const chosen = chooseCandidates(options)
  const run = async (some, heading, more) => {
    const slices = await measureThroughput(some, bench, { pace, say, ...more })
    const part = { pace, ...summarize(some, slices) }
    return show(part, () => reportThroughput(heading, part))
  }
  const parts = {}
  if (!tls) parts.throughput = await run(chosen, 'Plain upstream', { budgetMs: pace.budgetMs })
  if (tls || !quick) {
    const inTls = chosen.filter((candidate) => candidate.inTls || only !== undefined)
    const certificates = makeCertificates(bench.folder)
    const more = { budgetMs: pace.tlsBudgetMs, certificates }
    parts.throughputTls = await run(inTls, 'TLS upstream', more)
  }
  return parts
}

async function runLatency({ tls, other }, bench) {
  const chosen = [floor, subject, ...(other === undefined ? [] : [otherBuild(other)])]
  const run = async (heading, certificates) =>
    show(await measureLatency(chosen, bench, { certificates, say }), (part) =>
      reportLatency(heading, part),
    )
  const parts = {}
  if (!tls) parts.latency = await run('Latency, plain upstream')
  parts.latencyTls = await run('Latency, TLS upstream', makeCertificates(bench.folder))
  return parts
}

/** What was asked for; throughput where nothing was. */
async function run(options, bench) {
  const { only } = options
  const parts = {}
  if (options.latency) Object.assign(parts, await runLatency(options, bench))
  if (options.growth) parts.growth = show(await measureGrowth(bench, { only, say }), reportGrowth)
  if (options.million) parts.million = show(await measureMillion(bench, { say }), reportMillion)
  if (options.webhooks) {
    parts.webhooks = show(await measureWebhooks(bench, options.pace, say), reportWebhooks)
  }
  if (options.store) {
    parts.store = show(await measureStore(bench, { pace: options.pace, say }), reportStore)
  }
  if (options.nodes) {
    const { nodes, pace } = options
    parts.nodes = show(await measureNodes(nodes, bench, { pace, say }), reportNodes)
  }
  if (options.profile) {
    parts.profile = show(await measureProfile(bench, { pace: options.pace, say }), reportProfile)
  }
  if (options.start) {
    parts.start = show(await measureStart([subject, floor], bench, { say }), reportStart)
  }
  return Object.keys(parts).length > 0 ? parts : runThroughput(options, bench)
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(usage)
  if (options.list) {
    return console.log(candidates.map(({ name, title }) => `${name}: ${title}`).join('\n'))
  }
  requireMachine(options)
  requireBuild(root)
  if (options.other !== undefined) requireBuild(options.other)
  installRivals()
  pinSelf(options.cores.load)
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const parts = await run(options, { cores: options.cores, folder })
  console.log(`Written to ${writeResults(parts, options)}`)
  if (options.publish) drawPublished()
}

await main().catch((error) => {
  process.stderr.write(`bench: ${error.message}\n`)
  process.exit(1)
})
