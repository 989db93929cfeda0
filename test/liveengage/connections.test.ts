import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Connections, createConnections } from '../../src/liveengage/connections.ts'
import { exchange } from '../../src/liveengage/exchange.ts'
import { Problem } from '../../src/problems.ts'
import { http, startRaw, success } from './fixtures/raw.ts'

const failures = {
  unreachable: 'liveengage-unreachable',
  expired: 'deadline-exceeded',
  failed: 'liveengage-failed',
  timeout: 'liveengage-timeout',
} as const

const bounds = { connections: 1, connectTimeoutMs: 500, longestExchangeMs: 2_000 }

function open(t: Test, lifeMs?: number): Connections {
  const connections = createConnections({ ...bounds, ...(lifeMs !== undefined && { lifeMs }) })
  t.teardown(() => connections.close())
  return connections
}

async function get(connections: Connections, origin: string): Promise<string> {
  const call = { method: 'GET', path: '/', headers: {}, body: null } as const
  const deadline = performance.now() + 1_000
  try {
    const { status } = await exchange(connections.to(origin), origin, call, deadline, failures)
    return String(status)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return `${error.code} ${error.delivery}`
  }
}

t.test('an origin keeps its connections from one exchange to the next', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const connections = open(t)
  for (let index = 0; index < 5; index += 1) t.equal(await get(connections, raw.origin), '200')
  t.equal(raw.connections(), 1)
})

t.test('connections past their life are replaced without a request waiting for it', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const connections = open(t, 30)
  t.strictSame(await Promise.all([get(connections, raw.origin), get(connections, raw.origin)]), [
    '200',
    '200',
  ])
  await delay(50)
  t.equal(await get(connections, raw.origin), '200')
  t.equal(raw.connections(), 2)
})

t.test('an exchange outlives the end of its connection’s life', async (t) => {
  const raw = await startRaw(t, async (socket, _request, index) => {
    if (index === 0) await delay(100)
    socket.write(http(success))
  })
  const connections = open(t, 30)
  const slow = get(connections, raw.origin)
  const queued = get(connections, raw.origin)
  await delay(50)
  t.equal(await get(connections, raw.origin), '200', 'on a connection of the next pool')
  t.strictSame(await Promise.all([slow, queued]), ['200', '200'])
  t.equal(raw.connections(), 2)
})

t.test('closing ends what is on its way, replaced connections included', async (t) => {
  const raw = await startRaw(t, () => undefined)
  const connections = open(t, 30)
  const retired = get(connections, raw.origin)
  await delay(50)
  const written = get(connections, raw.origin)
  const queued = get(connections, raw.origin)
  while (raw.requests.length < 2) await delay(5)
  await connections.close()
  t.strictSame(await Promise.all([retired, written, queued]), [
    'liveengage-failed unknown',
    'liveengage-failed unknown',
    'liveengage-unreachable not-sent',
  ])
})

t.test('after closing nothing is opened any more', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const other = await startRaw(t, (socket) => socket.write(http(success)))
  const connections = open(t, 30)
  t.equal(await get(connections, raw.origin), '200')
  await connections.close()
  t.equal(await get(connections, raw.origin), 'liveengage-unreachable not-sent')
  t.equal(await get(connections, other.origin), 'liveengage-unreachable not-sent')
  await delay(50)
  t.equal(await get(connections, raw.origin), 'liveengage-unreachable not-sent')
  t.equal(raw.requests.length, 1)
  t.equal(other.connections(), 0)
  await connections.close()
})
