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
  listens at   http://0.0.0.0:3000
  serves       12345678
  credentials  the proxy’s own
  callers      need an API key
  liveengage   https://api.liveperson.net and .liveperson.net
  docs         http://0.0.0.0:3000/docs
  set          HOST, LP_ACCOUNT_ID, LP_CLIENT_ID, LP_CLIENT_SECRET, API_KEYS_FILE
  unknown      MAX_CONECTIONS (MAX_CONNECTIONS?)
  warning      API_KEYS_FILE: a key is shorter than 16 characters and can be guessed
`,
  )
  t.equal(
    summarize(checkConfiguration({ SANDBOX: 'true', HOST: '[::1]', DOCS: 'off' })),
    `ok
  listens at   http://[::1]:3000
  serves       the sandbox’s account
  credentials  the sandbox’s
  callers      need no API key
  liveengage   the embedded sandbox
  docs         not served
  set          HOST, DOCS, SANDBOX
  unknown      none
`,
  )
})

t.test('who has neither account nor credentials is told so', async (t) => {
  const printed = summarize(checkConfiguration({ PUBLIC_URL: 'https://api.example.com/le' }))
  t.match(printed, /^ {2}serves {7}any account$/m)
  t.match(printed, /^ {2}credentials {2}the callers’: each sends both tokens$/m)
  t.match(printed, /^ {2}docs {9}https:\/\/api\.example\.com\/le\/docs$/m)
  const cannot =
    /there are no credentials, so the proxy cannot send by itself: .* set LP_ACCOUNT_ID/
  t.match(printed, cannot)
  const { findings } = await examine({ LP_DOMAIN_API_URL: 'http://localhost:1' })
  t.match(findings['configuration'], { status: 'warn', detail: cannot })
})

t.test('an app without a listener for LivePerson is a warning', async (t) => {
  const warned = (env: Record<string, string>) => checkConfiguration(env).warnings.join('\n')
  const EVENTS_URL = 'http://127.0.0.1:8080/'
  t.match(warned({ EVENTS_URL }), 'EVENTS_URL is set and WEBHOOK_PORT is not')
  t.notMatch(warned({ EVENTS_URL, SANDBOX: 'true' }), 'EVENTS_URL')
})

t.test('a proxy that anybody who reaches it can use is a warning', async (t) => {
  const own = { LP_ACCOUNT_ID: '1', LP_CLIENT_ID: 'a', LP_CLIENT_SECRET: 'b' }
  const warned = (env: Record<string, string>) => checkConfiguration(env).warnings.join('\n')
  const isOpen =
    /HOST is not a loopback address and there are no API keys: whoever reaches the proxy/
  for (const HOST of ['0.0.0.0', '::', '[::]', '192.0.2.1', 'proxy.internal']) {
    t.match(warned({ HOST }), isOpen, HOST)
  }
  t.match(
    warned({ ...own, HOST: '::', ALLOW_ANONYMOUS: 'true' }),
    /can send messages\. Set API_KEYS/,
  )
  t.match(summarize(checkConfiguration({ HOST: '::' })), /^ {2}warning {6}HOST is not a loopback/m)
  const { findings } = await examine({ HOST: '::', LP_DOMAIN_API_URL: 'http://localhost:1' })
  t.match(findings['configuration'], { status: 'warn', detail: isOpen })
  for (const env of [
    {},
    { HOST: '[::1]' },
    { HOST: '0.0.0.0', API_KEYS: 'a-key-of-16-chars' },
    { HOST: '0.0.0.0', SANDBOX: 'true' },
  ]) {
    t.notMatch(warned(env), isOpen)
  }
})

t.test('which accounts are served is told by the rule of admission', async (t) => {
  const dir = t.testdir({ none: '{}' })
  const listed = Array.from({ length: 22 }, (_, n) => `a${n}`)
  for (const [env, serves] of [
    [{ LP_ALLOWED_ACCOUNTS: 'a,b' }, 'a, b'],
    [{ LP_ACCOUNT_ID: 'a' }, 'a'],
    [{ LP_CREDENTIALS_FILE: join(dir, 'none') }, 'no account'],
    [{ LP_ALLOWED_ACCOUNTS: listed.join(',') }, `${listed.slice(0, 20).join(', ')} and 2 more`],
  ] as const) {
    const printed = summarize(checkConfiguration(env))
    t.match(printed, new RegExp(`^ {2}serves {7}${serves}$`, 'm'))
  }
  const empty = summarize(checkConfiguration({ LP_CREDENTIALS_FILE: join(dir, 'none') }))
  t.match(empty, /LP_CREDENTIALS_FILE lists no account yet, so the proxy cannot send by itself/)
})

t.test('proxy variables that do not do what they seem to are a warning', async (t) => {
  const at = 'http://proxy.internal:3128'
  const warned = (env: Record<string, string>) =>
    checkConfiguration({ SANDBOX: 'true', ...env }).warnings
  t.strictSame(warned({ HTTPS_PROXY: at, HTTP_PROXY: at }), [])
  t.match(warned({ all_proxy: at }), ['ALL_PROXY is ignored: set HTTPS_PROXY'])
  t.match(warned({ http_proxy: at }), [/^HTTP_PROXY is for http hosts/])
  t.match(warned({ https_proxy: at, HTTPS_PROXY: `${at}0` }), [/differ: https_proxy is used$/])
})

t.test('a file that cannot be read is a fault, by its variable’s name', async (t) => {
  t.throws(() => checkConfiguration({ API_KEYS_FILE: '/nowhere', API_KEYS: '' }), {
    message: 'API_KEYS_FILE: /nowhere cannot be read: there is no such file (ENOENT)',
  })
})

t.test('a wrong environment fails the first check, and nothing else is tried', async (t) => {
  const { code, findings, printed } = await examine({ PORT: 'hunter2', LP_ACOUNT_ID: 'hunter2' })
  const { configuration, ...rest } = findings
  t.equal(code, 1)
  t.strictSame(configuration, {
    status: 'fail',
    detail:
      'The environment is invalid:\n  PORT: must be an integer from 0 to 65535\n  unknown: LP_ACOUNT_ID (LP_ACCOUNT_ID?)',
    remedy: 'docs/configuration.md describes each variable.',
  })
  t.equal(Object.keys(rest).length, 13)
  for (const finding of Object.values(rest)) {
    t.strictSame(finding, { status: 'skip', detail: 'needs configuration', remedy: null })
  }
  t.notMatch(printed, /hunter2/)
  const { findings: others } = await examine({ API_KEYS: ' , ' })
  t.match(others['configuration'], { status: 'fail', detail: /^API_KEYS: it has no key$/ })
})

t.test('a name that is not known is a warning', async (t) => {
  const { code, findings } = await examine({ SANDBOX: 'true', LP_ACOUNT_ID: 'hunter2' })
  t.equal(code, 0)
  t.match(findings['configuration'], {
    status: 'warn',
    detail: /set: SANDBOX\nunknown: LP_ACOUNT_ID \(LP_ACCOUNT_ID\?\)$/,
    remedy: /^Correct or remove/,
  })
})
