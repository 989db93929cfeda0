/** The log's way to stdout: lines are written in the background, some kilobytes at a time, and a log that fails harms nothing else. */
import { pino } from 'pino'

/** Each write wakes another thread, which costs more than many lines: they wait until so much is there, or this long at most. */
const minLength = 4_096
const maxWaitMs = 200

/** What may wait for a reader that does not read. Lines beyond it are dropped, since a log must not use up the memory. */
const maxWaitingLength = 16 * 1024 * 1024

/** How long lines are dropped after a write has failed, before the next is tried. */
const pauseMs = 1_000

type Destination = ReturnType<typeof pino.destination>

export class LogStream {
  private destination: Destination | undefined
  /** On the clock of `performance.now()`, milliseconds. */
  private brokenUntil = 0

  constructor() {
    this.destination = this.open()
  }

  write(line: string): void {
    if (this.destination === undefined) {
      if (performance.now() < this.brokenUntil) return
      this.destination = this.open()
    }
    this.destination.write(line)
  }

  /** @param done once all is written, or cannot be */
  flush(done: (error?: Error) => void = () => undefined): void {
    if (this.destination === undefined) done()
    else this.destination.flush(done)
  }

  /** pino asks for it after a `fatal` line. Not synchronously: on a full disk that would take for ever. */
  flushSync(): void {
    this.flush()
  }

  private open(): Destination {
    const destination = pino.destination({
      sync: false,
      minLength,
      periodicFlush: maxWaitMs,
      maxLength: maxWaitingLength,
    })
    destination.once('error', () => {
      // Its lines are given up: pino would try the same ones again and again, at the end of the process without an end.
      destination.destroy()
      this.destination = undefined
      this.brokenUntil = performance.now() + pauseMs
    })
    // Another error of it tells nothing new.
    destination.on('error', () => undefined)
    return destination
  }
}
