import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { test } from 'tap'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { startProxy } from './start.ts'

test('the example runs from the opening of a conversation to its close', async (t) => {
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const { url } = await startProxy(t, sandbox.origin, {
    LP_CLIENT_ID: sandbox.clientId,
    LP_CLIENT_SECRET: sandbox.clientSecret,
    API_KEYS: 'example-key',
  })
  // From a copy: the coverage of the sources is not the example's matter.
  const example = new URL('../examples/conversation.js', import.meta.url)
  const directory = t.testdir({ 'conversation.mjs': readFileSync(example, 'utf8') })
  const { stdout } = await promisify(execFile)(process.execPath, ['conversation.mjs'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], PROXY_URL: url, API_KEY: 'example-key' },
  })
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
