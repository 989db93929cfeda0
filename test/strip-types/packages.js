/**
 * Packages as a few files instead of more than a thousand, each of which would be asked for and read by itself in every process:
 * that takes half of a small test's time.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)

/** What many tests load, or what is large. */
const packages = [
  '@fastify/swagger',
  '@prometheus-io/client',
  '@redis/client',
  '@sinclair/typebox',
  '@sinclair/typebox/compiler',
  '@sinclair/typebox/value',
  'fast-check',
  'fastify',
  'find-my-way',
  'jose',
  'jose/jwt/decode',
  'lru-cache',
  'pino',
  'standardwebhooks',
  'tap',
  'undici',
  'undici/lib/core/connect.js',
  'undici/lib/dispatcher/pool.js',
  'yaml',
]

const key = createHash('sha256')
for (const file of ['package-lock.json', 'test/strip-types/packages.js']) {
  key.update(readFileSync(new URL(file, root)))
}
const folder = new URL(`node_modules/.cache/packages-${key.digest('hex')}/`, root)

/** Where each of them is, once they have been bundled. */
export const bundled = new Map(
  existsSync(folder) ? packages.map((name) => [name, new URL(fileOf(name), folder).href]) : [],
)

function fileOf(name) {
  return `${name.replace(/\.js$/, '')}.js`
}

/** What a package that is no ES module needs. */
const commonJs = `import { createRequire as createBundleRequire } from 'node:module'
const require = createBundleRequire(import.meta.url)
const { filename: __filename, dirname: __dirname } = import.meta`

export async function bundle() {
  const { build } = await import('esbuild')
  // Under its name only once it is whole.
  const unfinished = fileURLToPath(folder).replace(/\/$/, `.${process.pid}`)
  const entries = `${unfinished}/entries`
  for (const name of packages) {
    const file = `${entries}/${fileOf(name)}`
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, await entryOf(name))
  }
  await build({
    entryPoints: packages.map((name) => `${entries}/${fileOf(name)}`),
    outdir: unfinished,
    outbase: entries,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: { js: commonJs },
    absWorkingDir: fileURLToPath(root),
    minifyWhitespace: true,
    logLevel: 'warning',
  })
  rmSync(entries, { recursive: true })
  renameSync(unfinished, folder)
}

/** Exports by name what Node.js finds: of a package that is no ES module a bundle would export the default alone. */
async function entryOf(name) {
  const found = Object.keys(await import(name)).filter((key) => /^[\w$]+$/.test(key))
  const named = found.filter((key) => key !== 'default')
  const lines = [`import * as all from '${name}'`]
  if (found.includes('default')) lines.push(`export { default } from '${name}'`)
  lines.push(...named.map((key) => `export const ${key} = all['${key}']`))
  return lines.join('\n')
}
