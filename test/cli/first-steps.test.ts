import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'tap'
import { firstSteps } from '../../src/cli/first-steps.ts'
import { startProcess } from '../process.ts'
import { wants } from '../programs.ts'

const addresses = { proxyUrl: 'http://127.0.0.1:3000', deskUrl: 'http://localhost:3001/' }
const open = { docs: 'on', apiKeys: undefined, apiKeysFile: undefined } as const

test('the start of the sandbox names the documentation, the desk, a call and the way to stop', (t) => {
  t.equal(
    firstSteps(open, addresses),
    [
      'API documentation:  http://127.0.0.1:3000/docs',
      'The agent’s desk:   http://localhost:3001/',
      `Send a message:     curl -sS http://127.0.0.1:3000/conversations/demo/messages -H 'Content-Type: application/json' -H 'X-LP-Consumer-Id: ada' -d '{"text":"Hi"}'`,
      'Stop:               Ctrl-C',
      '',
    ].join('\n'),
  )
  t.end()
})

test('the start of the sandbox follows DOCS, and shows no key', (t) => {
  t.match(firstSteps({ ...open, docs: 'spec' }, addresses), '3000/openapi.json\n')
  t.match(firstSteps({ ...open, docs: 'off' }, addresses), 'not served (DOCS=off)\n')
  for (const keyed of [{ apiKeys: 'planted-key' }, { apiKeysFile: '/planted-key' }]) {
    const text = firstSteps({ ...open, ...keyed }, addresses)
    t.match(text, `-H 'X-API-Key: <one of your API_KEYS>'`)
    t.notMatch(text, 'planted')
  }
  t.end()
})

test('the call that the start of the sandbox prints works', wants('curl'), async (t) => {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0' })
  await run.url()
  await run.until(/embedded sandbox/)
  const { stdout } = await promisify(execFile)('sh', ['-c', await run.said(/curl .*/)])
  t.match(JSON.parse(stdout), { conversationId: 'demo', sequence: 0 })
})
