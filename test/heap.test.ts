import { EventEmitter } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { collectMoreInCrowds, expectLoad } from '../src/heap.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

t.test(
  'the space for new objects may grow until it is large enough, and again after it shrank',
  async (t) => {
    const factors: string[] = []
    let bytes = 1024 * 1024
    let reads = 0
    expectLoad(
      (flag) => void factors.push(flag.replace('--semi-space-growth-factor=', '')),
      () => {
        reads += 1
        return bytes
      },
    )
    const seenAfterCollection = async () => {
      const before = reads
      collect()
      while (reads === before) await setImmediate()
      return factors.splice(0)
    }
    t.strictSame(await seenAfterCollection(), ['--no-flush-bytecode', '2'])
    bytes *= 16
    t.strictSame(await seenAfterCollection(), ['1'])
    t.strictSame(await seenAfterCollection(), [])
    bytes /= 2
    t.strictSame(await seenAfterCollection(), ['2'])
  },
)

t.test('what V8 says of that space is understood', async (t) => {
  const flags: string[] = []
  expectLoad((flag) => {
    flags.push(flag)
    setFlagsFromString(flag)
  })
  // What lives on makes it grow.
  const living: object[] = []
  const end = performance.now() + 60_000
  while (flags.length < 3 && performance.now() < end) {
    for (let count = 0; count < 10_000; count += 1) living[count] = { count, text: `${count}` }
    await setImmediate()
  }
  t.strictSame(flags.slice(1), ['--semi-space-growth-factor=2', '--semi-space-growth-factor=1'])
})

t.test('a crowd of connections is met with more collections, once, until it is gone', (t) => {
  const flags: string[] = []
  const server = createServer()
  collectMoreInCrowds(server, (flag) => void flags.push(flag))
  const join = () => {
    const socket = new EventEmitter()
    server.emit('connection', socket)
    return socket
  }
  const crowd = Array.from({ length: 1_024 }, join)
  t.strictSame(flags, [])
  crowd.push(join(), join())
  t.strictSame(flags, ['--heap-growing-percent=20'])
  for (const socket of crowd.splice(512)) socket.emit('close')
  t.strictSame(flags, ['--heap-growing-percent=20'])
  for (const socket of crowd) socket.emit('close')
  t.strictSame(flags, ['--heap-growing-percent=20', '--heap-growing-percent=0'])
  t.end()
})
