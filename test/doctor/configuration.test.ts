import { join } from 'node:path'
import t from 'tap'
import { checkConfiguration, summarize } from '../../src/doctor/configuration.ts'
import { examine } from './fixtures/examine.ts'

t.test('a summary shows what is set, and no secret', async (t) => {
  const dir = t.testdir({ keys: 'hunter2-key' })
  const secret = {
    LP_CLIENT_ID: 'hunter2-id',
    LP_CLIENT_SECRET: 'hunter2-secret',
    API_KEYS_FILE: join(dir, 'keys'),
  }
  const env = { ...secret, HOST: '0.0.0.0', LP_ACCOUNT_ID: '12345678', MAX_CONECTIONS: 'hunter2' }
  t.equal(
    summarize(checkConfiguration(env)),
    `ok
  listens at   0.0.0.0:3000
  LiveEngage   https://api.liveperson.net and .liveperson.net
  account      12345678
  credentials  of the proxy’s own
  API keys     needed
  set          HOST, LP_ACCOUNT_ID, LP_CLIENT_ID, LP_CLIENT_SECRET, API_KEYS_FILE
  not known    MAX_CONECTIONS (MAX_CONNECTIONS?)
`,
  )
  t.equal(
    summarize(checkConfiguration({ SANDBOX: 'true' })),
    `ok
  listens at   127.0.0.1:3000
  LiveEngage   the embedded sandbox
  account      the sandbox’s
  credentials  the sandbox’s
  API keys     none
  set          SANDBOX
  not known    nothing
`,
  )
})

t.test('who has neither account nor credentials is told so', async (t) => {
  const printed = summarize(checkConfiguration({}))
  t.match(printed, /^ {2}account {6}none by default$/m)
  t.match(printed, /^ {2}credentials {2}none, callers bring tokens$/m)
})

t.test('a file that cannot be read is a fault, by its variable’s name', async (t) => {
  t.throws(() => checkConfiguration({ API_KEYS_FILE: '/nowhere', API_KEYS: '' }), {
    message: 'API_KEYS_FILE: the file cannot be read',
  })
})

t.test('a wrong environment fails the first check, and nothing else is tried', async (t) => {
  const { code, findings, printed } = await examine({ PORT: 'hunter2', LP_ACOUNT_ID: 'hunter2' })
  const { configuration, ...rest } = findings
  t.equal(code, 1)
  t.strictSame(configuration, {
    status: 'fail',
    detail:
      'The environment is not valid:\n  PORT: must be an integer from 0 to 65535\n  not known: LP_ACOUNT_ID (LP_ACCOUNT_ID?)',
    remedy: 'README.md, "Environment", says what each variable may be.',
  })
  t.equal(Object.keys(rest).length, 10)
  for (const finding of Object.values(rest)) {
    t.strictSame(finding, { status: 'skip', detail: 'not without configuration', remedy: null })
  }
  t.notMatch(printed, /hunter2/)
  const { findings: others } = await examine({ API_KEYS: ' , ' })
  t.match(others['configuration'], { status: 'fail', detail: /^API_KEYS: there is no key$/ })
})

t.test('a name that is not known is a warning', async (t) => {
  const { code, findings } = await examine({ SANDBOX: 'true', LP_ACOUNT_ID: 'hunter2' })
  t.equal(code, 0)
  t.match(findings['configuration'], {
    status: 'warn',
    detail: /set: SANDBOX; not known: LP_ACOUNT_ID \(LP_ACCOUNT_ID\?\)$/,
    remedy: /^Correct these names/,
  })
})
