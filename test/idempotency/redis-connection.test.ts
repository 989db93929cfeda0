import { EventEmitter, once } from 'node:events'
import { createServer as createMuteServer } from 'node:net'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { RedisConnection } from '../../src/idempotency/redis-connection.ts'
import { exists } from '../../src/idempotency/redis-scripts.ts'
import { makeCertificate, validity } from '../doctor/fixtures/certificate.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { cut, silence, startFakeRedis } from './fixtures/fake-redis.ts'

async function open(t: Test, url: () => string) {
  const news = new EventEmitter()
  const reports: boolean[] = []
  const causes: string[] = []
  const connection = new RedisConnection({
    url,
    report: (isUp, cause) => {
      reports.push(isUp)
      if (cause !== undefined) causes.push(cause)
      news.emit(isUp ? 'up' : 'down')
    },
  })
  t.teardown(() => connection.close())
  await connection.connect()
  const ask = () => connection.run(exists, 'k', [])
  return { connection, reports, causes, ask, up: () => once(news, 'up') }
}

const unavailable = { code: 'idempotency-store-unavailable', status: 503, delivery: 'not-sent' }

t.test('a script is sent once as a whole and then by its digest', async (t) => {
  const fake = await startFakeRedis(t)
  const { ask, connection } = await open(t, () => fake.url)
  for (const _ of [1, 2]) t.equal(await ask(), 0)
  const names = fake.commands.map(([name]) => name)
  t.strictSame(names, ['PING', 'EVALSHA', 'EVAL', 'EVALSHA'])
  t.strictSame(connection.statistics.failures, { down: 0, slow: 0, refused: 0 })
  t.ok(connection.statistics.seconds.sum > 0)
})

t.test('what the store refuses is unavailable, and the connection stays', async (t) => {
  const fake = await startFakeRedis(t)
  const { ask, connection, reports } = await open(t, () => fake.url)
  fake.fault = ([name]) => (name === 'EVALSHA' ? '-OOM command not allowed\r\n' : undefined)
  await t.rejects(ask(), { ...unavailable, cause: { message: /OOM/ } })
  t.strictSame(connection.statistics.failures, { down: 0, slow: 0, refused: 1 })
  t.ok(connection.statistics.isUp)
  t.strictSame(reports, [true])
})

t.test('a store that became read-only is connected to anew', async (t) => {
  const fake = await startFakeRedis(t)
  const { ask, up, reports } = await open(t, () => fake.url)
  fake.fault = ([name]) => (name === 'EVALSHA' ? '-READONLY You can’t write\r\n' : undefined)
  const again = up()
  await t.rejects(ask(), { ...unavailable, cause: { message: /READONLY/ } })
  await again
  fake.fault = () => undefined
  t.equal(await ask(), 0)
  t.strictSame(reports, [true, false, true])
})

t.test('no command waits longer than 250 ms; three that did end the connection', async (t) => {
  const fake = await startFakeRedis(t)
  const { ask, connection, up } = await open(t, () => fake.url)
  fake.fault = ([name]) => (name === 'EVALSHA' ? silence : undefined)
  const again = up()
  for (const isUp of [true, true, false]) {
    const startedAt = performance.now()
    await t.rejects(ask(), { ...unavailable, cause: { message: 'no answer in 250 ms' } })
    t.ok(performance.now() - startedAt >= 245)
    t.equal(connection.statistics.isUp, isUp)
  }
  t.equal(connection.statistics.failures.slow, 3)
  await again
  fake.fault = () => undefined
  t.equal(await ask(), 0)
})

t.test('a connection that breaks is made again, and nothing waits for it', async (t) => {
  const fake = await startFakeRedis(t)
  const { ask, up, reports } = await open(t, () => fake.url)
  fake.fault = ([name]) => (name === 'EVALSHA' ? cut : undefined)
  const again = up()
  await t.rejects(ask(), unavailable)
  await t.rejects(ask(), { ...unavailable, cause: { message: 'there is no connection' } })
  fake.fault = () => undefined
  await again
  t.equal(await ask(), 0)
  t.strictSame(reports, [true, false, true])
})

t.test('a store that is down at the start is found when it comes, and reported once', async (t) => {
  const fake = await startFakeRedis(t)
  await fake.stop()
  const { ask, up, reports, causes, connection } = await open(t, () => fake.url)
  await t.rejects(ask(), unavailable)
  t.match(causes, [/ECONNREFUSED/])
  t.notOk(connection.statistics.isUp)
  await connection.connect()
  t.strictSame(reports, [false], 'and not each time')
  const again = up()
  await fake.start()
  await again
  t.equal(await ask(), 0)
})

t.test('a password is read anew for each connection', async (t) => {
  const fake = await startFakeRedis(t)
  fake.fault = (command) =>
    command[0] === 'AUTH' && !command.includes('new') ? '-WRONGPASS no\r\n' : undefined
  let password = 'old'
  const { ask, up, causes } = await open(t, () => fake.url.replace('//', `//:${password}@`))
  t.match(causes, [/WRONGPASS/])
  const again = up()
  password = 'new'
  await again
  t.equal(await ask(), 0)
})

t.test('while it connects again, a command is told why the connection was lost', async (t) => {
  const mute = createMuteServer((socket) => void socket.on('error', () => undefined))
  const port = await listen(mute)
  t.teardown(() => mute.close())
  const { ask } = await open(t, () => `rediss://127.0.0.1:${port}`)
  await once(mute, 'connection')
  const cause = { message: /^there is no connection: .*1000/ }
  await t.rejects(ask(), { ...unavailable, cause })
})

t.test('a closed connection stays closed', async (t) => {
  const fake = await startFakeRedis(t)
  const { ask, connection, reports } = await open(t, () => fake.url)
  connection.close()
  connection.close()
  await t.rejects(ask(), unavailable)
  t.strictSame(reports, [true])
})

t.test('it asks every five seconds whether the store is there', async (t) => {
  const fake = await startFakeRedis(t)
  const setInterval = t.capture(globalThis, 'setInterval', globalThis.setInterval)
  const { connection } = await open(t, () => fake.url)
  const [probe, ms] = setInterval()[0]?.args ?? []
  t.equal(ms, 5_000)
  const asked = fake.next('PING')
  probe?.()
  await asked
  await connection.ping()
  connection.close()
  probe?.()
  await new Promise(setImmediate)
  t.equal(connection.statistics.failures.down, 1, 'a failure is counted and thrown at nobody')
})

t.test('with TLS it says whom it wants, unless that is an address', async (t) => {
  const { key, cert } = makeCertificate({ host: 'localhost', ...validity(-1, 1) })
  const names: string[] = []
  const server = createServer({
    key,
    cert,
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  })
  server.on('tlsClientError', () => undefined)
  await once(server.listen(0, 'localhost'), 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  for (const at of ['localhost', host]) {
    const { causes } = await open(t, () => `rediss://${at}:${address.port}`)
    t.match(causes, [/self-signed certificate/])
  }
  t.strictSame(names, ['localhost'])
})
