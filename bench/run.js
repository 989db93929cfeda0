/** The benchmark's one command; `--help` says what it can do. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { candidates, chooseCandidates } from './candidates.js'
import { makeCertificates } from './certificates.js'
import { readOptions, usage } from './options.js'
import { pinSelf } from './processes.js'
import { reportThroughput, table } from './report.js'
import { installRivals, requireBuild, requireMachine } from './requirements.js'
import { writeResults } from './results.js'
import { summarize } from './summary.js'
import { measureThroughput } from './throughput.js'

const root = new URL('..', import.meta.url).pathname
const say = (sentence) => process.stderr.write(`  ${sentence}\n`)

async function runThroughput(options, bench) {
  const { pace, quick, tls } = options
  const chosen = chooseCandidates(options)
  const parts = {}
  if (!tls) {
    const run = { pace, budgetMs: pace.budgetMs, say }
    parts.throughput = summarize(chosen, await measureThroughput(chosen, bench, run))
    console.log(reportThroughput('Plain upstream', parts.throughput))
  }
  if (tls || !quick) {
    const inTls = chosen.filter((candidate) => candidate.inTls || options.only !== undefined)
    const certificates = makeCertificates(bench.folder)
    const run = { pace, budgetMs: pace.tlsBudgetMs, certificates, say }
    parts.tls = summarize(inTls, await measureThroughput(inTls, bench, run))
    console.log(reportThroughput('TLS upstream', parts.tls))
  }
  return parts
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(usage)
  if (options.list) {
    return console.log(
      table(candidates, [
        ['name', ({ name }) => name],
        ['', ({ title }) => title],
      ]),
    )
  }
  requireMachine(['nginx', 'wrk', 'openssl', 'haproxy'], options.cores)
  requireBuild(root)
  if (options.other !== undefined) requireBuild(options.other)
  installRivals()
  pinSelf(options.cores.load)
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const parts = await runThroughput(options, { cores: options.cores, folder })
  console.log(`Written to ${writeResults(parts, options)}`)
}

await main().catch((error) => {
  process.stderr.write(`bench: ${error.message}\n`)
  process.exit(1)
})
