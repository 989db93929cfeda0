import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { EventLoopGuard } from '../src/event-loop-guard.ts'
import { start } from './start.ts'

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

t.test('it says when the event loop falls behind, and when it has caught up', async (t) => {
  const guard = new EventLoopGuard({ longestDelayMs: 120 })
  guard.start()
  t.teardown(() => guard.stop())
  t.notOk(guard.isLate)
  while (!guard.isLate) {
    block(350)
    await delay(1)
  }
  while (guard.isLate) await delay(50)
  t.notOk(guard.isLate)
})

t.test(
  'while the process is late it refuses what reaches LiveEngage, and stays alive',
  async (t) => {
    t.intercept(EventLoopGuard.prototype, 'isLate', {
      get: () => true,
    })
    const { call, sandbox } = await start(t)
    t.match(await call('POST', '/conversations/c1/messages', { text: 'Hi' }), {
      status: 503,
      body: { code: 'overloaded', delivery: 'not-sent', retryable: true },
    })
    t.equal((await call('GET', '/livez')).status, 200)
    t.equal((await call('GET', '/readyz')).status, 200)
    t.strictSame(sandbox.calls(), [])
  },
)
