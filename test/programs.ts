/** Programs that some tests want and a machine need not have. A test without its program is skipped and says so. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a shell would find it. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The options of a test that wants these programs. */
export function wants(...names: string[]): { skip?: string } {
  const missing = names.filter((name) => findProgram(name) === undefined)
  return missing.length === 0 ? {} : { skip: `there is no ${missing.join(' and no ')}` }
}
