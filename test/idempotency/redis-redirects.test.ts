import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { RedisConnection } from '../../src/idempotency/redis-connection.ts'
import { addressOf, slotOf, urlAt } from '../../src/idempotency/redis-redirects.ts'
import { exists } from '../../src/idempotency/redis-scripts.ts'
import { type FakeRedis, type Fault, silence, startFakeRedis } from './fixtures/fake-redis.ts'

const unavailable = { code: 'idempotency-store-unavailable', status: 503, delivery: 'not-sent' }

/** Patient, but where the time of a command is what a test is about. */
async function open(t: Test, { url }: FakeRedis, commandMs = 5_000) {
  const news = new EventEmitter()
  const reports: [boolean, string | undefined][] = []
  const connection = new RedisConnection({
    url: () => url,
    commandMs,
    report: (isUp, _, node) => {
      reports.push([isUp, node])
      news.emit(isUp ? 'up' : 'down', node)
    },
  })
  t.teardown(() => connection.close())
  await connection.connect()
  return { connection, news, reports, ask: () => connection.run(exists, 'k', []) }
}

/** Answers each script so. */
const scripts =
  (reply: string): Fault =>
  ([name = '']) =>
    /^EVAL/.test(name) ? reply : undefined

const moved = (to: FakeRedis) => scripts(`-MOVED ${slotOf('k')} ${addressOf(to.url)}\r\n`)
const namesOf = ({ commands }: FakeRedis) => commands.map(([name]) => name)
const up: Fault = () => undefined

t.test('a key has its slot', async (t) => {
  // What CLUSTER KEYSLOT says.
  t.equal(slotOf('123456789'), 12_739)
  t.equal(slotOf('foo'), 12_182)
  t.equal(slotOf(''), 0)
})

t.test('another node has another place and the same rest', async (t) => {
  const url = 'rediss://user:p%40ss@store.example.com:6379/0'
  t.equal(urlAt(url, '10.0.0.7', '7001'), 'rediss://user:p%40ss@10.0.0.7:7001/0')
  t.equal(urlAt(url, 'fd00::7', '7001'), 'rediss://user:p%40ss@[fd00::7]:7001/0')
  t.equal(urlAt(url, '[fd00::7]', '7001'), 'rediss://user:p%40ss@[fd00::7]:7001/0')
  t.equal(addressOf('redis://store.example.com'), 'store.example.com:6379')
  t.equal(addressOf('redis://[fd00::7]:7001'), '[fd00::7]:7001')
})

t.test('who was named for a slot is asked at once the next time', async (t) => {
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  const { ask, connection, reports } = await open(t, first)
  let asked = 0
  first.fault = (command) => {
    asked += /^EVAL/.test(command[0] ?? '') ? 1 : 0
    return moved(other)(command)
  }
  for (const _ of [1, 2, 3]) t.equal(await ask(), 0)
  t.equal(asked, 1)
  t.strictSame(namesOf(other), ['PING', 'EVALSHA', 'EVAL', 'EVALSHA', 'EVALSHA'])
  t.strictSame(connection.statistics.failures, { down: 0, slow: 0, refused: 0 })
  t.strictSame(reports, [
    [true, undefined],
    [true, addressOf(other.url)],
  ])
  await connection.ping()
  t.equal(namesOf(first).at(-1), 'PING')
  t.equal(namesOf(other).at(-1), 'PING', 'both are asked whether they are there')
})

t.test('while a slot moves, its new node is asked for this key only', async (t) => {
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  const { ask } = await open(t, first)
  first.fault = scripts(`-ASK ${slotOf('k')} ${addressOf(other.url)}\r\n`)
  t.equal(await ask(), 0)
  t.strictSame(namesOf(other), ['PING', 'ASKING', 'EVALSHA', 'ASKING', 'EVAL'])
  first.fault = up
  t.equal(await ask(), 0)
  t.strictSame(namesOf(first), ['PING', 'EVALSHA', 'EVAL'])
})

t.test('without a host it is the one of the node that answers, which may be itself', async (t) => {
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  const { ask, reports } = await open(t, first)
  let asked = 0
  const counted =
    (fault: Fault): Fault =>
    (command) => {
      const reply = fault(command)
      asked += reply === undefined ? 0 : 1
      return reply
    }
  first.fault = counted(scripts(`-MOVED 1 :${new URL(other.url).port}\r\n`))
  other.fault = counted(moved(first))
  const refused = ask()
  await t.rejects(refused, { ...unavailable, cause: { message: /^MOVED/ } }, 'they do not agree')
  t.equal(asked, 5)
  first.fault = up
  t.equal(await ask(), 0)
  t.equal(reports.length, 2, 'the first node has one connection')
})

t.test('a node that cannot be named is a refusal', async (t) => {
  const first = await startFakeRedis(t)
  const { ask, connection } = await open(t, first)
  first.fault = scripts('-MOVED 1 ?:7001\r\n')
  await t.rejects(ask(), { ...unavailable, cause: { message: /^MOVED/ } })
  t.strictSame(connection.statistics.failures, { down: 0, slow: 0, refused: 1 })
})

t.test('a node that left its cluster is not asked again for what another has', async (t) => {
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  const { ask, connection } = await open(t, first)
  first.fault = moved(other)
  t.equal(await ask(), 0)
  other.fault = scripts('-CLUSTERDOWN Hash slot not served\r\n')
  first.fault = up
  t.equal(await ask(), 0)
  first.fault = scripts('-CLUSTERDOWN The cluster is down\r\n')
  await t.rejects(ask(), { ...unavailable, cause: { message: /^CLUSTERDOWN/ } })
  t.strictSame(connection.statistics.failures, { down: 0, slow: 0, refused: 1 })
})

t.test('a named node that is down is connected to at its own pace', async (t) => {
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  await other.stop()
  const { ask, news, connection, reports } = await open(t, first)
  first.fault = moved(other)
  for (const _ of [1, 2, 3]) {
    await t.rejects(ask(), {
      ...unavailable,
      cause: { message: /there is no connection.*REFUSED/ },
    })
  }
  t.strictSame(reports, [
    [true, undefined],
    [false, addressOf(other.url)],
  ])
  t.notOk(connection.statistics.isUp)
  const isBack = once(news, 'up')
  await other.start()
  await isBack
  t.equal(await ask(), 0)
  t.ok(connection.statistics.isUp)
})

t.test('all redirects together have the time of one command', async (t) => {
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  const { ask, connection } = await open(t, first, 250)
  first.fault = moved(other)
  other.fault = () => silence
  const startedAt = performance.now()
  await t.rejects(ask(), { ...unavailable, cause: { message: /^no answer in \d+ ms$/ } })
  t.ok(performance.now() - startedAt >= 245)
  t.strictSame(connection.statistics.failures, { down: 0, slow: 1, refused: 0 })
})

t.test('a node that is down for a minute, and that nobody names, is forgotten', async (t) => {
  const setInterval = t.capture(globalThis, 'setInterval', globalThis.setInterval)
  const [first, other] = [await startFakeRedis(t), await startFakeRedis(t)]
  const { ask, connection, news } = await open(t, first)
  const probe = setInterval()[0]?.args[0]
  const probes = (count: number) => {
    for (let n = 0; n < count; n += 1) probe?.()
  }
  first.fault = moved(other)
  t.equal(await ask(), 0)
  probes(20)
  const isLost = once(news, 'down')
  await other.stop()
  await isLost
  probes(11)
  await t.rejects(ask(), unavailable, 'it is named once more')
  probes(11)
  t.notOk(connection.statistics.isUp)
  probes(1)
  t.ok(connection.statistics.isUp)
  first.fault = up
  t.equal(await ask(), 0, 'the first has its keys now')
})
