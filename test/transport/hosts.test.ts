import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { Problem } from '../../src/problems/problem.ts'
import { download } from '../../src/transport/download.ts'
import { exchange } from '../../src/transport/exchange.ts'
import type { Hosts } from '../../src/transport/hosts.ts'
import { post } from '../../src/transport/post.ts'
import { openHosts, termsOf, upstream } from './fixtures/hosts.ts'
import { http, startRaw, success } from './fixtures/raw.ts'

const bounds = { connections: 1, connectTimeoutMs: 500, callTimeoutMs: 2_000 }

function open(t: Test, lifeMs?: number): Hosts {
  return openHosts(t, { ...bounds, ...(lifeMs !== undefined && { lifeMs }) })
}

async function get(hosts: Hosts, origin: string): Promise<string> {
  const call = { method: 'GET', path: '/', headers: {}, body: null } as const
  try {
    const { status } = await exchange(hosts.at(origin), call, termsOf(1_000), upstream)
    return String(status)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return `${error.code} ${error.delivery}`
  }
}

t.test('an origin keeps its connections from one exchange to the next', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const hosts = open(t)
  for (let index = 0; index < 5; index += 1) t.equal(await get(hosts, raw.origin), '200')
  t.equal(raw.connections(), 1)
})

t.test('a burst opens few connections at a time', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 1 }) })
  let opening = 0
  let most = 0
  const begins = () => {
    opening += 1
    most = Math.max(most, opening)
  }
  const ends = () => {
    opening -= 1
  }
  subscribe('undici:client:beforeConnect', begins)
  subscribe('undici:client:connected', ends)
  t.teardown(() => {
    unsubscribe('undici:client:beforeConnect', begins)
    unsubscribe('undici:client:connected', ends)
  })
  const request = { path: '/', headers: {}, body: '{}' }
  const kinds = {
    exchange: async (hosts: Hosts) => Number(await get(hosts, raw.origin)),
    post: (hosts: Hosts) => post(hosts.at(raw.origin), request, termsOf(5_000), upstream),
    download: async (hosts: Hosts) => {
      const { status, body } = await download(hosts.at(raw.origin), '/', termsOf(5_000), upstream)
      await buffer(body)
      return status
    },
  }
  for (const [kind, call] of Object.entries(kinds)) {
    const hosts = openHosts(t, { connections: 200 })
    for (let burst = 0; burst < 3; burst += 1) {
      const statuses = await Promise.all(Array.from({ length: 200 }, () => call(hosts)))
      t.ok(
        statuses.every((status) => status === 200),
        kind,
      )
    }
    t.equal(most, 4, kind)
    t.equal(hosts.at(raw.origin).pools.connected, raw.open(), kind)
    await hosts.close()
    while (raw.open() > 0) await delay(5)
    t.equal(hosts.at(raw.origin).pools.connected, 0, kind)
  }
})

t.test('calls that wait for a connection end with those whose connections fail', async (t) => {
  t.intercept(performance, 'eventLoopUtilization', { value: () => ({ utilization: 1 }) })
  const raw = await startRaw(t, (socket) => socket.destroy())
  const hosts = openHosts(t, { connections: 100, queueMs: 60_000 })
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => get(hosts, raw.origin)))
  t.ok(
    outcomes.every((outcome) =>
      /^(liveengage-failed unknown|circuit-open not-sent)$/.test(outcome),
    ),
  )
  t.equal(hosts.at(raw.origin).waiting, 0)
  // Nothing listens there.
  const origin = 'http://127.0.0.1:1'
  const others = await Promise.all(Array.from({ length: 100 }, () => get(hosts, origin)))
  t.ok(others.every((outcome) => /^(liveengage-unreachable|circuit-open) not-sent$/.test(outcome)))
  t.equal(hosts.at(origin).waiting, 0)
})

t.test('connections past their life are replaced without a request waiting for it', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const hosts = open(t, 30)
  t.strictSame(await Promise.all([get(hosts, raw.origin), get(hosts, raw.origin)]), ['200', '200'])
  const before = raw.connections()
  while (raw.open() > 0) await delay(5)
  t.equal(await get(hosts, raw.origin), '200')
  t.equal(raw.connections(), before + 1)
})

t.test('an exchange outlives the end of its connection’s life', async (t) => {
  let answerSlow = () => {}
  const raw = await startRaw(t, (socket, _request, index) => {
    const answer = () => void socket.write(http(success))
    if (index === 0) answerSlow = answer
    else answer()
  })
  const hosts = openHosts(t, { ...bounds, connections: 2 })
  const slow = get(hosts, raw.origin)
  while (raw.requests.length < 1) await delay(5)
  hosts.at(raw.origin).pools.retire()
  t.equal(await get(hosts, raw.origin), '200', 'on a connection of the next pool')
  t.equal(raw.connections(), 2)
  answerSlow()
  t.equal(await slow, '200')
  t.equal(raw.connections(), 2)
})

t.test('closing ends what is on its way, replaced connections included', async (t) => {
  const raw = await startRaw(t, () => undefined)
  const hosts = openHosts(t, { ...bounds, connections: 2 })
  const retired = get(hosts, raw.origin)
  while (raw.requests.length < 1) await delay(5)
  hosts.at(raw.origin).pools.retire()
  const written = get(hosts, raw.origin)
  const queued = get(hosts, raw.origin)
  while (raw.requests.length < 2) await delay(5)
  await hosts.close()
  t.strictSame(await Promise.all([retired, written, queued]), [
    'liveengage-failed unknown',
    'liveengage-failed unknown',
    'liveengage-unreachable not-sent',
  ])
})

t.test('a host that is no longer used keeps no connection', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const hosts = open(t, 30)
  t.equal(await get(hosts, raw.origin), '200')
  while (raw.open() > 0) await delay(5)
  t.equal(raw.connections(), 1)
})

t.test('beyond 256 hosts the longest unused one loses its connections', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const hosts = open(t)
  t.equal(await get(hosts, raw.origin), '200')
  for (let port = 1; port <= 256; port += 1) hosts.at(`http://127.0.0.1:${port}`)
  while (raw.open() > 0) await delay(5)
  t.equal(await get(hosts, raw.origin), '200')
  t.equal(raw.connections(), 2)
})

t.test('more calls than connections wait in the line, never in undici', async (t) => {
  const answers: (() => void)[] = []
  const raw = await startRaw(t, (socket) => {
    answers.push(() => socket.write(http(success)))
  })
  const hosts = openHosts(t, { ...bounds, connections: 2, queue: 3 })
  const { dispatcher } = hosts.at(raw.origin)
  const calls = Array.from({ length: 6 }, () => get(hosts, raw.origin))
  for (let answered = 0; answered < 5; answered += 1) {
    while (answers.length === 0) await delay(1)
    if (dispatcher instanceof Pool) t.equal(dispatcher.stats.queued, 0)
    else t.fail('a pool')
    answers.shift()?.()
  }
  t.strictSame(await Promise.all(calls), [
    ...Array.from({ length: 5 }, () => '200'),
    'overloaded not-sent',
  ])
  t.equal(raw.connections(), 2)
})

t.test('a host whose calls fail is left in peace, each of its services by itself', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http('', 'HTTP/1.1 500 Failed')))
  const hosts = openHosts(t, { ...bounds, connections: 4 })
  for (let index = 0; index < 20; index += 1) t.equal(await get(hosts, raw.origin), '500')
  t.equal(await get(hosts, raw.origin), 'circuit-open not-sent')
  t.equal(raw.requests.length, 20)
  const host = hosts.at(raw.origin)
  t.match(host.refusalOf(upstream, termsOf(1_000)), { problem: { code: 'circuit-open' } })
  const other = { ...upstream, service: 'storage' } as const
  t.equal(host.refusalOf(other, termsOf(1_000)), undefined)
  const call = { method: 'GET', path: '/', headers: {}, body: null } as const
  t.equal((await exchange(host, call, termsOf(1_000), other)).status, 500)
})

t.test(
  'what waits while the host is found failing is refused, and its place is free',
  async (t) => {
    const raw = await startRaw(t, (socket) => socket.write(http('', 'HTTP/1.1 500 Failed')))
    const hosts = openHosts(t, { ...bounds, connections: 1 })
    const outcomes = await Promise.all(Array.from({ length: 25 }, () => get(hosts, raw.origin)))
    t.equal(outcomes.filter((outcome) => outcome === '500').length, 20)
    t.equal(outcomes.filter((outcome) => outcome === 'circuit-open not-sent').length, 5)
    const call = { method: 'GET', path: '/', headers: {}, body: null } as const
    const other = { ...upstream, service: 'storage' } as const
    const answer = await exchange(hosts.at(raw.origin), call, termsOf(1_000), other)
    t.equal(answer.status, 500)
  },
)

t.test('a full host refuses before anything is asked of it', async (t) => {
  const raw = await startRaw(t, () => undefined)
  const hosts = openHosts(t, { ...bounds, connections: 1, queue: 0 })
  const host = hosts.at(raw.origin)
  t.equal(host.refusalOf(upstream, termsOf(1_000)), undefined)
  const held = get(hosts, raw.origin)
  t.match(host.refusalOf(upstream, termsOf(1_000)), { problem: { code: 'overloaded' } })
  t.equal(await held, 'liveengage-timeout unknown')
  t.equal(host.refusalOf(upstream, termsOf(1_000)), undefined)
})

t.test('after closing nothing is opened any more', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const other = await startRaw(t, (socket) => socket.write(http(success)))
  const hosts = open(t, 30)
  t.equal(await get(hosts, raw.origin), '200')
  await hosts.close()
  t.equal(await get(hosts, raw.origin), 'liveengage-unreachable not-sent')
  t.equal(await get(hosts, other.origin), 'liveengage-unreachable not-sent')
  await delay(50)
  t.equal(await get(hosts, raw.origin), 'liveengage-unreachable not-sent')
  t.equal(raw.requests.length, 1)
  t.equal(other.connections(), 0)
  await hosts.close()
})

t.test(
  'a service that hangs counts as failing with the time of a look-up, not with less',
  async (t) => {
    // Of a request's time: what a look-up or a login gets, and what a caller in a hurry may ask for.
    for (const [share, openings] of [
      [0.4, 1],
      [0.1, 0],
    ] as const) {
      const raw = await startRaw(t, () => undefined)
      const callTimeoutMs = 1_000
      const hosts = openHosts(t, { connections: 20, callTimeoutMs })
      const call = { method: 'GET', path: '/', headers: {}, body: null } as const
      const calls = Array.from({ length: 20 }, () =>
        exchange(hosts.at(raw.origin), call, termsOf(callTimeoutMs * share), upstream),
      )
      const outcomes = await Promise.allSettled(calls)
      t.ok(outcomes.every(({ status }) => status === 'rejected'))
      // The connections are closed after their callers were told.
      const { calls: counts } = hosts.statistics.services.messaging
      while (counts.failure + counts.none < calls.length) await delay(5)
      t.equal(hosts.statistics.services.messaging.openings, openings, `${share} of it`)
    }
  },
)
