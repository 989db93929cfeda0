/** Where the CPU time of a message goes: V8's sampling profiler, by room of the program, package, and part of Node. */
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'undici'
import { bareFastify, subject } from './candidates.js'
import { loadOf, startInstance, warm } from './instance.js'
import { freePort } from './processes.js'
import { spread } from './statistics.js'
import { loadConnections } from './throughput.js'
import { startUpstream } from './upstream.js'

const processes = 6
const settleMs = 1_500
const profileMs = 4_000
const samplesApartMicros = 250

/**
 * The proxy and bare Fastify take turns.
 * @param pace of the warming, as `paceOf` in options.js makes it
 */
export async function measureProfile(bench, { pace, say }) {
  const upstream = await startUpstream({ ...bench, core: bench.cores.load })
  const withUpstream = { ...bench, upstream }
  const ours = []
  const fastifys = []
  for (let count = 1; count <= processes; count += 1) {
    say(`process ${count} of ${processes} of each`)
    ours.push(await profileOne(subject, withUpstream, pace))
    fastifys.push(await profileOne(bareFastify, withUpstream, pace))
  }
  await upstream.close()
  const rooms = [...new Set([...ours, ...fastifys].flatMap(({ micros }) => [...micros.keys()]))]
  const rows = rooms
    .map((room) => ({ room, micros: of(ours, room), fastify: of(fastifys, room) }))
    .toSorted((a, b) => b.micros.median - a.micros.median)
  return { processes, rows }
}

function of(runs, room) {
  return spread(runs.map(({ micros }) => micros.get(room) ?? 0))
}

/** @returns by room, microseconds of the main thread for a message */
async function profileOne(candidate, bench, pace) {
  const port = await freePort()
  const launch = (context) => {
    const { args, ...rest } = candidate.launch(context)
    return { ...rest, args: [`--inspect=127.0.0.1:${port}`, ...args] }
  }
  const instance = await startInstance({ ...candidate, launch }, bench)
  await warm(instance, bench, { ...pace, connections: loadConnections })
  const load = loadOf(instance, bench, { connections: loadConnections, order: 'random' })
  await sleep(settleMs)
  const inspector = await openInspector(port)
  await inspector.ask('Profiler.enable')
  await inspector.ask('Profiler.setSamplingInterval', { interval: samplesApartMicros })
  const before = await bench.upstream.sends()
  await inspector.ask('Profiler.start')
  await sleep(profileMs)
  const { profile } = await inspector.ask('Profiler.stop')
  const requests = (await bench.upstream.sends()) - before
  inspector.close()
  await load.stop()
  await instance.close()
  const micros = [...microsOf(profile)].map(([room, sum]) => [room, sum / requests])
  return { micros: new Map(micros) }
}

/** The DevTools protocol, as far as it is used. */
async function openInspector(port) {
  const targets = await fetch(`http://127.0.0.1:${port}/json`).then((answer) => answer.json())
  const socket = new WebSocket(targets[0].webSocketDebuggerUrl)
  const answers = new Map()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(data)
    answers.get(id)?.(result)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', ({ error }) => reject(error))
  })
  let latest = 0
  return {
    ask(method, params = {}) {
      latest += 1
      const id = latest
      socket.send(JSON.stringify({ id, method, params }))
      return new Promise((resolve) => answers.set(id, resolve))
    },
    close: () => socket.close(),
  }
}

/** @returns the time of the main thread in each room, without that in which it waited */
function microsOf({ nodes, samples, timeDeltas }) {
  const microsById = new Map()
  for (const [at, id] of samples.entries()) {
    microsById.set(id, (microsById.get(id) ?? 0) + timeDeltas[at])
  }
  const micros = new Map()
  for (const { id, callFrame } of nodes) {
    const room = roomOf(callFrame)
    if (room !== undefined) micros.set(room, (micros.get(room) ?? 0) + (microsById.get(id) ?? 0))
  }
  return micros
}

const packageGroups = {
  'find-my-way': 'fastify',
  'secure-json-parse': 'fastify',
  'fast-decode-uri-component': 'fastify',
  'sonic-boom': 'pino',
  'on-exit-leak-free': 'pino',
}

/** @returns undefined for waiting */
function roomOf({ functionName, url, lineNumber, columnNumber }) {
  if (functionName === '(idle)') return undefined
  if (functionName === '(garbage collector)') return 'V8: collections'
  if (functionName === '(program)') return 'V8 and the event loop'
  if (/^write(v|String|Buffer|Utf8String|Latin1String)$/.test(functionName) && url === '') {
    return 'the kernel: writes'
  }
  if (url.startsWith('node:')) return 'Node: HTTP, streams, timers'
  if (url.startsWith('wasm:')) return 'undici'
  const source = url.startsWith('file:') ? sourceOf(url, lineNumber, columnNumber) : ''
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? []
  if (name !== undefined) return packageGroups[name] ?? name
  const [, folder] = /(?:^|\/)src\/([^/]+)/.exec(source) ?? []
  if (folder !== undefined) return `src/${folder}`
  if (source.includes('/rivals/')) return 'envelope, tokens and answer of bare Fastify'
  return /^validate/.test(functionName) ? 'ajv: compiled schemas' : 'V8: built-in functions'
}

const maps = new Map()

function sourceOf(url, line, column) {
  const file = `${fileURLToPath(url)}.map`
  if (!maps.has(url)) {
    maps.set(url, existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : null)
  }
  return maps.get(url)?.findEntry(line, column).originalSource ?? url
}
