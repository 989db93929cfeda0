/** The hook that Node.js calls for every module. What was stripped once is kept, under the hash of its source. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../node_modules/.cache/strip-types/', import.meta.url))

async function strip(source) {
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

const isRelative = /^\.\.?\/.*\.(ts|mjs)$/

/** tap's hooks ask the main thread about every module; what is found without them is not asked about. */
export function resolve(specifier, context, nextResolve) {
  if (!isRelative.test(specifier)) return nextResolve(specifier, context)
  return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
}

export async function load(url, context, nextLoad) {
  const { pathname } = new URL(url)
  if (pathname.includes('/node_modules/') && pathname.endsWith('.mjs')) {
    return { format: 'module', shortCircuit: true, source: readFileSync(fileURLToPath(url)) }
  }
  if (!pathname.endsWith('.ts')) return nextLoad(url, context)
  // tap's own hook behind this one learns from it which files a test depends on.
  const { source } = await nextLoad(url, { ...context, format: 'module' })
  return { format: 'module', shortCircuit: true, source: await strip(String(source)) }
}
