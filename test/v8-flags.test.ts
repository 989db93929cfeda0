import { EventEmitter } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { expectLoad, youngGenerationBytes } from '../src/v8-flags.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

const mib = 1024 * 1024

/** A program under load as V8 sees it: its flags, a space for new objects of any size, and as many connections as one likes. */
function load(t: Test) {
  // Before the space may grow again a second has to pass.
  const { setInterval } = globalThis
  let lookAgain = () => {}
  t.intercept(globalThis, 'setInterval', {
    value: (again: () => void, ms: number) => {
      lookAgain = again
      return setInterval(again, ms)
    },
  })
  const flags: string[] = []
  const server = createServer()
  let bytes = mib
  let reads = 0
  expectLoad(
    server,
    (flag) => void flags.push(flag),
    () => {
      reads += 1
      return bytes
    },
  )
  return {
    /** Since they were asked for last. */
    flags: () => flags.splice(0),
    flagsAfterCollection: async (size: number) => {
      bytes = size
      const before = reads
      collect()
      while (reads === before) await setImmediate()
      return flags.splice(0)
    },
    flagsAfterSecond: (size: number) => {
      bytes = size
      lookAgain()
      return flags.splice(0)
    },
    join: () => {
      const socket = new EventEmitter()
      server.emit('connection', socket)
      return socket
    },
  }
}

const grows = '--semi-space-growth-factor=2'
const growsNoMore = '--semi-space-growth-factor=1'

t.test('the space for new objects doubles up to 32 MiB, and again after it shrank', async (t) => {
  const { flags, flagsAfterCollection, flagsAfterSecond } = load(t)
  t.strictSame(flags(), ['--no-flush-bytecode', grows])
  t.strictSame(await flagsAfterCollection(16 * mib), [])
  t.strictSame(await flagsAfterCollection(17 * mib), [growsNoMore])
  t.strictSame(flagsAfterSecond(32 * mib), [])
  t.strictSame(flagsAfterSecond(8 * mib), [grows])
  t.strictSame(flagsAfterSecond(8 * mib), [], 'once')
  t.strictSame(await flagsAfterCollection(32 * mib), [growsNoMore])
})

t.test(
  'a crowd is met with more collections and half of that space, until it is gone',
  async (t) => {
    const { flags, flagsAfterCollection, flagsAfterSecond, join } = load(t)
    flags()
    const crowd = Array.from({ length: 1_024 }, join)
    t.strictSame(flags(), [])
    crowd.push(join(), join())
    t.strictSame(flags(), ['--heap-growing-percent=20'], 'once')
    t.strictSame(await flagsAfterCollection(8 * mib), [])
    t.strictSame(await flagsAfterCollection(16 * mib), [growsNoMore])
    for (const socket of crowd.splice(512)) socket.emit('close')
    t.strictSame(flags(), [])
    for (const socket of crowd) socket.emit('close')
    t.strictSame(flags(), ['--heap-growing-percent=0'], 'once')
    t.strictSame(flagsAfterSecond(16 * mib), [grows])
  },
)

t.test('what V8 says of that space is understood', (t) => {
  const bytes = youngGenerationBytes()
  t.ok(bytes >= mib && bytes <= 64 * mib, `${bytes} bytes`)
  t.end()
})
