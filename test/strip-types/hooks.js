/** The hook that Node.js calls for every module. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { bundled } from './packages.js'
import { strip } from './strip.js'

const isWatched = process.env.TAP_DISABLE_COVERAGE !== '1'
const isRelative = /^\.\.?\/.*\.(ts|mjs)$/

/** tap's hooks ask the main thread about every module; what is found without them is not asked about. */
export function resolve(specifier, context, nextResolve) {
  const url = bundled.get(specifier)
  if (url !== undefined) return { url, format: 'module', shortCircuit: true }
  if (!isRelative.test(specifier)) return nextResolve(specifier, context)
  return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
}

export async function load(url, context, nextLoad) {
  const { pathname } = new URL(url)
  if (pathname.includes('/node_modules/') && pathname.endsWith('.mjs')) {
    return { format: 'module', shortCircuit: true, source: readFileSync(fileURLToPath(url)) }
  }
  if (!pathname.endsWith('.ts')) return nextLoad(url, context)
  // tap's own hook behind this one learns from it which files a test depends on; where there is none, this way is shorter.
  const source = isWatched
    ? (await nextLoad(url, { ...context, format: 'module' })).source
    : readFileSync(fileURLToPath(url))
  return { format: 'module', shortCircuit: true, source: await strip(String(source)) }
}
