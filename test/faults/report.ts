/** What came of a run: one table, the promises, and all of it as JSON. */
import { emptyRow, lied, type Row } from './oracle.ts'

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

export class Report {
  readonly promises: Promised[] = []
  /** What is worth knowing and no promise. */
  readonly figures: Record<string, unknown> = {}

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
  const isLast = (name: string) => Number(name === lied)
  const rows = [...table].sort(([one], [other]) => isLast(one) - isLast(other))
  const honest = rows.filter(([name]) => name !== lied).map(([, row]) => row)
  const lines = [...rows, ['all but the lies', total(honest)] as const].map(([name, row]) => [
    name,
    ...columns.map(([, read]) => String(read(row))),
  ])
  return layOut([['fault', ...columns.map(([name]) => name)], ...lines], 1)
}

export function total(rows: readonly Row[]): Row {
  const all = emptyRow()
  for (const row of rows) {
    all.requests += row.requests
    all.acknowledged += row.acknowledged
    all.notSent += row.notSent
    all.unknown += row.unknown
    all.unknownDelivered += row.unknownDelivered
    all.unanswered += row.unanswered
    all.duplicates += row.duplicates
    all.falseAcknowledgements += row.falseAcknowledgements
    all.falseNotSent += row.falseNotSent
    all.malformed += row.malformed
  }
  return all
}

/** @param left how many columns are words, not numbers */
function layOut(lines: readonly string[][], left: number): string {
  const [first = []] = lines
  const widths = first.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)))
  const pad = (cell: string, at: number) =>
    at < left ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)
  return lines.map((line) => `  ${line.map(pad).join('  ').trimEnd()}\n`).join('')
}
