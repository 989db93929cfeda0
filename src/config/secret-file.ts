/** Reads files of secrets. It never waits for one, so a pipe or a device in its place cannot stop the process. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  unwatchFile,
  watchFile,
} from 'node:fs'
import { FormError } from './secret-forms.ts'

/** About 40,000 accounts. */
const maxMebibytes = 4

const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
}

/** @throws FormError with the path and the reason */
export function readSecretFile(file: string): string {
  return decode(readBytes(file))
}

export type Follower = {
  take: (text: string) => void
  /** Called after each change. @param reason why the new content was refused */
  onChange: (reason: string | undefined) => void
  intervalMs: number
}

/** Reads a file now, and again whenever it changes. @returns what ends that @throws FormError */
export function followFile(file: string, { take, onChange, intervalMs }: Follower): () => void {
  let latest = readSecretFile(file)
  let latestReason: string | undefined
  take(latest)
  const listener = () => {
    try {
      const text = readSecretFile(file)
      if (text === latest && latestReason === undefined) return
      latest = text
      latestReason = undefined
      take(text)
      onChange(undefined)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === latestReason) return
      latestReason = reason
      onChange(reason)
    }
  }
  // Kubernetes replaces a secret by changing a symlink; only polling notices that.
  watchFile(file, { interval: intervalMs, persistent: false }, listener)
  // The watcher starts a moment later. Only this second read sees a change before that.
  const secondLook = setTimeout(listener, 2 * intervalMs).unref()
  return () => {
    unwatchFile(file, listener)
    clearTimeout(secondLook)
  }
}

/** Never a parser's own message, which quotes the file. */
export function reasonOf(error: unknown): string {
  return error instanceof FormError ? error.message : 'the file cannot be read'
}

/** A value without a slash may be the secret itself, set by mistake in the place of its file. */
export function shownPath(file: string): string {
  return /[/\\]/.test(file) ? file : 'the file'
}

function readBytes(file: string): Buffer {
  let descriptor: number | undefined
  try {
    // A pipe that nobody writes to would hold an open without this flag.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    if (!stats.isFile()) throw new FormError(`${shownPath(file)} is not a regular file`)
    if (stats.size > maxMebibytes * 1_048_576) {
      throw new FormError(`${shownPath(file)} is larger than ${maxMebibytes} MiB`)
    }
    return readFileSync(descriptor)
  } catch (error) {
    if (error instanceof FormError) throw error
    const code = String(error instanceof Error && 'code' in error && error.code)
    const reason = words[code] === undefined ? code : `${words[code]} (${code})`
    throw new FormError(`${shownPath(file)} cannot be read: ${reason}`)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** A byte order mark of UTF-8 is removed. */
function decode(bytes: Buffer): string {
  const [first, second] = bytes
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (isUtf16 || bytes.includes(0)) {
    throw new FormError('the file is not UTF-8 (UTF-16?): save it as UTF-8')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FormError('the file is not UTF-8: save it as UTF-8')
  }
}
