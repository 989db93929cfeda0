import { EventEmitter } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { collectMoreInCrowds, expectLoad, youngGenerationBytes } from '../src/heap.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

/** A server with as many connections as one likes. */
function crowdedServer(
  setFlag: (flag: string) => void,
  readBytes?: () => number,
): { join: () => EventEmitter } {
  const server = createServer()
  collectMoreInCrowds(server, setFlag, readBytes)
  return {
    join: () => {
      const socket = new EventEmitter()
      server.emit('connection', socket)
      return socket
    },
  }
}

t.test('once the program is loaded, code is kept and the space for new objects may grow', (t) => {
  const flags: string[] = []
  expectLoad((flag) => void flags.push(flag))
  t.strictSame(flags, ['--no-flush-bytecode', '--semi-space-growth-factor=2'])
  t.end()
})

t.test('in a crowd it may grow until it is large enough, and again after it shrank', async (t) => {
  const flags: string[] = []
  let bytes = 1024 * 1024
  let reads = 0
  const { join } = crowdedServer(
    (flag) => void flags.push(flag),
    () => {
      reads += 1
      return bytes
    },
  )
  const crowd = Array.from({ length: 1_025 }, join)
  const seenAfterCollection = async () => {
    const before = reads
    flags.length = 0
    collect()
    while (reads === before) await setImmediate()
    return flags.at(-1)
  }
  t.equal(await seenAfterCollection(), '--semi-space-growth-factor=2')
  bytes *= 16
  t.equal(await seenAfterCollection(), '--semi-space-growth-factor=1')
  bytes /= 2
  t.equal(await seenAfterCollection(), '--semi-space-growth-factor=2')
  for (const socket of crowd) socket.emit('close')
  t.equal(flags.at(-1), '--semi-space-growth-factor=2', 'and without one as V8 thinks fit')
})

t.test('what V8 says of that space is understood', (t) => {
  const bytes = youngGenerationBytes()
  t.ok(bytes >= 1024 ** 2 && bytes <= 64 * 1024 ** 2, `${bytes} bytes`)
  t.end()
})

t.test('a crowd of connections is met with more collections, once, until it is gone', (t) => {
  const flags: string[] = []
  const { join } = crowdedServer((flag) => void flags.push(flag))
  const crowd = Array.from({ length: 1_024 }, join)
  t.strictSame(flags, [])
  crowd.push(join(), join())
  t.strictSame(flags, ['--heap-growing-percent=20'])
  for (const socket of crowd.splice(512)) socket.emit('close')
  t.strictSame(flags, ['--heap-growing-percent=20'])
  for (const socket of crowd) socket.emit('close')
  t.strictSame(flags, [
    '--heap-growing-percent=20',
    '--heap-growing-percent=0',
    '--semi-space-growth-factor=2',
  ])
  t.end()
})
