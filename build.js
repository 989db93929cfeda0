/**
 * Bundles the program into dist/: a thousand small files would take half of the start to find and read.
 * What it loads only now and then, such as the doctor, is in files of its own.
 */
import { rm } from 'node:fs/promises'
import process from 'node:process'
import { build } from 'esbuild'

/** What packages in the bundle expect that are no ES modules. */
const commonJs = `import { createRequire as createBundleRequire } from 'node:module'
const require = createBundleRequire(import.meta.url)
const __dirname = import.meta.dirname`

// The names of its parts change with what is in them.
await rm('dist', { recursive: true, force: true })

await build({
  // app and config are for openapi/generate.js.
  entryPoints: ['server', 'sandbox/server', 'app', 'config'].map((name) => `src/${name}.ts`),
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  banner: { js: commonJs },
  // Optional, and loaded only where tracing is asked for.
  external: ['core', 'exporter-*', 'resources', 'sdk-*'].map((name) => `@opentelemetry/${name}`),
  sourcemap: !process.argv.includes('--no-source-maps'),
  logLevel: 'warning',
})
