/** Judges a whole run: the promises that no single phase can judge, and the JSON. */
import type { Context } from './context.ts'
import { percentile, round, spreadOf } from './figures.ts'
import type { Options } from './options.ts'
import type { Row, Violation } from './oracle.ts'
import { lied } from './oracle.ts'
import { type Promised, total } from './report.ts'

/** Timing is judged only where `/livez` alone, with nothing else to do, is quicker than this. */
export const quietMs = 10

const mostViolations = 40
const mostOverrunMs = 100

export type Result = {
  seed: number
  size: string
  seconds: number
  sends: number
  faults: number
  table: Record<string, Row>
  total: Row
  promises: Promised[]
  figures: Record<string, unknown>
  violations: Violation[]
}

/** @returns the p99 of `/livez` alone */
export function noiseOf({ noiseMs }: Context): number {
  return round(percentile(noiseMs, 0.99))
}

/** A promise about time: not judged on a machine that is too busy to measure it. */
export function promiseTime(
  context: Context,
  promise: string,
  measuredMs: number,
  boundMs: number,
): void {
  const noise = noiseOf(context)
  const isQuiet = noise < quietMs
  context.report.promise(
    promise,
    isQuiet ? measuredMs <= boundMs : undefined,
    `${round(measuredMs)} ms`,
    `${boundMs} ms`,
    `p99 of /livez alone: ${noise} ms${isQuiet ? '' : ', too busy to judge'}`,
  )
}

export function summarize(context: Context, options: Options, seconds: number): Result {
  const { report, oracle, size, trap, leaks, upstream } = context
  const messages = oracle.of()
  const table = oracle.table()
  const all = total([...table].filter(([name]) => name !== lied).map(([, row]) => row))
  const faults = oracle.faultsMet(messages)
  const none = (promise: string, count: number, note?: string) =>
    report.promise(promise, count === 0, count, 0, note)
  if (options.only.length === 0) {
    const { leastSends, leastFaults } = size
    report.promise('enough sends', messages.length >= leastSends, messages.length, leastSends)
    report.promise('enough faults that came to be', faults >= leastFaults, faults, leastFaults)
  }
  none('no duplicate', all.duplicates)
  none('no false acknowledgement', all.falseAcknowledgements)
  none('no false not-sent', all.falseNotSent)
  none('every request has a whole answer', all.unanswered)
  none('every failure is a problem whose delivery agrees with its status', all.malformed)
  none('no token goes to another origin', trap.contacts + trap.stolen, 'contacts of the trap')
  none('no secret and no words in what is printed', leaks.printed)
  none('no secret and no words in the answers', leaks.answered)
  none('no SEND but ours', upstream.strangers)
  if (context.overruns.length > 0) {
    promiseTime(
      context,
      'answers come soon after their deadline (p99)',
      percentile(context.overruns, 0.99),
      mostOverrunMs,
    )
  }
  report.figures['overrunMs'] = spreadOf(context.overruns)
  report.figures['noiseMs'] = spreadOf(context.noiseMs)
  return {
    seed: options.seed,
    size: size.name,
    seconds: Math.round(seconds),
    sends: messages.length,
    faults,
    table: Object.fromEntries(table),
    total: all,
    promises: report.promises,
    figures: report.figures,
    violations: oracle.violations(messages).slice(0, mostViolations),
  }
}
