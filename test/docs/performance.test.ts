import { test } from 'tap'
import { checkTable, readPage } from './page.ts'

const page = 'docs/performance.md'
const results = JSON.parse(readPage('bench/results.json'))

type Spread = { median: number }
type Candidate = {
  name: string
  kind: string
  title: string
  micros: Spread
  ratio: Spread
  toSecond: Spread
}
type Latency = { name: string; addedMs: { p50: number; p99: number } }
type LatencyRun = {
  delayMs: number
  rows?: Latency[]
  modes?: { name: string; rows: Latency[] }[]
}
type Start = { name: string; readyMs: Spread; idleMb: number; loadedMb: number }
type Growth = { size: number; micros: number; perSecond: number }
type Keyed = { name: string; micros: number; ratio: number; calls: number; aloneMs: number }
type Notification = {
  name: string
  micros: number
  ratio: number
  perSecond: number
  residentMb: number
}

const thousands = (value: number) => Math.round(value).toLocaleString('en')
/** Three digits are more than such a figure is good for. */
const rough = (value: number) => thousands(Number(value.toPrecision(2)))

const floorTitle = 'bare Node: `node:http` and undici'

for (const [name, part] of [
  ['throughput', 'throughput'],
  ['throughput-tls', 'throughputTls'],
] as const) {
  test(`the table ${name} is that of the published run`, async (t) => {
    const candidates: Candidate[] = results[part].rows
    const rows = candidates
      .filter(({ kind }) => kind !== 'limit')
      .toSorted((a, b) => b.ratio.median - a.ratio.median)
      .map(({ kind, title, micros, ratio, toSecond }) => [
        kind === 'floor' ? floorTitle : title,
        micros.median.toFixed(0),
        kind === 'floor' ? '1.00' : ratio.median.toFixed(2),
        toSecond.median.toFixed(2),
      ])
    checkTable(t, page, name, rows)
  })
}

test('the latency shown is that of the published run', async (t) => {
  const upstreams: { run: LatencyRun; where: string }[] = [
    { run: results.latency, where: '' },
    { run: results.latencyTls, where: ', TLS to LiveEngage' },
  ]
  const rows = upstreams.flatMap(({ run, where }) =>
    // Until modes were measured, runs took turns and each one's first two seconds did not count.
    (run.modes ?? [{ name: 'in turns', rows: run.rows ?? [] }]).flatMap((mode) =>
      [
        { name: 'subject', title: 'liveengage-proxy' },
        { name: 'floor', title: 'bare Node' },
      ].map(({ name, title }) => {
        const added = mode.rows.find((each) => each.name === name)?.addedMs
        return [
          `${title}${where}`,
          `${run.delayMs} ms`,
          mode.name,
          `${added?.p50.toFixed(1)} ms`,
          `${added?.p99.toFixed(1)} ms`,
        ]
      }),
    ),
  )
  checkTable(t, page, 'latency', rows)
})

test('the versions of Node.js shown are those of the published run', async (t) => {
  const candidates: Candidate[] = results.nodes.rows
  const starts: Start[] = results.nodes.start.rows
  const rows = candidates
    .filter(({ name }) => name.startsWith('floor'))
    .map(({ name: floor, micros }) => {
      const suffix = floor.slice('floor'.length)
      const find = (name: string) => candidates.find((each) => each.name === `${name}${suffix}`)
      const start = starts.find(({ name }) => name === `subject${suffix}`)
      const version = suffix === '' ? results.nodes.machine.node : suffix.slice(2)
      return [
        version.slice(1),
        micros.median.toFixed(0),
        String(find('fastify-dispatch')?.micros.median.toFixed(0)),
        String(find('subject')?.micros.median.toFixed(0)),
        String(find('subject')?.ratio.median.toFixed(2)),
        String(start?.readyMs.median.toFixed(0)),
        String(start?.idleMb.toFixed(0)),
        String(start?.loadedMb.toFixed(0)),
      ]
    })
    .toSorted(([a = ''], [b = '']) => a.localeCompare(b))
  checkTable(t, page, 'nodes', rows)
})

test('the cost of a key shown is that of the published run', async (t) => {
  const keyed: Keyed[] = results.store.rows
  const rows = keyed.map(({ name, micros, ratio, calls, aloneMs }) => [
    name,
    micros.toFixed(0),
    ratio.toFixed(2),
    calls.toFixed(0),
    aloneMs.toFixed(2),
  ])
  checkTable(t, page, 'store', rows)
})

test('the cost by conversations shown is that of the published run', async (t) => {
  const sizes: Growth[] = results.growth.conversations
  const rows = sizes.map(({ size, micros, perSecond }) => [
    thousands(size),
    micros.toFixed(0),
    rough(perSecond),
  ])
  checkTable(t, page, 'conversations', rows)
})

test('the cost of notifications shown is that of the published run', async (t) => {
  const notifications: Notification[] = results.webhooks.rows
  const rows = notifications.map(({ name, micros, ratio, perSecond, residentMb }) => [
    name.replace('notification ', ''),
    rough(micros),
    ratio.toPrecision(2),
    rough(perSecond),
    `${residentMb.toFixed(0)} MB`,
  ])
  checkTable(t, page, 'webhooks', rows)
})

test('the profile shown is that of the published run', async (t) => {
  const rooms: { room: string; micros: Spread; fastify: Spread }[] = results.profile.rows
  const rows = rooms
    .filter(({ micros, fastify }) => micros.median >= 0.4 || fastify.median >= 0.4)
    .map(({ room, micros, fastify }) => [
      room.startsWith('src/') ? `\`${room}\`` : room,
      micros.median.toFixed(1),
      fastify.median.toFixed(1),
    ])
  checkTable(t, page, 'profile', rows)
})
