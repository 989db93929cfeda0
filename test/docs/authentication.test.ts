import { test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { Secrets } from '../../src/config/secrets.ts'
import { wants } from '../programs.ts'
import { runCurls } from './commands.ts'
import { blocks, readPage } from './page.ts'

const page = 'docs/authentication.md'

test(
  'the three ways of authentication all send a message to the same conversation',
  wants('curl'),
  async (t) => {
    const { answers } = await runCurls(t, page)
    const [own, passed, native] = answers.map((answer) => JSON.parse(answer))
    t.strictSame([own.sequence, passed.sequence, native.body.sequence], [0, 1, 2])
  },
)

test('the file of several accounts is taken as the page shows it', async (t) => {
  const shown = blocks(readPage(page)).find(({ text }) => text.includes('"clientId"'))?.text ?? ''
  const directory = t.testdir({ 'credentials.json': shown })
  const env = { LP_CREDENTIALS_FILE: `${directory}/credentials.json` }
  const secrets = new Secrets(loadConfig(env), () => {})
  t.teardown(() => secrets.close())
  t.strictSame(
    ['12345678', '87654321', '1'].map((account) => secrets.credentials.get(account) !== undefined),
    [true, true, false],
  )
})
