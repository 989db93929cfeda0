/** The limit of open files, which includes connections. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/**
 * How many files the process may have open; Node raises it to the hard limit at the start.
 * @param limits Linux's list of limits; without it, the limit is unknown
 */
export function readMostOpenFiles(limits = '/proc/self/limits'): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1] ?? Infinity)
  } catch {
    return Infinity
  }
}

/** Whether there is room for one more. Other failures, such as those of Node's permission model, do not count. */
export function canOpenFiles(path = devNull, open = openSync): boolean {
  try {
    closeSync(open(path, 'r'))
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code !== 'EMFILE' && code !== 'ENFILE'
  }
}
