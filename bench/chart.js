/** The chart of the README, drawn from results.json: bars of how much of the floor's capacity is left. `npm run bench:chart`. */
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { readPublished } from './results.js'

const file = new URL('throughput.svg', import.meta.url)

const width = 760
const labelWidth = 300
const valueWidth = 50
const rowHeight = 24
const barHeight = 14
const top = 52

/** Grey that reads on white and on black where a reader's colour scheme is not known. */
const style = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #57606a }
  .title { font-size: 15px; font-weight: 600; fill: #1f2328 }
  .subject { font-weight: 600; fill: #1f2328 }
  rect { fill: #afb8c1 }
  rect.subject { fill: #0969da }
  line { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title, text.subject { fill: #f0f6fc }
    rect { fill: #57606a }
    rect.subject { fill: #4493f8 }
    line { stroke: #3d444d }
  }`

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** @param throughput as summary.js makes it */
export function drawChart({ rows, noise, machine: { node, undici, fastify } }) {
  const bars = rows
    .filter(({ kind }) => kind !== 'limit')
    // It is the measure, so its own noise is not shown.
    .map((row) => (row.kind === 'floor' ? { ...row, ratio: { median: 1 } } : row))
    .toSorted((a, b) => b.ratio.median - a.ratio.median)
  const most = Math.max(1, ...bars.map(({ ratio }) => ratio.median))
  const scale = (width - labelWidth - valueWidth) / most
  const bottom = top + bars.length * rowHeight
  const limits = rows
    .filter(({ kind }) => kind === 'limit')
    .map(({ name, ratio }) => `${name} ${ratio.median.toFixed(1)}`)
  const notes = [
    'The floor passes bytes through. "Bare": no log, deadline, limits or resends.',
    `One core, Node ${node.slice(1)}, undici ${undici}, Fastify ${fastify}, plain upstream.`,
    ...(noise.dirty > 0.5 ? ['Measured on a busy machine: rough figures.'] : []),
    ...(limits.length > 0 ? [`The limit in C: ${limits.join(', ')}.`] : []),
  ]
  const height = bottom + 14 + notes.length * 18
  const grid = [0.25, 0.5, 0.75, 1].map((share) => {
    const x = labelWidth + share * scale
    return `<line x1="${x}" x2="${x}" y1="${top - 8}" y2="${bottom}"/>
  <text x="${x}" y="${top - 12}" text-anchor="middle" font-size="11">${share}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
  <title id="title">Requests per CPU second, relative to the floor: ${escapeXml(bars.map(({ name, ratio }) => `${name} ${ratio.median.toFixed(2)}`).join(', '))}</title>
  <style>${style}
  </style>
  <text class="title" x="0" y="18">Requests per CPU second, relative to the floor (more is better)</text>
  ${grid.join('\n  ')}
  ${bars.map((row, index) => drawBar(row, top + index * rowHeight, scale)).join('\n  ')}
  ${notes.map((note, index) => `<text x="0" y="${bottom + 22 + index * 18}">${escapeXml(note)}</text>`).join('\n  ')}
</svg>
`
}

function drawBar({ title, kind, ratio }, y, scale) {
  const mark = kind === 'subject' ? ' class="subject"' : ''
  const length = (ratio.median * scale).toFixed(1)
  const line = y + barHeight - 2
  return `<text${mark} x="${labelWidth - 10}" y="${line}" text-anchor="end">${escapeXml(title)}</text>
  <rect${mark} x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>
  <text${mark} x="${labelWidth + Number(length) + 8}" y="${line}">${ratio.median.toFixed(2)}</text>`
}

/** @throws Error where nothing is published */
export function drawPublished() {
  const { throughput } = readPublished()
  if (throughput === undefined) throw new Error('bench/results.json has no throughput')
  writeFileSync(file, drawChart(throughput))
}

if (process.argv[1] === import.meta.filename) drawPublished()
