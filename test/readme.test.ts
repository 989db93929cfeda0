import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { Environment } from '../src/config.ts'
import { problems } from '../src/problems.ts'
import { actions } from '../src/routes/actions.ts'

const root = new URL('../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')

/** The rows of a table between its markers, as cells. */
function table(name: string): string[][] {
  const [, text = ''] = readme.split(new RegExp(`<!-- /?${name} -->`))
  const rows = text.trim().split('\n').slice(2)
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

/** The code blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/```(\w+)\n([^`]*)\n```/g)]
    .filter(([, each]) => each === language)
    .map(([, , text = '']) => text)
}

test('README’s routes are the actions', async (t) => {
  const successes = { event: '201 with `sequence`', silent: '204', opened: '201' }
  const rows = table('routes').map(([route, summary, , success]) => [route, summary, success])
  t.strictSame(
    rows.slice(0, actions.length),
    actions.map(({ method, path, summary, outcome }) => [
      `\`${method} ${path}\``,
      summary,
      successes[outcome],
    ]),
  )
  const document = JSON.parse(readFileSync(new URL('openapi/openapi.json', root), 'utf8'))
  for (const [route = '', summary] of rows.slice(actions.length)) {
    const [method = '', path = ''] = route.replaceAll('`', '').split(' ')
    const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    t.equal(operation?.summary, summary, route)
  }
})

test('README’s problems are the table of problems', async (t) => {
  t.strictSame(
    table('problems'),
    Object.entries(problems).map(([code, { status, title, delivery, retryable }]) => [
      String(status),
      `\`${code}\``,
      title,
      delivery,
      String(retryable),
    ]),
  )
})

test('README’s environment is the schema’s', async (t) => {
  t.strictSame(
    table('environment').map(([name, value = '', meaning]) => [name, value.trim(), meaning]),
    Object.entries(Environment.properties).map(([name, schema]) => [
      `\`${name}\``,
      schema.default === undefined ? '' : `\`${schema.default}\``,
      schema.description,
    ]),
  )
})

test('every file that README links to exists', async (t) => {
  for (const [, path = ''] of readme.matchAll(/\]\(((?!https?:)[^)]+)\)/g)) {
    t.ok(existsSync(new URL(path, root)), path)
  }
})

/** What `npm run sandbox` runs, on free ports. */
async function startSandboxed(t: Test): Promise<string> {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const child = spawn('sh', ['-c', `exec env ${scripts.sandbox}`], {
    cwd: root,
    env: { ...process.env, PORT: '0', SANDBOX_PORT: '0', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  for await (const line of createInterface(child.stdout)) {
    const [address] = /http:\/\/127[^"]+/.exec(line) ?? []
    if (address !== undefined) return address
  }
  throw new Error('it did not start')
}

test('the first two commands are the ones of a fresh machine', async (t) => {
  t.equal(blocks('sh')[0], 'npm ci && npm run sandbox')
  t.ok(blocks('sh').includes('npm ci && npm test'))
})

test('README’s first curl sends a message and gets the answer that README shows', async (t) => {
  const address = await startSandboxed(t)
  const curls = blocks('sh').filter((block) => block.startsWith('curl'))
  const run = async (command: string) => {
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      command.replace('http://127.0.0.1:3000', address),
    ])
    return JSON.parse(stdout)
  }
  const [answer, opened, pass, native, dryRun, keyed] = await Promise.all(curls.map(run))
  for (const curl of curls) t.notMatch(curl, /\n|\$/, 'it is one command')
  const shown = JSON.parse(blocks('json')[0] ?? '')
  t.match(answer.requestId, /^[0-9a-f-]{36}$/)
  const sequences = [answer, pass, native.body].map(({ sequence }) => sequence)
  t.strictSame(sequences.sort(), [0, 1, 2], 'three ways to send a message')
  t.strictSame({ ...answer, sequence: 0, requestId: '' }, { ...shown, requestId: '' })
  t.strictSame(Object.keys(answer), Object.keys(shown))
  t.match(opened, { conversationId: /./, requestId: /./ })
  t.strictSame(await run(curls[5] ?? ''), keyed, 'the same command again gets the same answer')
  t.match(dryRun, { body: { body: { conversationField: { field: 'CSATRate', csatRate: 5 } } } })
})

test('README shows what the doctor prints on the sandbox', async (t) => {
  const command = blocks('sh').find((block) => block.endsWith(' doctor')) ?? ''
  t.equal(command, 'SANDBOX=true node dist/server.js doctor')
  const { stdout } = await promisify(execFile)('sh', ['-c', command], {
    cwd: root,
    // The bundle's source maps would count its lines beside those of the sources.
    env: { PATH: process.env['PATH'], _TAPJS_PROCESSINFO_COVERAGE_: '0' },
  })
  /** The port and the envelope’s id are others each time; some machines have two addresses for localhost. */
  const normalize = (text: string) =>
    text
      .trim()
      .replace(/localhost:\d+( is [^;\n]+)?/g, 'localhost:0')
      .replace(/[0-9a-f-]{36}/, 'id')
  t.equal(normalize(stdout), normalize(blocks('text')[0] ?? ''))
})
