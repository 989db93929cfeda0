/**
 * Bundles the program into dist/: a thousand small files would take half of the start to find and read.
 * What it loads only now and then, such as the doctor, is in files of its own.
 *
 *   node build.js                      builds
 *   node build.js --if-needed          only if a source is newer than the last build
 *   node build.js --no-source-maps     without source maps
 */
import { cp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'

const root = import.meta.dirname
const dist = join(root, 'dist')
/** Its time is that of the last build that came to its end. */
const program = join(dist, 'server.js')

async function changedAt(path) {
  return (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs
}

/** Folders count too: what was deleted from one changes its time. */
async function isBuilt() {
  const sources = (await readdir(join(root, 'src'), { recursive: true })).map(
    (name) => `src/${name}`,
  )
  const times = await Promise.all(
    ['build.js', 'package.json', 'package-lock.json', 'src', ...sources].map((name) =>
      changedAt(join(root, name)),
    ),
  )
  return Math.max(...times) < (await changedAt(program))
}

if (process.argv.includes('--if-needed') && (await isBuilt())) process.exit()

/** What packages expect that are no ES modules. */
const commonJs = `import { createRequire as createBundleRequire } from 'node:module'
const require = createBundleRequire(import.meta.url)
const __dirname = import.meta.dirname`

/**
 * An import of node:http reads all that it exports. From Node.js 22 on that loads an undici and web streams of Node's own, which nothing here
 * uses: 30 ms of a start and 3 MB. `require` reads only what is used.
 */
const requiresHttp = {
  name: 'requires-http',
  setup({ onLoad, onResolve }) {
    const namespace = 'required'
    onResolve({ filter: /^node:http$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { namespace, path } : { external: true },
    )
    onLoad({ filter: /^node:http$/, namespace }, ({ path }) => ({
      contents: `module.exports = require('${path}')`,
    }))
  },
}

const { metafile } = await build({
  absWorkingDir: root,
  // app and config are for openapi/generate.js.
  entryPoints: {
    server: 'src/server.ts',
    'sandbox/server': 'src/sandbox/server.ts',
    // What the package exports.
    index: 'src/index.ts',
    'sandbox/sandbox': 'src/sandbox/sandbox.ts',
    app: 'src/app/app.ts',
    config: 'src/config/config.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  banner: { js: commonJs },
  plugins: [requiresHttp],
  // Optional, and loaded only where tracing is asked for.
  external: ['core', 'exporter-*', 'resources', 'sdk-*'].map((name) => `@opentelemetry/${name}`),
  sourcemap: !process.argv.includes('--no-source-maps'),
  metafile: true,
  logLevel: 'warning',
})

// esbuild escapes what is not ASCII, except in comments. One such character would make V8 keep the whole file in two bytes a character.
for (const output of Object.keys(metafile.outputs).filter((name) => name.endsWith('.js'))) {
  const file = join(root, output)
  await writeFile(file, (await readFile(file, 'utf8')).replace(/\P{ASCII}/gu, '?'))
}

/** The page of the sandbox's desk, which a browser loads. */
const page = await build({
  absWorkingDir: root,
  entryPoints: { desk: 'src/sandbox/desk/page/main.tsx' },
  outdir: 'dist/desk',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  metafile: true,
  logLevel: 'warning',
})
/** What the compiler makes of the client, as it is: an app's own tools bundle it. */
const client = (await readdir(join(root, 'src/client')))
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => ['.js', '.d.ts'].map((kind) => `client/${name.slice(0, -3)}${kind}`))

/** The types that the package exports, from its sources alone: each of these says its types itself. */
const declared = ['index', 'sandbox/sandbox', 'sandbox/interface']
const { ModuleKind, transpileDeclaration } = await import('typescript')
const declarations = declared.map((name) => `${name}.d.ts`)
for (const name of declared) {
  const source = await readFile(join(root, `src/${name}.ts`), 'utf8')
  const { outputText } = transpileDeclaration(source, {
    fileName: `${name}.ts`,
    compilerOptions: { isolatedDeclarations: true, module: ModuleKind.NodeNext },
  })
  await writeFile(join(dist, `${name}.d.ts`), outputText)
}

/** Files that browsers get as they are, by their places in dist. */
const files = {
  'desk/index.html': 'src/sandbox/desk/page/index.html',
  'desk/desk.css': 'src/sandbox/desk/page/desk.css',
  'docs/docs.css': 'src/routes/docs/docs.css',
  'docs/docs.js': 'src/routes/docs/docs.js',
}
for (const [place, file] of Object.entries(files)) {
  await cp(join(root, file), join(dist, place))
}

// The names of the parts change with what is in them, so those of the build before are left over.
const outputs = [...Object.keys(metafile.outputs), ...Object.keys(page.metafile.outputs)]
const made = new Set(
  [
    ...outputs,
    ...[...client, ...declarations, ...Object.keys(files)].map((place) => `dist/${place}`),
  ].map((file) => resolve(root, file)),
)
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name)
  if (entry.isFile() && !made.has(file)) await rm(file)
}
const now = new Date()
await utimes(program, now, now)
