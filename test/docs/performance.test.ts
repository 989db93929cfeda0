import { test } from 'tap'
import { checkTable, readPage } from './page.ts'

const page = 'docs/performance.md'
const results = JSON.parse(readPage('bench/results.json'))

type Throughput = {
  kind: string
  title: string
  micros: { median: number }
  ratio: { median: number }
}
type Latency = { name: string; addedMs: { p50: number; p99: number } }

test('the throughput shown is that of the published run', async (t) => {
  const candidates: Throughput[] = results.throughput.rows
  const rows = candidates
    .filter(({ kind }) => kind !== 'limit')
    .toSorted((a, b) => b.ratio.median - a.ratio.median)
    .map(({ kind, title, micros, ratio }) => [
      kind === 'floor' ? 'bare Node: `node:http` and undici' : title,
      micros.median.toFixed(0),
      kind === 'floor' ? '1.00' : ratio.median.toFixed(2),
    ])
  checkTable(t, page, 'throughput', rows)
})

test('the latency shown is that of the published run', async (t) => {
  const rows = [
    { latency: results.latency.rows, where: '' },
    { latency: results.latencyTls.rows, where: ', TLS to LiveEngage' },
  ].flatMap(({ latency, where }) =>
    [
      { name: 'subject', title: 'liveengage-proxy' },
      { name: 'floor', title: 'bare Node' },
    ].map(({ name, title }) => {
      const { p50, p99 } = latency.find((each: Latency) => each.name === name).addedMs
      return [`${title}${where}`, `${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`]
    }),
  )
  checkTable(t, page, 'latency', rows)
})

test('the profile shown is that of the published run', async (t) => {
  const rooms: { room: string; share: { median: number } }[] = results.profile.rows
  const rows = rooms
    .filter(({ share }) => share.median >= 0.005)
    .map(({ room, share }) => [
      room.startsWith('src/') ? `\`${room}\`` : room,
      `${(share.median * 100).toFixed(1)} %`,
    ])
  checkTable(t, page, 'profile', rows)
})
