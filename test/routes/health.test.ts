import { test } from 'tap'
import { start } from '../start.ts'

test('a process that serves is alive and ready, with no tokens and no LiveEngage', async (t) => {
  const { call, sandbox } = await start(t)
  await sandbox.close()
  const headers = { authorization: undefined, 'x-lp-on-behalf': undefined }
  t.match(await call('GET', '/livez', undefined, headers), {
    status: 200,
    body: { status: 'alive' },
  })
  t.match(await call('GET', '/readyz', undefined, headers), {
    status: 200,
    body: { status: 'ready' },
  })
})

test('a process told to stop is alive and no longer ready', async (t) => {
  const { call, drain } = await start(t)
  const drained = drain.run(500)
  t.match(await call('GET', '/readyz'), { status: 503, body: { code: 'shutting-down' } })
  t.match(await call('GET', '/livez'), { status: 200, headers: { connection: 'close' } })
  await drained
})
