/** Timers and `performance.now()` that move only when the test says so. */
import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'

const stepMs = 50

export type Timers = {
  /** Lets time pass, and whatever it starts run. */
  pass(ms: number): Promise<void>
}

export function controlTimers(t: Test): Timers {
  let now = Math.ceil(performance.now())
  // t.intercept would keep the stack of each reading, and there are many thousands.
  Object.defineProperty(performance, 'now', { value: () => now, configurable: true })
  t.teardown(() => Reflect.deleteProperty(performance, 'now'))
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  return {
    async pass(ms) {
      for (let left = ms; left > 0; left -= stepMs) {
        const step = Math.min(stepMs, left)
        now += step
        mock.timers.tick(step)
        await setImmediate()
      }
    },
  }
}
