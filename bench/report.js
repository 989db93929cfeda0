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
  ['to second', ({ toSecond }) => toSecond?.median.toFixed(2) ?? ''],
  ['req/s', ({ perSecond }) => perSecond.toFixed(0)],
  ['busy', ({ busy }) => `${(busy * 100).toFixed(0)} %`],
  ['RSS MiB', ({ residentMb }) => residentMb.toFixed(0)],
  ['kept', ({ kept, slices }) => `${kept}/${slices}`],
  ['clean', ({ clean }) => clean],
]

export function reportThroughput(heading, { rows, noise }) {
  const { floorApart, foreign, dirty } = noise
  return `${heading}

${table(rows, throughputColumns)}

Noise: the floor's slices of one round are ${floorApart === null ? 'not repeated' : `${percent(floorApart)} apart`}; others used ${percent(foreign)} of a core
(median); ${percent(dirty)} of the slices were not clean. CPU of the candidate per request, by the kernel; "to floor" is
the floor's over the candidate's in the same round: more is better; "to second" is the same for bare Fastify with undici's
dispatch.
`
}

export function reportNodes({ rows, noise, start }) {
  return `${reportThroughput('Versions of Node.js', { rows, noise })}
Here "to second" is to the floor on the same Node.js.

${reportStart(start)}`
}

const latencyColumns = [
  ['call', ({ name }) => name],
  ...Object.entries({ p50: 'p50', p99: 'p99', p999: 'p99.9' }).flatMap(([key, heading]) => [
    [`${heading} ms`, ({ ms }) => ms[key].toFixed(2)],
    ['added', ({ addedMs }) => addedMs[key].toFixed(2)],
  ]),
  ['late p50', ({ lateMs }) => lateMs.p50.toFixed(2)],
  ['late p99', ({ lateMs }) => lateMs.p99.toFixed(2)],
  ['late p99.9', ({ lateMs }) => lateMs.p999.toFixed(2)],
  ['others', ({ foreign }) => percent(foreign)],
  ['requests', ({ requests }) => requests],
]

export function reportLatency(heading, { modes, delayMs, perSecond, connections }) {
  const tables = modes.map(
    ({
      name,
      seconds,
      settleSeconds,
      pauseSeconds,
      rows,
    }) => `${name}: ${seconds} s after ${settleSeconds} s of load, ${pauseSeconds} s of quiet before that
${table(rows, latencyColumns)}`,
  )
  return `${heading}

${tables.join('\n\n')}

Open loop: ${perSecond} requests a second at fixed instants, an upstream that answers after ${delayMs} ms, counted from the instant
at which a request was to be sent. "added" is over the direct call. "late" is how late the generator itself was: a difference
below it is nobody's. "others" is the most that others used of a core in the runs that were kept. The candidates may have
${connections} requests in flight (MAX_CONNECTIONS=${connections} for the proxy).
`
}

const growthColumns = [
  ['size', ({ size }) => size],
  ['us/request', ({ micros }) => micros.toFixed(1)],
  ['to floor', ({ ratio }) => ratio.toFixed(2)],
  ['req/s', ({ perSecond }) => perSecond.toFixed(0)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(1)],
  ['RSS MiB', ({ residentMb }) => residentMb.toFixed(0)],
  ['look-ups/request', ({ lookUps }) => lookUps.toFixed(3)],
  ['others', ({ foreign }) => percent(foreign)],
  ['broken', ({ broken }) => broken],
]

export function reportGrowth(parts) {
  const tables = Object.entries(parts).map(
    ([name, rows]) => `${name}\n${table(rows, growthColumns)}`,
  )
  return `Cost as work grows

${tables.join('\n\n')}

"to floor" is the floor's cost at its own 64 connections, measured beside each slice; "look-ups" are the calls to Domain API,
Sentinel and IDP.
`
}

export function reportMillion({ requests, mbPerMillion, residentMb, broken }) {
  const { low, high } = residentMb
  return `${requests} requests in a row: resident memory between ${low.toFixed(0)} and ${high.toFixed(0)} MiB after the first 200,000;
slope ${mbPerMillion.toFixed(1)} MiB per 1,000,000 requests; ${broken} broken connections.
`
}

const startColumns = [
  ['candidate', ({ name }) => name],
  ['ready ms', ({ readyMs }) => readyMs.median.toFixed(0)],
  ['quartiles', ({ readyMs }) => `${readyMs.low.toFixed(0)} to ${readyMs.high.toFixed(0)}`],
  ['CPU ms', ({ readyCpuMs }) => readyCpuMs.median.toFixed(0)],
  ['idle MiB', ({ idleMb }) => idleMb.toFixed(0)],
  ['loaded MiB', ({ loadedMb }) => loadedMb.toFixed(0)],
  ['peak MiB', ({ peakMb }) => peakMb.toFixed(0)],
]

export function reportStart({ starts, rows }) {
  return `Start and memory

${table(rows, startColumns)}

Ready: median of ${starts} starts, from the process's start to the first 200 of /readyz; CPU is what the process had used
by then, on one core. Loaded: 256 connections.
`
}

const webhookColumns = [
  ['call', ({ name }) => name],
  ['us/call', ({ micros }) => micros.toFixed(1)],
  ['to SEND', ({ ratio }) => ratio.toFixed(2)],
  ['calls/s', ({ perSecond }) => perSecond.toFixed(0)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(1)],
  ['RSS MiB', ({ residentMb }) => residentMb.toFixed(0)],
  ['others', ({ foreign }) => percent(foreign)],
]

export function reportWebhooks({ rows }) {
  return `Notifications

${table(rows, webhookColumns)}

64 connections. "to SEND" is the cost over that of a SEND, measured beside each slice: at most 2 is promised for a text.
`
}

const storeColumns = [
  ['message', ({ name }) => name],
  ['us/request', ({ micros }) => micros.toFixed(1)],
  ['to no key', ({ ratio }) => ratio.toFixed(2)],
  ['req/s', ({ perSecond }) => perSecond.toFixed(0)],
  ['round trips', ({ calls }) => calls.toFixed(2)],
  ['reads', ({ reads }) => reads.toFixed(2)],
  ['alone ms', ({ aloneMs }) => aloneMs.toFixed(2)],
  ['RSS MiB', ({ residentMb }) => residentMb.toFixed(0)],
  ['others', ({ foreign }) => percent(foreign)],
]

export function reportStore({ rows }) {
  return `An Idempotency-Key on each message

${table(rows, storeColumns)}

64 connections. "round trips" are what the Redis is asked for a message, "reads" how often it has to look: what comes together is
one read.
"alone" is the median of one message at a time, on one connection.
`
}

const profileColumns = [
  ['where', ({ room }) => room],
  ['us', ({ micros }) => micros.median.toFixed(1)],
  ['quartiles', ({ micros }) => `${micros.low.toFixed(1)} to ${micros.high.toFixed(1)}`],
  ['of bare Fastify', ({ fastify }) => fastify.median.toFixed(1)],
]

export function reportProfile({ processes, rows }) {
  return `Where the CPU time of a message goes

${table(rows, profileColumns)}

Of the main thread, by a sampling profile of ${processes} processes of each at full load.
`
}
