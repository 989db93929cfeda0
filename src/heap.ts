/** Keeps V8's heap near to what is in use; server.ts loads it before the rest, since loading the program is a part of what it is about. */
import type { Server } from 'node:net'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

// Most of what loading leaves in the space for new objects is soon of no use, and yet the space would grow and keep its size.
setFlagsFromString('--semi-space-growth-factor=1')

/**
 * From now on the space for new objects grows with the load, up to V8's own bound; V8 shrinks it by itself where there is none.
 * Code is kept: V8 would forget it in a quiet spell, and the requests after that would cost half as much again for seconds.
 */
export function expectLoad(setFlag = setFlagsFromString): void {
  setFlag('--no-flush-bytecode')
  setFlag('--semi-space-growth-factor=2')
}

/** Connections from which on memory is worth more than speed, and below which it is not any more. */
const crowd = 1_024
const noCrowd = 512

/** Of both halves of the space for new objects in a crowd: half of V8's own bound. With less, requests outlive it and fill the rest. */
const enoughBytes = 16 * 1024 * 1024

/** While there is a crowd the heap is collected once it has grown by a fifth; V8 would let it double, at a twelfth less of CPU. */
export function collectMoreInCrowds(
  server: Server,
  setFlag = setFlagsFromString,
  readBytes = youngGenerationBytes,
): void {
  let connections = 0
  let isCrowded = false
  const bound = new PerformanceObserver(() => {
    setFlag(`--semi-space-growth-factor=${readBytes() < enoughBytes ? 2 : 1}`)
  })
  server.on('connection', (socket) => {
    connections += 1
    if (connections > crowd && !isCrowded) {
      isCrowded = true
      setFlag('--heap-growing-percent=20')
      bound.observe({ entryTypes: ['gc'] })
    }
    socket.once('close', () => {
      connections -= 1
      if (connections >= noCrowd || !isCrowded) return
      isCrowded = false
      // V8 decides again.
      setFlag('--heap-growing-percent=0')
      bound.disconnect()
      setFlag('--semi-space-growth-factor=2')
    })
  })
}

/** The size of the space for new objects, both its halves. */
export function youngGenerationBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return Number(space?.space_size)
}
