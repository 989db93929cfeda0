/** The limit of open files, which connections count against as well. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/**
 * How many files the process may have open; Node raises it to the hard limit at the start.
 * @param limits the list that Linux keeps; where there is none, nothing is known of a limit
 */
export function readMostOpenFiles(limits = '/proc/self/limits'): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1] ?? Infinity)
  } catch {
    return Infinity
  }
}

/** Whether there is room for one more. Any other failure, as under Node's permission model, says nothing about that. */
export function canOpenFiles(path = devNull, open = openSync): boolean {
  try {
    closeSync(open(path, 'r'))
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code !== 'EMFILE' && code !== 'ENFILE'
  }
}
