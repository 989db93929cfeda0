/** The log's way to stdout: few writes of many lines each, in the background. */
import { pino } from 'pino'

/** Lines wait this long at most, or until so much is there: each write wakes another thread, which costs more than many lines. */
const longestWaitMs = 200
const pieceLength = 32_768

/** What may wait for a reader that does not read; lines beyond it are dropped, since a log must not use up the memory. */
const mostWaitingBytes = 16 * 1024 * 1024

/** pino's own destination counts the bytes of all that it holds again with each line, so it gets pieces that are whole. */
export class LogLines {
  private piece = ''
  private timer: NodeJS.Timeout | undefined
  private readonly stdout

  constructor() {
    // Before those of pino's destination, which is to have everything by then. At an end from within nothing can be waited for.
    process.on('beforeExit', () => this.passOn())
    process.on('exit', () => this.passOn())
    this.stdout = pino.destination({
      sync: false,
      // A piece goes out at once. With 0 the destination would say "flushed" before it has.
      minLength: 1,
      contentMode: 'buffer',
      maxWrite: 2 * pieceLength,
      maxLength: mostWaitingBytes,
    })
  }

  write(line: string): void {
    this.piece += line
    if (this.piece.length >= pieceLength) this.passOn()
    else this.timer ??= setTimeout(() => this.passOn(), longestWaitMs).unref()
  }

  /** @param done once all is written */
  flush(done?: (error?: Error) => void): void {
    this.passOn()
    this.stdout.flush(done)
  }

  /** pino asks for it after a `fatal` line: the process may have no time to come. */
  flushSync(): void {
    this.passOn()
  }

  private passOn(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.piece === '') return
    // pino types it for strings; in its buffer mode it takes these.
    const bytes: unknown = Buffer.from(this.piece)
    this.piece = ''
    this.stdout.write(bytes as string)
  }
}
