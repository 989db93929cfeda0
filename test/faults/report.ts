/** What came of a run: one table, the promises, and all of it as JSON. */

import { healthy } from './fault.ts'
import { percentile, round } from './figures.ts'
import { lied, type Row, total } from './verdict.ts'

export type Promised = {
  promise: string
  /** `undefined`: not judged, and `note` says why. */
  isKept: boolean | undefined
  measured: string
  bound: string
  note?: string
}

const columns: [string, (row: Row) => number][] = [
  ['requests', (row) => row.requests],
  ['2xx', (row) => row.acknowledged],
  ['not-sent', (row) => row.notSent],
  ['unknown', (row) => row.unknown],
  ['..delivered', (row) => row.unknownDelivered],
  ['duplicates', (row) => row.duplicates],
  ['false acks', (row) => row.falseAcknowledgements],
  ['false not-sent', (row) => row.falseNotSent],
  ['no answer', (row) => row.unanswered],
  ['malformed', (row) => row.malformed],
]

/** Timing is judged only where the p99 of `/livez`, with nothing else to do, is below this. */
const quietMs = 10

export class Report {
  readonly promises: Promised[] = []
  /** What is worth knowing and no promise. */
  readonly figures: Record<string, unknown> = {}
  private readonly judgesTime: boolean

  constructor(judgesTime: boolean) {
    this.judgesTime = judgesTime
  }

  promise(
    promise: string,
    isKept: boolean | undefined,
    measured: string | number,
    bound: string | number,
    note?: string,
  ): void {
    const line = { promise, isKept, measured: String(measured), bound: String(bound) }
    this.promises.push(note === undefined ? line : { ...line, note })
  }

  /** A promise about time: judged in a full run alone, and not on a machine that is too busy to measure it. @param noiseMs of `/livez` alone */
  promiseTime(
    promise: string,
    measuredMs: number,
    boundMs: number,
    noiseMs: readonly number[],
  ): void {
    const noise = percentile(noiseMs, 0.99)
    const isQuiet = noise < quietMs
    const why = this.judgesTime ? 'too busy to judge' : 'judged in a full run alone'
    const isJudged = this.judgesTime && isQuiet
    this.promise(
      promise,
      isJudged ? measuredMs <= boundMs : undefined,
      `${round(measuredMs)} ms`,
      `${boundMs} ms`,
      `p99 of /livez alone: ${round(noise)} ms${isJudged ? '' : `, ${why}`}`,
    )
  }

  /** Contract: resends are at most 10 % of the requests, and one a second. */
  promiseAttempts(promise: string, requests: number, extra: number, seconds: number): void {
    const bound = requests * 0.1 + seconds
    const measured = `${extra} for ${requests} requests`
    this.promise(promise, extra <= bound, measured, round(bound), `in ${round(seconds)} s`)
  }

  get areKept(): boolean {
    return this.promises.every(({ isKept }) => isKept !== false)
  }

  promisesAsText(): string {
    const lines = this.promises.map(({ promise, isKept, measured, bound, note }) => {
      const verdict = isKept === undefined ? 'not judged' : isKept ? 'kept' : 'BROKEN'
      return [verdict, promise, measured, bound, note ?? '']
    })
    return layOut([['', 'promise', 'measured', 'bound', ''], ...lines], 5)
  }
}

export function tableAsText(table: ReadonlyMap<string, Row>): string {
  const rank = (name: string) => (name === healthy.class ? 0 : name === lied ? 2 : 1)
  const rows = [...table].sort(
    ([one], [other]) => rank(one) - rank(other) || one.localeCompare(other),
  )
  const honest = rows.filter(([name]) => name !== lied).map(([, row]) => row)
  const lines = [...rows, ['all but the lies', total(honest)] as const].map(([name, row]) => [
    name,
    ...columns.map(([, read]) => String(read(row))),
  ])
  return layOut([['fault', ...columns.map(([name]) => name)], ...lines], 1)
}

/** @param left how many columns are words, not numbers */
function layOut(lines: readonly string[][], left: number): string {
  const [first = []] = lines
  const widths = first.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)))
  const pad = (cell: string, at: number) =>
    at < left ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)
  return lines.map((line) => `  ${line.map(pad).join('  ').trimEnd()}\n`).join('')
}
