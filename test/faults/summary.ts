/** Judges a whole run: the promises that no single phase can judge, and the JSON. */
import type { Context } from './context.ts'
import { percentile, spreadOf, sum } from './figures.ts'
import type { Options } from './options.ts'
import type { Promised } from './report.ts'
import { lied, type Row, total, type Violation } from './verdict.ts'

/** Where messages meet faults one by one; the others are about many at once. */
const faultPhases = ['mixed', 'tls', 'look-ups', 'logins', 'idempotency']

/** Where each arrival beyond the first is the proxy's own: nobody else tries again. */
const soleTryPhases = ['mixed', 'tls', 'look-ups', 'logins']

const mostOverrunMs = 100
const refusedHealthyShare = 0.005

/** Of each kind and phase. */
const mostViolations = 5
const mostOverruns = 8

export type Result = {
  seed: number
  size: string
  seconds: number
  sends: number
  faults: number
  table: Record<string, Row>
  total: Row
  promises: readonly Promised[]
  figures: Record<string, unknown>
  violations: Violation[]
}

export function summarize(context: Context, options: Options, seconds: number): Result {
  const { report, oracle, size, overruns } = context
  const table = oracle.table()
  const all = total([...table].filter(([name]) => name !== lied).map(([, row]) => row))
  const met = oracle.of(...faultPhases)
  const sends = met.length
  const faults = oracle.faultsMet(met)
  if (options.only.length === 0) {
    const { leastSends, leastFaults } = size
    report.promise('enough messages among faults', sends >= leastSends, sends, leastSends)
    report.promise('enough faults that came to be', faults >= leastFaults, faults, leastFaults)
  }
  promiseHonesty(context, all)
  promiseFrugality(context)
  const lateMs = overruns.map(({ ms }) => ms)
  if (lateMs.length > 0) {
    const name = 'answers come soon after their deadline (p99)'
    report.promiseTime(name, percentile(lateMs, 0.99), mostOverrunMs, context.noiseMs)
  }
  report.figures['overrunMs'] = spreadOf(lateMs)
  report.figures['latest'] = overruns.toSorted((a, b) => b.ms - a.ms).slice(0, mostOverruns)
  report.figures['noiseMs'] = spreadOf(context.noiseMs)
  return {
    seed: options.seed,
    size: size.name,
    seconds: Math.round(seconds),
    sends,
    faults,
    table: Object.fromEntries(table),
    total: all,
    promises: report.promises,
    figures: report.figures,
    violations: examplesOf(oracle.violations()),
  }
}

function promiseHonesty({ report, trap, leaks, upstream }: Context, all: Row): void {
  const none = (promise: string, count: number) => report.promise(promise, count === 0, count, 0)
  none('no duplicate', all.duplicates)
  none('no false acknowledgement', all.falseAcknowledgements)
  none('no false not-sent', all.falseNotSent)
  none('every request has a whole answer', all.unanswered)
  none('every failure is a problem whose delivery agrees with its status', all.malformed)
  // The one right behind a fault may still meet the end of that connection.
  const mostRefused = Math.floor(all.acknowledged * refusedHealthyShare)
  report.promise(
    'messages that nothing happens to are acknowledged',
    all.refusedHealthy <= mostRefused,
    `${all.refusedHealthy} were not`,
    `at most ${mostRefused}`,
  )
  none('nobody but LiveEngage is contacted', trap.contacts)
  none('no token and no words reach anybody else', trap.stolen)
  none('no secret and no words in what is printed', leaks.printed)
  none('no secret and no words in the answers', leaks.answered)
  none('no SEND that nobody asked for', upstream.strangers)
}

function promiseFrugality({ report, oracle, seconds }: Context): void {
  const { requests, extra, excused } = oracle.attempts(oracle.of(...soleTryPhases))
  if (requests === 0) return
  const took = sum(soleTryPhases.map((phase) => seconds.get(phase) ?? 0))
  report.promiseAttempts('resends stay within the budget', requests, extra, took)
  report.figures['resendsOutsideTheBudget'] = excused
}

function examplesOf(violations: readonly Violation[]): Violation[] {
  const counts = new Map<string, number>()
  return violations.filter(({ kind, phase }) => {
    const key = `${kind} ${phase}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count <= mostViolations
  })
}
