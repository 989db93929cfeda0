/** Runs every phase, prints the table, the promises and the JSON, and ends with 1 where a promise is broken. */
import { writeFileSync } from 'node:fs'
import { Context } from './context.ts'
import { readOptions } from './options.ts'
import { breaker } from './phases/breaker.ts'
import { control } from './phases/control.ts'
import { idempotency } from './phases/idempotency.ts'
import { lateCallers } from './phases/late-callers.ts'
import { logins } from './phases/logins.ts'
import { lookUps } from './phases/look-ups.ts'
import { mixed } from './phases/mixed.ts'
import { notifications } from './phases/notifications.ts'
import { outages } from './phases/outages.ts'
import { overload } from './phases/overload.ts'
import { packageClient } from './phases/package-client.ts'
import { pipelined } from './phases/pipelined.ts'
import { scarce } from './phases/scarce.ts'
import { shutdown } from './phases/shutdown.ts'
import { stalled } from './phases/stalled.ts'
import { stored } from './phases/stored.ts'
import { storm } from './phases/storm.ts'
import { tls } from './phases/tls.ts'
import { tableAsText } from './report.ts'
import { sizes } from './sizes.ts'
import { summarize } from './summary.ts'

type Phase = (context: Context) => Promise<void>

/** One line after the other; the phases of a line go together, since they mostly wait. */
const rounds: Record<string, Phase>[] = [
  { control },
  { mixed },
  { tls },
  { 'look-ups': lookUps, logins },
  { idempotency },
  { 'package-client': packageClient },
  { stored },
  { breaker, 'late-callers': lateCallers },
  { pipelined },
  { scarce },
  { storm },
  { overload },
  { stalled },
  { shutdown },
  { notifications },
  { outages },
]

const say = (text: string) => void process.stdout.write(`${text}\n`)

const options = readOptions(process.argv.slice(2))
const size = options.isQuick ? sizes.quick : sizes.full
say(`faults: ${size.name} run, seed ${options.seed}`)
const context = new Context(options.seed, size)
await context.open()
const began = performance.now()
for (const round of rounds) {
  await Promise.all(
    Object.entries(round).map(async ([name, phase]) => {
      if (options.only.length > 0 && !options.only.includes(name)) return
      const phaseBegan = performance.now()
      await phase(context)
      const phaseSeconds = (performance.now() - phaseBegan) / 1000
      context.seconds.set(name, phaseSeconds)
      say(`  ${name}: ${phaseSeconds.toFixed(1)} s`)
    }),
  )
}
const seconds = (performance.now() - began) / 1000
const result = summarize(context, options, seconds)
say(`\n${tableAsText(context.oracle.table())}`)
say(context.report.promisesAsText())
for (const violation of result.violations) say(`  ${JSON.stringify(violation)}`)
if (options.jsonFile !== undefined) {
  writeFileSync(options.jsonFile, `${JSON.stringify(result, null, 2)}\n`)
}
say(JSON.stringify(result))
process.exit(context.report.areKept && process.exitCode !== 1 ? 0 : 1)
