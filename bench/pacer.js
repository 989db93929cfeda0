/** A thread that does nothing but wait for the next instant and say that it has come; a timer of the event loop may be 1 ms late. */
import { parentPort, workerData } from 'node:worker_threads'

const { startAt, intervalMs, count } = workerData
const never = new Int32Array(new SharedArrayBuffer(4))
// Both threads have a clock of their own, which begins when they do.
const now = () => performance.timeOrigin + performance.now()

for (let sent = 0; sent < count; sent += 1) {
  const waitMs = startAt + sent * intervalMs - now()
  if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs)
  parentPort.postMessage(sent)
}
