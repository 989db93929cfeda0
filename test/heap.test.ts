import { EventEmitter } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import t from 'tap'
import { collectMoreInCrowds, letYoungGenerationGrow } from '../src/heap.ts'

t.test('the space for new objects grows until it is large enough', async (t) => {
  const flags: string[] = []
  letYoungGenerationGrow((flag) => {
    flags.push(flag)
    setFlagsFromString(flag)
  })
  t.strictSame(flags, ['--semi-space-growth-factor=2'])
  // What lives on makes it grow.
  const living: object[] = []
  const end = performance.now() + 20_000
  while (flags.length < 2 && performance.now() < end) {
    for (let count = 0; count < 10_000; count += 1) living[count] = { count, text: `${count}` }
    await setImmediate()
  }
  t.strictSame(flags, ['--semi-space-growth-factor=2', '--semi-space-growth-factor=1'])
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
