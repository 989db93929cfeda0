import t from 'tap'
import { startFakeRedis } from '../idempotency/fixtures/fake-redis.ts'
import { examine, pointedTo, startLivePerson } from './fixtures/examine.ts'

const info = (text: string) => `$${text.length}\r\n${text}\r\n`

t.test(
  'the store is judged by its answer, by a write, and by what it does when it is full',
  async (t) => {
    const upstream = await startLivePerson(t)
    const fake = await startFakeRedis(t)
    const ask = async (env: Record<string, string> = { STATE_URL: fake.url }) =>
      (await examine({ ...pointedTo(upstream), ...env })).findings['state-store']
    t.match(await ask({}), { status: 'skip', detail: /^STATE_URL is not set/, remedy: null })
    t.match(await ask(), {
      status: 'ok',
      detail: /^answers in [\d.]+ ms and can be written to; maxmemory-policy: noeviction$/,
    })
    t.equal(fake.values.size, 0, 'it leaves nothing behind')
    for (const [memory, status, detail] of [
      ['maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n', 'ok', /allkeys-lru$/],
      ['maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n', 'ok', /noeviction$/],
      ['maxmemory:1000\r\nmaxmemory_policy:volatile-ttl\r\n', 'warn', /volatile-ttl$/],
      ['', 'warn', /unknown$/],
    ] as const) {
      fake.fault = ([name]) => (name === 'INFO' ? info(memory) : undefined)
      const found = await ask()
      t.match(found, { status, detail })
      t.match(found, { remedy: status === 'warn' ? /noeviction/ : null })
    }
    fake.fault = ([name]) => (/^EVAL/.test(String(name)) ? '-READONLY no\r\n' : undefined)
    t.match(await ask(), { status: 'fail', detail: /READONLY/, remedy: /read-only/ })
    await fake.stop()
    t.match(await ask(), { status: 'fail', detail: /ECONNREFUSED/, remedy: /STATE_URL/ })
  },
)
