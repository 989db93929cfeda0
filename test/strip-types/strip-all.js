/** Strips all sources before a run: else four processes at once would each load a compiler and strip the same ones. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, bundled } from './packages.js'
import { strip } from './strip.js'

const root = join(import.meta.dirname, '../..')

for (const folder of ['src', 'test']) {
  for (const name of readdirSync(join(root, folder), { recursive: true })) {
    if (name.endsWith('.ts')) await strip(readFileSync(join(root, folder, name), 'utf8'))
  }
}

if (bundled.size === 0) await bundle()
