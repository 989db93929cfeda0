import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { RedisConnection } from '../../src/idempotency/redis-connection.ts'
import { slotOf } from '../../src/idempotency/redis-redirects.ts'
import { RedisStore } from '../../src/idempotency/redis-store.ts'
import type { Lease, Outcome } from '../../src/idempotency/store.ts'
import { wants } from '../programs.ts'
import { type StartedProxy, startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { idOf, kill, type RedisCluster, startCluster, until } from './fixtures/redis-cluster.ts'

const print = 'f'.repeat(44)
const outcome: Outcome = {
  status: 201,
  contentType: 'application/json',
  location: undefined,
  payload: '{"sequence":0}',
}

const soon = () => performance.now() + 10_000
const nameOf = (key: string) => `liveengage-proxy:${key}`

async function open(t: Test, url: string) {
  const news = new EventEmitter()
  const connection = new RedisConnection({
    url: () => url,
    report: (isUp, _, node) => news.emit(isUp ? 'up' : 'down', node),
    commandMs: 5_000,
  })
  t.teardown(() => connection.close())
  await connection.connect()
  const store = new RedisStore((...call) => connection.run(...call), 10_000)
  return { store, connection, news }
}

async function leaseOf(store: RedisStore, key: string): Promise<Lease> {
  const claim = await store.claim(key, print, soon())
  if (claim.state !== 'claimed') throw new Error(claim.state)
  return claim.lease
}

const stateOf = async (store: RedisStore, key: string) =>
  (await store.claim(key, print, soon())).state

/** The first of the names with this beginning whose key is at a node. */
function keyAt({ nodes, nodeOf }: RedisCluster, index: number, beginning: string): string {
  for (let n = 0; ; n += 1) {
    const key = `${beginning}-${n}`
    if (nodeOf(nameOf(key)) === nodes[index]) return key
  }
}

t.test(
  'a key is held across two connections, whichever node has it',
  wants('redis-server'),
  async (t) => {
    const cluster = await startCluster(t)
    const [a, b] = [await open(t, cluster.url), await open(t, cluster.nodes[1].url)]
    const keys = Array.from({ length: 60 }, (_, n) => `key-${n}`)
    await Promise.all(
      keys.map(async (key) => {
        const lease = await leaseOf(a.store, key)
        t.equal(await stateOf(b.store, key), 'running')
        await lease.write?.()
        t.ok(await b.store.has(key))
        await lease.settle(outcome)
        t.strictSame(await b.store.claim(key, print, soon()), { state: 'known', outcome })
        const left = await leaseOf(b.store, `${key} not sent`)
        await left.settle(undefined)
        t.notOk(await a.store.has(`${key} not sent`))
      }),
    )
    const sizes = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')))
    t.equal(
      sizes.reduce<number>((sum, size) => sum + Number(size), 0),
      60,
    )
    t.ok(
      sizes.every((size) => Number(size) > 0),
      'all three have some',
    )
    const none = { down: 0, slow: 0, refused: 0 }
    for (const { connection } of [a, b]) t.strictSame(connection.statistics.failures, none)
  },
)

t.test(
  'a key is found while its slot moves to another node, and after',
  wants('redis-server'),
  async (t) => {
    const cluster = await startCluster(t)
    const [a, b] = [await open(t, cluster.url), await open(t, cluster.url)]
    const [key, name] = ['moving', nameOf('moving')]
    const source = cluster.nodeOf(name)
    const [target] = cluster.nodes.filter((node) => node !== source)
    if (target === undefined) throw new Error('three nodes')
    const lease = await leaseOf(a.store, key)
    t.equal(await stateOf(b.store, key), 'running')
    const slot = String(slotOf(name))
    t.equal(await source.command('CLUSTER', 'KEYSLOT', name), Number(slot))
    await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(source))
    await source.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(target))
    t.equal(await stateOf(b.store, key), 'running', 'the key has not moved yet')
    await source.command('MIGRATE', '127.0.0.1', String(target.port), name, '0', '5000')
    t.equal(await target.command('CLUSTER', 'COUNTKEYSINSLOT', slot), 1)
    t.equal(await stateOf(b.store, key), 'running', 'the key has moved, the slot has not')
    await lease.write?.()
    for (const node of [target, source])
      await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(target))
    t.equal(await stateOf(b.store, key), 'running', 'the slot has moved')
    await lease.settle(outcome)
    t.equal(await stateOf(b.store, key), 'known')
    t.equal(await target.command('EXISTS', name).catch(String), 1)
    for (const { connection } of [a, b]) t.equal(connection.statistics.failures.refused, 0)
  },
)

t.test(
  'of a node that is down only the keys fail, until it is back',
  wants('redis-server'),
  async (t) => {
    const cluster = await startCluster(t)
    const { store, connection, news } = await open(t, cluster.url)
    for (const index of [0, 1, 2]) await leaseOf(store, keyAt(cluster, index, 'before'))
    t.ok(connection.statistics.isUp)
    for (const index of [2, 0]) {
      const isLost = once(news, 'down')
      await kill(cluster.nodes[index] ?? cluster.nodes[0])
      await isLost
      t.notOk(connection.statistics.isUp)
      for (const other of [0, 1, 2].filter((other) => other !== index)) {
        for (const n of [1, 2, 3]) {
          t.equal(await stateOf(store, keyAt(cluster, other, `node-${index}-down-${n}`)), 'claimed')
        }
      }
      const key = keyAt(cluster, index, 'while-down')
      const refused = { code: 'idempotency-store-unavailable', delivery: 'not-sent' }
      await t.rejects(store.claim(key, print, soon()), refused)
      const isBack = once(news, 'up')
      await cluster.nodes[index]?.restart()
      await isBack
      // After its start a node serves nothing for two seconds.
      await until(() =>
        store.claim(key, print, soon()).then(
          () => true,
          () => false,
        ),
      )
      t.equal(await stateOf(store, key), 'running')
      t.ok(connection.statistics.isUp)
    }
  },
)

t.test('a replica that takes over is found', wants('redis-server'), async (t) => {
  const cluster = await startCluster(t)
  const { store } = await open(t, cluster.url)
  const replica = await cluster.addReplica(cluster.nodes[2])
  const key = keyAt(cluster, 2, 'kept')
  const lease = await leaseOf(store, key)
  await until(async () => (await replica.command('DBSIZE')) === 1)
  await kill(cluster.nodes[2])
  await until(() => store.has(key).catch(() => false))
  t.equal(await stateOf(store, key), 'running')
  await lease.write?.()
  await lease.settle(outcome)
  t.equal(await stateOf(store, key), 'known')
})

t.test('two proxies and a cluster of which a node fails', wants('redis-server'), async (t) => {
  const cluster = await startCluster(t)
  const upstream = await startUpstream(t)
  const a = await startProxy(t, upstream.origin, { STATE_URL: cluster.url })
  const b = await startProxy(t, upstream.origin, { STATE_URL: cluster.nodes[2].url })
  const send = ({ call }: StartedProxy, key?: string) =>
    call('POST', '/conversations/c/messages', { text: 'Hi' }, { 'idempotency-key': key })
  /** A busy machine may take longer than 250 ms for a command; nothing was sent then. */
  const served = async (proxy: StartedProxy, key: string) => {
    for (let tries = 1; ; tries += 1) {
      const reply = await send(proxy, key)
      if ((reply.status !== 503 && reply.status !== 409) || tries === 50) return reply
    }
  }
  for (let n = 0; n < 12; n += 1) {
    const first = await served(a, `k${n}`)
    t.match(first, { status: 201, headers: { 'idempotency-replayed': undefined } })
    const again = await served(b, `k${n}`)
    t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' } })
  }
  t.equal(upstream.sends().length, 12)
  await kill(cluster.nodes[1])
  const statuses = new Set<number>()
  for (let n = 0; n < 40 && statuses.size < 2; n += 1) {
    const { status, body } = await send(a, `down${n}`)
    statuses.add(status)
    if (status === 503)
      t.match(body, { code: 'idempotency-store-unavailable', delivery: 'not-sent' })
  }
  t.strictSame([...statuses].sort(), [201, 503])
  t.match(await send(a), { status: 201 }, 'without a key nothing has changed')
  t.match((await a.call('GET', '/metrics')).body, 'liveengage_proxy_store_up 0')
  const gone = { node: `127.0.0.1:${cluster.nodes[1].port}`, cause: /./ }
  t.match(a.logs.filter(({ node }) => node === gone.node).at(-1), gone)
})
