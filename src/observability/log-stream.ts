/** Writes the log to stdout in the background, some kilobytes at a time. A log that fails does no other harm. */
import { pino } from 'pino'

/** Each write wakes another thread, which costs more than many lines: they wait for this many bytes, or this long at most. */
const minLength = 32_768
const maxWaitMs = 200

/** How much may wait for a reader that does not read. Lines beyond it are dropped, to save memory. */
const maxWaitingLength = 16 * 1024 * 1024

/** How long lines are dropped after a write has failed, before the next is tried. */
const pauseMs = 1_000

/** How often a last write is tried if nothing reads, 100 ms apart. */
const mostLastTries = 5

/** Takes bytes in its buffer mode, which pino's types leave out. */
type Destination = Omit<ReturnType<typeof pino.destination>, 'write'> & {
  write(line: string | Uint8Array): boolean
}

/** The lines that were not written, for the metrics. */
export type DroppedLines = { readonly dropped: number }

export class LogStream implements DroppedLines {
  dropped = 0

  private destination: Destination | undefined
  /** Where each line that is not written yet ends, in the bytes that the destination has been given. */
  private lineEnds: number[] = []
  private given = 0
  private written = 0
  /** On the clock of `performance.now()`, milliseconds. */
  private brokenUntil = 0
  private triesLeft = Number.POSITIVE_INFINITY

  constructor() {
    this.destination = this.open()
  }

  write(line: string): void {
    const isPaused = this.destination === undefined && performance.now() < this.brokenUntil
    const bytes = Buffer.from(line)
    const end = this.given + bytes.length
    if (isPaused || end - this.written > maxWaitingLength) {
      this.dropped += 1
      return
    }
    this.given = end
    this.lineEnds.push(end)
    this.destination ??= this.open()
    this.destination.write(bytes)
  }

  /** @param done once all is written, or cannot be */
  flush(done: (error?: Error) => void = () => undefined): void {
    this.flushUntil(this.given, done)
  }

  /** pino calls it after a `fatal` line. Not synchronous: on a full disk that would take forever. */
  flushSync(): void {
    this.flush()
  }

  /** Writes what waits and drops what cannot be written. pino would delay the end of the process until something reads. */
  close(): void {
    const { destination } = this
    this.triesLeft = mostLastTries
    try {
      destination?.flushSync()
    } catch {
      // Nobody is left to be told.
    }
    destination?.destroy()
  }

  /** @param end in the bytes that the destination has been given */
  private flushUntil(end: number, done: (error?: Error) => void): void {
    const { destination, written } = this
    destination?.flush((error) => {
      // It says so as soon as less is left than makes a piece. Where nothing was written none will be.
      const hasGoneOn = destination === this.destination && this.written > written
      if (hasGoneOn && this.written < end) this.flushUntil(end, done)
      else done(error)
    })
    if (destination === undefined) done()
  }

  private open(): Destination {
    const destination = pino.destination({
      sync: false,
      // With text it would count the bytes of all waiting lines at each line.
      contentMode: 'buffer',
      minLength,
      maxWrite: 2 * minLength,
      periodicFlush: maxWaitMs,
      retryEAGAIN: () => {
        this.triesLeft -= 1
        return this.triesLeft >= 0
      },
    })
    // Without a reader of the pipe, pino's own listener removes the methods of the destination: it could not even be destroyed.
    destination.removeAllListeners('error')
    destination.on('write', (bytes) => {
      this.written += bytes
      const waiting = this.lineEnds.findIndex((end) => end > this.written)
      this.lineEnds.splice(0, waiting < 0 ? this.lineEnds.length : waiting)
    })
    destination.once('error', () => {
      // Its lines are dropped: pino would retry the same ones, at the end of the process forever.
      destination.destroy()
      this.destination = undefined
      this.dropped += this.lineEnds.length
      this.lineEnds = []
      this.given = 0
      this.written = 0
      this.brokenUntil = performance.now() + pauseMs
    })
    // A second error says nothing new.
    destination.on('error', () => undefined)
    return destination
  }
}
