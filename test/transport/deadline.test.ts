import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { beforeDeadline } from '../../src/transport/deadline.ts'

t.test('work that ends in time gives its result or its error', async (t) => {
  const deadline = performance.now() + 1_000
  t.equal(await beforeDeadline(Promise.resolve('found'), deadline), 'found')
  const error = new Error('no')
  await t.rejects(beforeDeadline(Promise.reject(error), deadline), error)
})

t.test('work that is done already counts even after the deadline', async (t) => {
  t.equal(await beforeDeadline(Promise.resolve('found'), performance.now() - 1_000), 'found')
})

t.test(
  'work that takes longer is left to itself, and its later failure harms nobody',
  async (t) => {
    const tooLate = new Error('too late to matter')
    let fail: (error: Error) => void = () => {}
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    const deadline = performance.now() + 20
    await t.rejects(beforeDeadline(work, deadline), { code: 'deadline-exceeded' })
    fail(tooLate)
    await t.rejects(work, tooLate)
  },
)

t.test('no timer is left', async (t) => {
  const timers = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  const deadline = performance.now() + 60_000
  await beforeDeadline(Promise.resolve(), deadline)
  await t.rejects(beforeDeadline(Promise.reject(new Error('no')), deadline))
  await delay(0)
  t.equal(timers(), before)
})
