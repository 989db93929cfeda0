/**
 * Bundles the program into dist/: a thousand small files would take half of the start to find and read.
 * What it loads only now and then, such as the doctor, is in files of its own.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'

const root = import.meta.dirname
const dist = join(root, 'dist')

/** What packages expect that are no ES modules. */
const commonJs = `import { createRequire as createBundleRequire } from 'node:module'
const require = createBundleRequire(import.meta.url)
const __dirname = import.meta.dirname`

/** The pages of Swagger UI stay in their package: its code finds them beside itself, where it would be were it not in the bundle. */
const besideItself = {
  name: 'beside-itself',
  setup({ onLoad }) {
    onLoad({ filter: /@fastify\/swagger-ui\/(index|lib\/routes)\.js$/ }, async ({ path }) => {
      const name = JSON.stringify(path.slice(path.lastIndexOf('@fastify/')).replaceAll('\\', '/'))
      const code = await readFile(path, 'utf8')
      return { contents: `const __dirname = folderOf(${name})\n${code}` }
    })
  },
}
const folderOf = `import { dirname as folderOfFile } from 'node:path'
const folderOf = (file) => folderOfFile(require.resolve(file))`

const { metafile } = await build({
  absWorkingDir: root,
  // app and config are for openapi/generate.js.
  entryPoints: ['server', 'sandbox/server', 'app', 'config'].map((name) => `src/${name}.ts`),
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  banner: { js: `${commonJs}\n${folderOf}` },
  plugins: [besideItself],
  // Optional, and loaded only where tracing is asked for.
  external: ['core', 'exporter-*', 'resources', 'sdk-*'].map((name) => `@opentelemetry/${name}`),
  sourcemap: !process.argv.includes('--no-source-maps'),
  metafile: true,
  logLevel: 'warning',
})

// The names of the parts change with what is in them, so those of the build before are left over.
const made = new Set(Object.keys(metafile.outputs).map((file) => resolve(root, file)))
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name)
  if (entry.isFile() && !made.has(file)) await rm(file)
}
