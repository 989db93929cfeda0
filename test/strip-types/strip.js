/** Takes the types away from a source. What was stripped once is kept, under the hash of its source. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../node_modules/.cache/strip-types/', import.meta.url))

export async function strip(source) {
  const file = `${folder}${createHash('sha256').update(source).digest('hex')}.js`
  try {
    return readFileSync(file, 'utf8')
  } catch {
    const { default: blankTypes } = await import('ts-blank-space')
    const stripped = blankTypes(source)
    // Under its name only once it is whole: other processes look for it at the same time.
    const unfinished = `${file}.${process.pid}`
    mkdirSync(folder, { recursive: true })
    writeFileSync(unfinished, stripped)
    renameSync(unfinished, file)
    return stripped
  }
}
