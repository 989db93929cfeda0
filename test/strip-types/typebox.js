/** TypeBox in a few files instead of 249, each of which would be asked for and read by itself in every process. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)
const name = '@sinclair/typebox'
const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, root)))
const folder = new URL(`node_modules/.cache/typebox-${version}/`, root)
const entries = [name, `${name}/compiler`, `${name}/value`]

/** Where each of them is, once they have been bundled. */
export const bundled = new Map(
  entries
    .map((entry) => [entry, new URL(`${entry.slice('@sinclair/'.length)}.js`, folder)])
    .filter(([, url]) => existsSync(url))
    .map(([entry, url]) => [entry, url.href]),
)

export async function bundle() {
  const { build } = await import('esbuild')
  await build({
    entryPoints: entries,
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: fileURLToPath(folder),
    absWorkingDir: fileURLToPath(root),
  })
}
