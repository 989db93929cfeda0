/** Tables for the terminal. */

/** @param columns [heading, cell of a row] */
export function table(rows, columns) {
  const cells = [columns.map(([heading]) => heading)]
  for (const row of rows) cells.push(columns.map(([, cell]) => String(cell(row))))
  const widths = columns.map((_column, at) => Math.max(...cells.map((line) => line[at].length)))
  const align = (cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))
  return cells.map((line) => line.map(align).join('  ').trimEnd()).join('\n')
}

export const percent = (share) => `${(share * 100).toFixed(1)} %`

const throughputColumns = [
  ['candidate', ({ name }) => name],
  ['us/request', ({ micros }) => micros.median.toFixed(1)],
  ['to floor', ({ ratio }) => ratio.median.toFixed(2)],
  ['quartiles', ({ ratio }) => `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`],
  ['req/s', ({ perSecond }) => perSecond.toFixed(0)],
  ['busy', ({ busy }) => `${(busy * 100).toFixed(0)} %`],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(1)],
  ['RSS MiB', ({ residentMb }) => residentMb.toFixed(0)],
  ['kept', ({ kept, slices }) => `${kept}/${slices}`],
  ['clean', ({ clean }) => clean],
  ['broken', ({ broken }) => broken],
]

export function reportThroughput(heading, { rows, noise }) {
  const { floorApart, foreign, dirty } = noise
  return `${heading}

${table(rows, throughputColumns)}

Noise: the floor's slices of one round are ${floorApart === null ? 'not repeated' : `${percent(floorApart)} apart`}; others used ${percent(foreign)} of a core
(median); ${percent(dirty)} of the slices were not clean. CPU of the candidate per request, by the kernel; "to floor" is
the floor's over the candidate's in the same round: more is better. p99 is a closed loop's: context only.
`
}
