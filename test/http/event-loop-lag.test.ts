import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { EventLoopLag } from '../../src/http/event-loop-lag.ts'
import { start } from '../start.ts'

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

t.test('it says when the event loop falls behind, and when it has caught up', async (t) => {
  const lag = new EventLoopLag({ maxLagMs: 120 })
  lag.start()
  t.teardown(() => lag.stop())
  t.notOk(lag.isLate)
  while (!lag.isLate) {
    block(350)
    await delay(1)
  }
  while (lag.isLate) await delay(50)
  t.notOk(lag.isLate)
})

t.test('one pause alone, however long, does not make the process late', async (t) => {
  const lag = new EventLoopLag({ maxLagMs: 120 })
  lag.start()
  t.teardown(() => lag.stop())
  block(2_000)
  await delay(50)
  t.ok(lag.lagSeconds > 0.05)
  t.notOk(lag.isLate)
})

t.test('while the process is late it refuses calls to LiveEngage, and stays alive', async (t) => {
  const { call, sandbox } = await start(t)
  // Smoothed, one such pause is 450 ms and four are 1,140; the limit is 500.
  for (let pauses = 0; pauses < 4; pauses += 1) {
    block(1_700)
    await delay(1)
  }
  t.match(await call('POST', '/conversations/c1/messages', { text: 'Hi' }), {
    status: 503,
    body: { code: 'overloaded', delivery: 'not-sent', retryable: true },
  })
  t.equal((await call('GET', '/livez')).status, 200)
  t.equal((await call('GET', '/readyz')).status, 200)
  t.strictSame(sandbox.calls(), [])
})
