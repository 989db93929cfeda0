import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { inBatch } from '../../src/liveengage/batch.ts'

t.test('works are done together and in their order, before what follows any of them', async (t) => {
  const seen: string[] = []
  for (const name of ['one', 'two', 'three']) {
    inBatch(() => {
      seen.push(name)
      queueMicrotask(() => seen.push(`after ${name}`))
    })
  }
  t.strictSame(seen, [], 'not at once')
  await setImmediate()
  t.strictSame(seen, ['one', 'two', 'three', 'after one', 'after two', 'after three'])
})

t.test('work that comes while a batch is done is of the next one', async (t) => {
  const seen: string[] = []
  inBatch(() => {
    seen.push('first')
    inBatch(() => seen.push('second'))
  })
  await setImmediate()
  t.strictSame(seen, ['first'])
  await setImmediate()
  t.strictSame(seen, ['first', 'second'])
})

t.test('work that throws fails the process and not the works after it', async (t) => {
  const seen: string[] = []
  const thrown = new Error('thrown')
  const failures: unknown[] = []
  process.setUncaughtExceptionCaptureCallback((error) => failures.push(error))
  t.teardown(() => process.setUncaughtExceptionCaptureCallback(null))
  inBatch(() => {
    throw thrown
  })
  inBatch(() => seen.push('two'))
  inBatch(() => seen.push('three'))
  await setImmediate()
  await setImmediate()
  t.strictSame(failures, [thrown])
  t.strictSame(seen, ['two', 'three'])
})
