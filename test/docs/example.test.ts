import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { startProxy } from '../start.ts'

/** From a copy: the coverage of the sources is not the example's matter. */
async function runExample(t: Test, env: Record<string, string>): Promise<{ stdout: string }> {
  const example = new URL('../../examples/conversation.js', import.meta.url)
  const directory = t.testdir({ 'conversation.mjs': readFileSync(example, 'utf8') })
  return promisify(execFile)(process.execPath, ['conversation.mjs'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...env },
  })
}

test('the example runs from the opening of a conversation to its close', async (t) => {
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const { url } = await startProxy(t, sandbox.origin, {
    LP_CLIENT_ID: sandbox.clientId,
    LP_CLIENT_SECRET: sandbox.clientSecret,
    API_KEYS: 'example-key',
  })
  const { stdout } = await runExample(t, { PROXY_URL: url, API_KEY: 'example-key' })
  t.match(stdout, /GET the picture -> 200, 67 bytes/)
  const types = sandbox
    .calls()
    .filter(({ method, url }) => method === 'POST' && url.includes('/send'))
    .map(({ body }) => {
      const { type, body: inner } = Object(body)
      return inner.event?.chatState ?? inner.event?.contentType ?? inner.event?.status ?? type
    })
  // The PAUSE that the text brings about waits for nothing, and nothing waits for it.
  t.ok(types.indexOf('PAUSE') > types.indexOf('text/plain'))
  t.strictSame(
    types.filter((type) => type !== 'PAUSE'),
    [
      'COMPOSING',
      'text/plain',
      'ms.GenerateURLForUploadFile',
      'hosted/file',
      'ms.GenerateURLForDownloadFile',
      'READ',
      'GONE',
      'cm.UpdateConversationField',
      'cm.UpdateConversationField',
    ],
  )
})

test('the example without a proxy says so in one line', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  server.close()
  await once(server, 'close')
  await t.rejects(runExample(t, { PROXY_URL: `http://127.0.0.1:${port}` }), {
    code: 1,
    stderr: `No answer from 127.0.0.1:${port}: ECONNREFUSED. Is the proxy running?\n`,
  })
})

test('the example of an app’s own test passes', async (t) => {
  const source = readFileSync(new URL('../../examples/app.test.js', import.meta.url), 'utf8')
  const folder = t.testdir({ 'app.test.mjs': source })
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--test', '--test-reporter=tap', 'app.test.mjs'],
    { cwd: folder, env: { PATH: process.env['PATH'] } },
  )
  t.match(stdout, /^# pass 1$/m)
})
