/** The hook that Node.js calls for every module. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { strip } from './strip.js'

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
