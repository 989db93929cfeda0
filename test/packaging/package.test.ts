/** What `npm pack` packs, as an app that has installed it finds it. */
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { readPage } from '../docs/page.ts'
import { inLongRuns } from '../long-runs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

type Packed = { path: string; size: number }

function packed(): Packed[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }))
  return files
}

/** An app in a folder of its own, whose only package is this one. */
function install(t: Test, files: Record<string, string>): string {
  const folder = t.testdir({ 'package.json': '{"type":"module"}', ...files })
  for (const { path } of packed()) {
    cpSync(`${root}${path}`, `${folder}/node_modules/liveengage-proxy/${path}`)
  }
  return folder
}

function run(folder: string, ...args: string[]): string {
  // The source maps of the bundle are not packed.
  const env = { PATH: process.env['PATH'], _TAPJS_PROCESSINFO_COVERAGE_: '0' }
  return execFileSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
}

test('the package has the program, the client and the documents, and nothing else', async (t) => {
  const files = packed()
  const paths = files.map(({ path }) => path)
  // What README links to comes along.
  const pages = /^(docs\/[\w-]+\.md|examples\/[\w./-]+\.(js|py|go|java))$/
  t.ok(paths.includes('docs/package.md') && paths.includes('examples/app.test.js'))
  const others = paths.filter((path) => !path.startsWith('dist/') && !pages.test(path))
  t.strictSame(others.sort(), [
    '.env.example',
    'LICENSE',
    'README.md',
    'openapi/openapi-3.0.json',
    'openapi/openapi.json',
    'openapi/openapi.yaml',
    'package.json',
  ])
  const sources = readdirSync(`${root}src/client`).filter((name) => name.endsWith('.ts'))
  t.ok(sources.length > 5)
  t.strictSame(
    paths.filter((path) => path.startsWith('dist/client/')).sort(),
    sources
      .map((name) => `dist/client/${name.slice(0, -'.ts'.length)}`)
      .flatMap((path) => [`${path}.d.ts`, `${path}.js`])
      .sort(),
  )
  t.strictSame(
    paths.filter((path) => path.endsWith('.map')),
    [],
  )
  const declared = paths.filter((path) => path.endsWith('.d.ts') && !path.includes('/client/'))
  t.strictSame(
    declared.sort(),
    ['dist/index.d.ts', 'dist/sandbox/interface.d.ts', 'dist/sandbox/sandbox.d.ts'].sort(),
  )
  for (const path of ['dist/server.js', 'dist/index.js', 'dist/sandbox/sandbox.js']) {
    t.ok(paths.includes(path), path)
  }
  t.ok(files.length < 110, `${files.length} files`)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  t.ok(bytes < 6_500_000, `${bytes} bytes`)
  const code = files.filter(({ path }) => /^dist\/client\/.*\.js$/.test(path))
  t.ok(code.reduce((sum, { size }) => sum + size, 0) < 24 * 1024, 'the client is small')
  // npm runs it before it packs, and for who installs by a git URL; without development dependencies there is nothing to do.
  t.match(JSON.parse(readPage('package.json')).scripts.prepare, /npm run bundle$/)
})

test('an app imports the client and the documents, and runs the program', inLongRuns, async (t) => {
  const folder = install(t, {
    'app.js': [
      "import { createRequire } from 'node:module'",
      "import { createClient, LiveEngageProxyError } from 'liveengage-proxy/client'",
      'const require = createRequire(import.meta.url)',
      "const document = require('liveengage-proxy/openapi.json')",
      "const older = require('liveengage-proxy/openapi-3.0.json')",
      "const client = createClient({ baseUrl: 'http://proxy', fetch: async () => new Response() })",
      "const error = await client.getFile('c', 'a').then(() => 'none', (each) => each)",
      "const refused = await client.sendMessage('c', { text: 'Hi' }).catch((each) => each)",
      'console.log(document.openapi, older.openapi, String(error), refused instanceof LiveEngageProxyError)',
    ].join('\n'),
  })
  t.match(run(folder, 'app.js'), /^3\.1\.\d 3\.0\.3 none true\n$/)
  const { version } = JSON.parse(readPage('package.json'))
  t.equal(run(folder, 'node_modules/liveengage-proxy/dist/server.js', '--version'), `${version}\n`)
})

test(
  'the types of the package compile under strict, with the DOM or with Node',
  inLongRuns,
  async (t) => {
    const folder = install(t, {
      'own-tests.ts': [
        "import { type RunningProxy, startProxy } from 'liveengage-proxy'",
        "import { type ReceivedCall, type Sandbox, startSandbox } from 'liveengage-proxy/sandbox'",
        'export const sandbox: Sandbox = await startSandbox({ strict: true, log: ({ text }) => text })',
        'const env = { ...sandbox.proxyEnv, PORT: undefined }',
        'export const proxy: RunningProxy = await startProxy({ env })',
        'export const calls: readonly ReceivedCall[] = sandbox.calls()',
        'export const cutOff: number = await proxy.stop()',
        '// @ts-expect-error: a port is a number',
        "await startSandbox({ port: '0' })",
      ].join('\n'),
      'app.ts': [
        "import { createClient, LiveEngageProxyError, readEvent } from 'liveengage-proxy/client'",
        "import type { SendMessageBody } from 'liveengage-proxy/client'",
        "const client = createClient({ baseUrl: 'http://127.0.0.1:3000', consumerId: 'ada', fetch })",
        "const body: SendMessageBody = { text: 'Hi' }",
        "export const { sequence }: { sequence?: number } = await client.sendMessage('c', body)",
        "export const blob: Blob = await client.getFile('c', 'v1/a.PNG')",
        'export function tell(error: unknown): string {',
        "  if (!(error instanceof LiveEngageProxyError)) return 'another'",
        "  const delivery: 'not-sent' | 'unknown' = error.delivery",
        "  return error.code === 'conversation-closed' ? delivery : error.remedy",
        '}',
        'export async function take(request: Request): Promise<string> {',
        "  const event = await readEvent(request, ['whsec_a'])",
        '  // @ts-expect-error: not every event has a text',
        '  event.data.text',
        "  if (event.type !== 'message.created' || event.data.kind !== 'text') return event.data.accountId",
        '  return event.data.text',
        '}',
        '// @ts-expect-error: a number is no text',
        "await client.sendMessage('c', { text: 5 })",
        '// @ts-expect-error: no such code',
        "export const wrong = (error: LiveEngageProxyError) => error.code === 'no-such-code'",
        '// @ts-expect-error: no such key',
        'await client.setProfile({ personl: {} })',
      ].join('\n'),
    })
    const common = '--strict --exactOptionalPropertyTypes --noEmit --target es2022'.split(' ')
    for (const options of [
      '--lib es2022,dom --typeRoots none --module nodenext',
      `--lib es2022 --types node --typeRoots ${root}node_modules/@types --skipLibCheck --module esnext --moduleResolution bundler`,
    ]) {
      const tsc = `${root}node_modules/typescript/bin/tsc`
      const files = ['app.ts', 'own-tests.ts']
      const compile = () => run(folder, tsc, ...common, ...options.split(' '), ...files)
      t.doesNotThrow(compile, options)
    }
  },
)
