/** What V8 is told of this program; server.ts loads it before the rest, since loading the program is a part of what it is about. */
import type { Server } from 'node:net'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

// Most of what loading leaves in the space for new objects is soon of no use, and yet the space would grow and keep its size.
setFlagsFromString('--semi-space-growth-factor=1')

// After a burst V8 takes what requests make for long-lived, and makes it where only full collections come. Each of those objects then keeps
// alive, dead as it is, what it points to: everything of its request.
setFlagsFromString('--no-allocation-site-pretenuring')

/**
 * The most that the space for new objects may take, both its halves: what V8 takes by itself in Node 20, and half of what it takes in
 * Node 26. In a smaller one 256 callers' requests live longer than it holds them, and fill the rest of the heap with what they leave.
 */
const enoughBytes = 32 * 1024 * 1024

/** In a crowd memory is worth more than speed. A space that is larger when the crowd comes stays as large. */
const enoughBytesInCrowd = 16 * 1024 * 1024

/** Connections from which on there is a crowd, and below which there is none any more. */
const crowd = 1_024
const noCrowd = 512

/** How soon a space that V8 has made smaller may grow again. */
const lookAgainMs = 1_000

/**
 * From now on the space for new objects grows with the load, by doubling, until it is large enough; V8 shrinks it by itself where there
 * is none. In a crowd the heap is collected once it has grown by a fifth; V8 would let it double, at a twelfth less of CPU.
 * Code is kept: V8 would forget it in a quiet spell, and the requests after that would cost half as much again for seconds.
 */
export function expectLoad(
  server: Server,
  setFlag = setFlagsFromString,
  readBytes = youngGenerationBytes,
): void {
  let connections = 0
  let isCrowded = false
  let mayGrow = false
  const isSmall = () => 2 * readBytes() <= (isCrowded ? enoughBytesInCrowd : enoughBytes)
  // To be told of every collection costs a busy process a twentieth, so it is only while the space grows.
  const collections = new PerformanceObserver(() => {
    if (isSmall()) return
    mayGrow = false
    setFlag('--semi-space-growth-factor=1')
    collections.disconnect()
  })
  const letGrow = () => {
    if (mayGrow || !isSmall()) return
    mayGrow = true
    setFlag('--semi-space-growth-factor=2')
    collections.observe({ entryTypes: ['gc'] })
  }
  setFlag('--no-flush-bytecode')
  letGrow()
  setInterval(letGrow, lookAgainMs).unref()
  server.on('connection', (socket) => {
    connections += 1
    if (connections > crowd && !isCrowded) {
      isCrowded = true
      setFlag('--heap-growing-percent=20')
    }
    socket.once('close', () => {
      connections -= 1
      if (connections >= noCrowd || !isCrowded) return
      isCrowded = false
      // V8 decides again.
      setFlag('--heap-growing-percent=0')
    })
  })
}

/** The size of the space for new objects, both its halves. */
export function youngGenerationBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return Number(space?.space_size)
}
