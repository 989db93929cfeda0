import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { Environment } from '../src/config.ts'
import { problems } from '../src/problems.ts'
import { actions } from '../src/routes/actions.ts'
import { startProxy } from './start.ts'
import { startUpstream } from './upstream.ts'

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

test('README’s bodies are taken, and the words beside them are known', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const rows = table('bodies')
  const withBody = actions.filter(({ method }) => method !== 'DELETE')
  t.strictSame(
    rows.map(([route]) => route),
    withBody.map(({ method, path }) => `\`${method} ${path}\``),
  )
  for (const [index, [route = '', example = '', besides = '']] of rows.entries()) {
    const [method = '', path = ''] = route.replaceAll('`', '').split(' ')
    const bodies = [...example.matchAll(/`(\{.*?\})`/g)].map(([, body = '']) => JSON.parse(body))
    if (example.startsWith('none')) bodies.push(undefined)
    t.not(bodies.length, 0, route)
    for (const body of bodies) {
      const { status } = await call(method, `${path.replace(':id', 'c1')}?dryRun=true`, body)
      t.equal(status, 200, `${route} ${JSON.stringify(body)}`)
    }
    const schema = JSON.stringify(withBody[index]?.body)
    for (const [, word] of besides.matchAll(/`(?:\w+\.)?(\w+)`/g)) {
      t.match(schema, `"${word}"`, `${route} ${word}`)
    }
  }
})

test('every file that README and the pages of docs link to exists', async (t) => {
  const docs = readdirSync(new URL('docs', root)).map((name) => `docs/${name}`)
  const links = ['README.md', ...docs].flatMap((page) => {
    const url = new URL(page, root)
    const found = readFileSync(url, 'utf8').matchAll(/\]\(((?!https?:)[^)#]+)/g)
    return [...found].map(([, path = '']) => ({ page, target: new URL(path, url) }))
  })
  t.ok(links.length > 20)
  for (const { page, target } of links) t.ok(existsSync(target), `${page} ${target.pathname}`)
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

test('README’s curls do what README says, and the answers shown are those that come', async (t) => {
  const address = await startSandboxed(t)
  const curls = blocks('sh').filter((block) => block.includes('curl '))
  const run = async (command: string) => {
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      command.replace('http://127.0.0.1:3000', address),
    ])
    return JSON.parse(stdout)
  }
  const [answer, opened, pass, native, dryRun, picture, lost, keyed] = await Promise.all(
    curls.map(run),
  )
  for (const curl of curls) t.notMatch(curl, /\n|\$/, 'it is one command')
  const [shown, problem] = blocks('json').map((block) => JSON.parse(block))
  t.match(answer.requestId, /^[0-9a-f-]{36}$/)
  const sequences = [answer, pass, native.body, picture].map(({ sequence }) => sequence)
  t.equal(new Set(sequences).size, 4, 'three ways to send a message, and a picture')
  t.match(picture, { file: { fileType: 'PNG' } })
  t.strictSame({ ...answer, sequence: 0, requestId: '' }, { ...shown, requestId: '' })
  t.strictSame(Object.keys(answer), Object.keys(shown))
  t.match(opened, { conversationId: /./, requestId: /./ })
  t.strictSame(
    { ...lost, instance: '', requestId: '' },
    { ...problem, instance: '', requestId: '' },
  )
  t.strictSame(await run(curls[7] ?? ''), keyed, 'the same command again gets the same answer')
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
