import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { LiveEngageProxyError } from '../../src/client/index.ts'
import { start } from '../start.ts'
import { portOf } from '../upstream.ts'
import { outbound } from '../webhooks/vectors.ts'
import { blocks, readPage, root, table } from './page.ts'

const page = readPage('docs/client.md')
const snippets = blocks(page).filter(({ language }) => language === 'js')

/** All of the page's code as one program, beside which the package is found by its name. */
function program(t: Test): { folder: string; file: string; code: string } {
  const code = `${snippets.map(({ text }) => text).join('\n\n')}\n\nexport { server }\n`
  const folder = t.testdir({ 'page.mjs': code })
  return { folder, file: `${folder}/page.mjs`, code }
}

test('the code of the client’s page compiles under strict', async (t) => {
  t.equal(snippets.length, 7)
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
  const options =
    '--allowJs --checkJs --strict --noEmit --skipLibCheck --target es2022 --lib es2022 --types node --module nodenext'
  const compile = () =>
    execFileSync(process.execPath, [tsc, ...options.split(' '), program(t).file], {
      cwd: fileURLToPath(root),
      encoding: 'utf8',
    })
  t.doesNotThrow(compile)
})

test('the code of the client’s page prints what the page shows', async (t) => {
  const { url } = await start(t, {
    LP_CLIENT_ID: 'sandbox-client',
    LP_CLIENT_SECRET: 'sandbox-secret',
  })
  const { code } = program(t)
  const folder = t.testdir({
    'page.mjs': code.replace('http://127.0.0.1:3000', url).replace('listen(8080)', 'listen(0)'),
  })
  process.env['EVENTS_SECRET'] = outbound.secret
  const logged = t.capture(console, 'log')
  const { POST, server } = await import(`${folder}/page.mjs`)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const printed = () => logged().map(({ args }) => args.join(' '))
  const shown = blocks(page).filter(({ language }) => language === 'text')
  t.strictSame(
    printed(),
    shown.map(({ text }) => text),
  )

  const request = (from: string, to: string) => {
    const vector = outbound.events.find((each) => each.from === from)
    const { event, headers = {} } = vector ?? {}
    const now = Number(vector?.headers['webhook-timestamp']) * 1000
    t.intercept(Date, 'now', { value: () => now })
    return new Request(to, { method: 'POST', headers, body: JSON.stringify(event) })
  }
  t.equal((await POST(request('text_emoji', 'http://app/'))).status, 204)
  const forged = new Request('http://app/', { method: 'POST', body: '{}' })
  t.equal((await POST(forged)).status, 401)
  const app = `http://127.0.0.1:${portOf(server)}/`
  t.equal((await fetch(request('closed_by_agent', app))).status, 204)
  t.equal((await fetch(app, { method: 'POST', body: '{}' })).status, 401)
  t.equal(printed().length, 2)
})

test('the fields and options of the client’s page are those of the code', async (t) => {
  const named = (name: string) =>
    table(page, name).flatMap(([cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, word]) => word),
    )
  const outcome = {
    delivery: 'unknown',
    retryable: false,
    requestId: 'r',
    idempotencyKey: undefined,
    attempts: 1,
  } as const
  const error = new LiveEngageProxyError(
    { code: 'timeout', message: '', delivery: 'unknown', mayHelp: false, remedy: '' },
    outcome,
  )
  const fields = Object.keys(error).filter((field) => field !== 'name')
  t.strictSame(named('error').sort(), fields.sort())
  const source = readFileSync(new URL('src/client/client.ts', root), 'utf8')
  const [, types = ''] = /export type Caller = (.*?)export type Picture /s.exec(source) ?? []
  const options = [...types.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name]) => name)
  t.strictSame(named('options').sort(), options.sort())
})
