import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { reasonOf } from '../../src/config/secret-file.ts'
import { type Report, Secrets, type SecretsOptions } from '../../src/config/secrets.ts'
import { commandOf } from '../process.ts'
import { wants } from '../programs.ts'
import { start } from '../start.ts'
import { faultsOf } from './faults.ts'

const none: SecretsOptions = {
  accountId: undefined,
  clientId: undefined,
  clientSecret: undefined,
  clientSecretFile: undefined,
  credentialsFile: undefined,
  apiKeys: undefined,
  apiKeysFile: undefined,
  watchIntervalMs: 50,
}

const acme = { clientId: 'acme', clientSecret: 'acme-secret' }
const zenith = { clientId: 'zenith', clientSecret: 'zenith-secret' }

/** Changes a file at once, so that no half of it can be seen. */
function put(file: string, content: string): void {
  writeFileSync(`${file}.next`, content)
  renameSync(`${file}.next`, file)
}

/** Secrets whose reports can be waited for, closed with the test. */
function read(t: Test, options: Partial<SecretsOptions>) {
  const reports: string[] = []
  const waiting: (() => void)[] = []
  const report: Report = ({ level, file, sentence, accountIds }) => {
    const accounts = accountIds === undefined ? '' : ` (${accountIds.join(', ')})`
    reports.push(`${level}: ${file}${accounts}: ${sentence}`)
    for (const resolve of waiting.splice(0)) resolve()
  }
  const secrets = new Secrets({ ...none, ...options }, report)
  // The watching of a file keeps no process alive.
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => {
    secrets.close()
    clearInterval(alive)
  })
  /** The next report after a change. */
  const after = async (change: () => void) => {
    // A file's first state is read in the background.
    for (const file of [options.clientSecretFile, options.credentialsFile, options.apiKeysFile]) {
      if (file !== undefined) await stat(file).catch(() => undefined)
    }
    const reported = new Promise<void>((resolve) => waiting.push(resolve))
    change()
    await reported
    return reports.splice(0)
  }
  return { secrets, after }
}

function refusalOf(options: Partial<SecretsOptions>): string {
  try {
    new Secrets({ ...none, ...options }, () => undefined).close()
    return 'none'
  } catch (error) {
    return String(error)
  }
}

test('the default account’s credentials come from variables, its secret also from a file', (t) => {
  const dir = t.testdir({ secret: 'acme-secret\n' })
  const account = { accountId: 'mine', clientId: 'acme' }
  const { secrets } = read(t, { ...account, clientSecret: 'acme-secret' })
  t.strictSame(secrets.credentials.get('mine'), acme)
  t.equal(secrets.credentials.get('other'), undefined)
  t.equal(secrets.hasCredentials, true)
  const fromFile = read(t, { ...account, clientSecretFile: join(dir, 'secret') }).secrets
  t.strictSame(fromFile.credentials.get('mine'), acme, 'without its line end')
  const sandboxed = read(t, { accountId: 'mine', clientSecret: 'acme-secret' }).secrets
  t.equal(sandboxed.credentials.get('mine'), undefined, 'a secret alone is of no use')
  t.equal(sandboxed.hasCredentials, false)
  t.end()
})

test('the credentials of several accounts come from a file, and the variables go before it', (t) => {
  const dir = t.testdir({ all: JSON.stringify({ a1: acme, b2: zenith }), empty: '{}' })
  const { secrets } = read(t, {
    accountId: 'b2',
    clientId: 'own',
    clientSecret: 'own-secret',
    credentialsFile: join(dir, 'all'),
  })
  t.strictSame(secrets.credentials.get('a1'), acme)
  t.strictSame(secrets.credentials.get('b2'), { clientId: 'own', clientSecret: 'own-secret' })
  const empty = read(t, { credentialsFile: join(dir, 'empty') }).secrets
  t.equal(empty.credentials.get('a1'), undefined)
  t.equal(empty.hasCredentials, true, 'a file that lists no account yet opens nothing')
  t.end()
})

test('a key is accepted if it is one of those given, any where none is', (t) => {
  const dir = t.testdir({ keys: '# ours\r\none\r\n\r\ntwo\n#four\nthree\n\n' })
  t.equal(read(t, {}).secrets.acceptsKey(undefined), true)
  t.equal(read(t, {}).secrets.acceptsKey('any'), true)
  for (const { secrets } of [
    read(t, { apiKeys: 'one, two,,three' }),
    read(t, { apiKeysFile: join(dir, 'keys') }),
  ]) {
    for (const key of ['one', 'two', 'three']) t.equal(secrets.acceptsKey(key), true, key)
    for (const key of [undefined, '', 'four', 'on', 'one ', 'ONE', 'one,two', 'one, two']) {
      t.equal(secrets.acceptsKey(key), false, String(key))
    }
  }
  t.end()
})

test('the URL of the store is read from its file, and again when it changes', async (t) => {
  const file = join(t.testdir({ url: 'redis://:one@store.test\n' }), 'url')
  const { secrets, after } = read(t, { stateUrlFile: file })
  t.equal(secrets.stateUrl, 'redis://:one@store.test')
  await stat(file)
  const form = 'the file does not have the form redis[s]://[user:password@]host[:port]'
  for (const wrong of ['hunter2', 'redis://store.test:99999']) {
    t.strictSame(await after(() => put(file, wrong)), [
      `error: STATE_URL_FILE: the file changed and ${form}; its previous content stays in use`,
    ])
    t.equal(secrets.stateUrl, 'redis://:one@store.test')
  }
  await after(() => put(file, 'rediss://:two@store.test'))
  t.equal(secrets.stateUrl, 'rediss://:two@store.test')
  t.equal(read(t, { stateUrl: 'redis://store.test' }).secrets.stateUrl, 'redis://store.test')
})

test('what cannot be read at the start is refused by its variable’s name, and nothing of it is quoted', (t) => {
  const form = 'the file does not have the form { "<account>": { "clientId", "clientSecret" } }'
  const entry =
    'it must have clientId and clientSecret, may have previousClientSecret and eventsUrl, and nothing else'
  const valid = '{"clientId":"a","clientSecret":"b"}'
  const files = {
    empty: ' \n',
    text: 'hunter2 {"clientSecret":"hunter2"',
    list: '["hunter2"]',
    nothing: 'null',
    account: `{"hunter2!":${valid}}`,
    proto: `{"a1":${valid},\n"__proto__":{"clientId":"a","clientSecret":"hunter2"}}`,
    noObject: '{"a1":"hunter2"}',
    noSecret: '{"a1":{"clientId":"hunter2"}}',
    emptySecret: '{"a1":{"clientId":"hunter2","clientSecret":""}}',
    twice: `{"a1":${valid},\n\n"\\u0061\u0031" :{"clientId":"a1","clientSecret":" hunter2"}}`,
    colons: `{"b2":${valid},\n":":${valid}}`,
    more: '{"a1":{"clientId":"a","clientSecret":"b","hunter2":"c"}}',
    utf16: Buffer.from('\ufeff{}', 'utf16le'),
    utf16be: Buffer.from('\ufeff{}', 'utf16le').swap16(),
    utf16bare: Buffer.from('{}', 'utf16le'),
    latin1: Buffer.from('{"é":1}', 'latin1'),
    bom: `\ufeff{"a1":${valid}}`,
    blanks: ' hunter2\n',
    quotes: '"hunter2"\r\n',
    lines: 'hunter2\nhunter2\n',
    accent: 'hunter2é',
    tab: 'hunter\t2',
    keys: 'one\n# hunter2\nhunter2 \n',
    comments: '# hunter2\n\n',
  }
  const dir = t.testdir({ directory: {} })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content)
  const own = { accountId: 'mine', clientId: 'acme' }
  for (const [name, reason] of [
    ['missing', `${join(dir, 'missing')} cannot be read: there is no such file (ENOENT)`],
    ['directory', `${join(dir, 'directory')} cannot be read: it is a directory (EISDIR)`],
    ['empty', 'the file is not JSON; it ends too early, at line 2, column 1'],
    ['text', 'the file is not JSON; it is not at line 1, column 1'],
    ['list', form],
    ['nothing', form],
    ['account', 'an account (line 1) must be 1 to 32 letters and digits'],
    ['proto', 'an account (line 2) must be 1 to 32 letters and digits'],
    ['colons', 'an account (line 2) must be 1 to 32 letters and digits'],
    ['noObject', `account a1 (line 1): ${entry}`],
    ['noSecret', 'account a1 (line 1): clientSecret must be a text that is not empty'],
    ['emptySecret', 'account a1 (line 1): clientSecret must be a text that is not empty'],
    ['twice', 'account a1 (line 3): clientSecret must not begin or end with a blank'],
    ['more', `account a1 (line 1): ${entry}`],
    ['utf16', 'the file is not UTF-8 (UTF-16?): save it as UTF-8'],
    ['utf16be', 'the file is not UTF-8 (UTF-16?): save it as UTF-8'],
    ['utf16bare', 'the file is not UTF-8 (UTF-16?): save it as UTF-8'],
    ['latin1', 'the file is not UTF-8: save it as UTF-8'],
  ] as const) {
    const refusal = refusalOf({ credentialsFile: join(dir, name) })
    t.equal(refusal, `Error: LP_CREDENTIALS_FILE: ${reason}`, name)
  }
  t.equal(
    refusalOf({ credentialsFile: join(dir, 'bom') }),
    'none',
    'a byte order mark is taken off',
  )
  const bare = 'the file cannot be read: there is no such file (ENOENT)'
  for (const [name, fault] of [
    ['blanks', 'the secret must not begin or end with a blank'],
    [
      'quotes',
      'the secret must not be in quotes, which docker --env-file and files keep as a part of it',
    ],
    ['lines', 'the secret must not have a line break'],
    ['accent', 'the secret must have visible ASCII characters only'],
    ['tab', 'the secret must have visible ASCII characters only'],
    ['empty', 'the file is empty'],
    ['utf16', 'the file is not UTF-8 (UTF-16?): save it as UTF-8'],
  ] as const) {
    const file = join(dir, name)
    const refusal = refusalOf({ ...own, clientSecretFile: file, previousClientSecretFile: file })
    const faults = [`LP_CLIENT_SECRET_FILE: ${fault}`, `LP_PREVIOUS_CLIENT_SECRET_FILE: ${fault}`]
    t.equal(refusal, `Error: ${faults.join('\n  ')}`, name)
  }
  for (const [options, refusal] of [
    [{ ...own, clientSecretFile: 'hunter2' }, `LP_CLIENT_SECRET_FILE: ${bare}`],
    [{ apiKeysFile: join(dir, 'empty') }, 'API_KEYS_FILE: it has no key'],
    [{ apiKeysFile: join(dir, 'comments') }, 'API_KEYS_FILE: it has no key'],
    [
      { apiKeysFile: join(dir, 'keys') },
      'API_KEYS_FILE: line 3 must not begin or end with a blank',
    ],
    [{ apiKeys: ' , ' }, 'API_KEYS: it has no key'],
    [{ apiKeys: 'one,hunter2é' }, 'API_KEYS: a key must have visible ASCII characters only'],
  ] as const) {
    t.equal(refusalOf(options), `Error: ${refusal}`)
  }
  t.end()
})

test('only a reason that is known to quote nothing is told', async (t) => {
  t.equal(reasonOf(new SyntaxError('hunter2')), 'the file cannot be read')
})

test('a comma does not split a line of a file of keys', (t) => {
  const dir = t.testdir({ keys: 'one,two\n' })
  const { secrets } = read(t, { apiKeysFile: join(dir, 'keys') })
  t.equal(secrets.acceptsKey('one,two'), true)
  t.equal(secrets.acceptsKey('one'), false)
  t.end()
})

test('a key of fewer than 16 characters gets a warning, without the key', async (t) => {
  const long = 'sixteen-letters-'
  const dir = t.testdir({ keys: long })
  const warned = (apiKeys: string) => {
    const news: unknown[] = []
    new Secrets({ ...none, apiKeys }, (one) => news.push(one)).close()
    return news
  }
  const sentence = 'a key is shorter than 16 characters and can be guessed'
  t.strictSame(warned(`${long},hunter2`), [{ level: 'warn', file: 'API_KEYS', sentence }])
  t.strictSame(warned(`${long} , ${long}`), [])
  const file = join(dir, 'keys')
  const { after } = read(t, { apiKeysFile: file })
  t.strictSame(await after(() => put(file, 'hunter2')), [
    `warn: API_KEYS_FILE: ${sentence}`,
    'info: API_KEYS_FILE: the file was read again',
  ])
})

test('a process whose file of credentials is bad does not start, and says why without the file’s words', async (t) => {
  const dir = t.testdir({ credentials: '{"a1":{"clientId":"acme","clientSecret":"hunter2"' })
  const [node, ...program] = commandOf('server')
  const child = spawn(node, program, {
    env: { ...process.env, PORT: '0', LP_CREDENTIALS_FILE: join(dir, 'credentials') },
  })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  t.equal(code, 1)
  t.equal(output, '')
  t.equal(
    errors,
    'liveengage-proxy: LP_CREDENTIALS_FILE: the file is not JSON; it ends too early, at line 1, column 50\n',
  )
})

test('a secret that Kubernetes swaps by its symlink is read again', async (t) => {
  const dir = t.testdir()
  /** As the kubelet does it: a new directory, and one rename of the link to it. */
  const publish = (version: string, content: string) => {
    mkdirSync(join(dir, version))
    writeFileSync(join(dir, version, 'credentials'), content)
    symlinkSync(version, join(dir, '..next'))
    renameSync(join(dir, '..next'), join(dir, '..data'))
  }
  publish('..1', JSON.stringify({ a1: acme }))
  symlinkSync(join('..data', 'credentials'), join(dir, 'credentials'))
  const { secrets, after } = read(t, { credentialsFile: join(dir, 'credentials') })
  t.strictSame(secrets.credentials.get('a1'), acme)
  t.strictSame(await after(() => publish('..2', JSON.stringify({ a1: zenith, b2: acme }))), [
    'info: LP_CREDENTIALS_FILE (a1, b2): the file was read again',
  ])
  t.strictSame(secrets.credentials.get('a1'), zenith)
  t.strictSame(secrets.credentials.get('b2'), acme)
})

test('a file that breaks leaves what it held in use, says so, and heals', async (t) => {
  const dir = t.testdir({ credentials: JSON.stringify({ a1: acme }) })
  const file = join(dir, 'credentials')
  const { secrets, after } = read(t, { credentialsFile: file })
  const kept = 'its previous content stays in use'
  for (const [change, reason] of [
    [() => put(file, '{"a1":"hunter2'), 'the file is not JSON; it is not at line 1, column 7'],
    [() => rmSync(file), `${file} cannot be read: there is no such file (ENOENT)`],
    [() => mkdirSync(file), `${file} cannot be read: it is a directory (EISDIR)`],
    [
      () => {
        rmdirSync(file)
        symlinkSync(file, file)
      },
      `${file} cannot be read: ELOOP`,
    ],
    [
      () => {
        rmSync(file)
        writeFileSync(`${file}.next`, '')
        truncateSync(`${file}.next`, 4 * 1_048_576 + 1)
        renameSync(`${file}.next`, file)
      },
      `${file} is larger than 4 MiB`,
    ],
    [
      () => put(file, JSON.stringify({ a1: zenith, b2: { clientId: 'b2' } }, undefined, 2)),
      'account b2 (line 6): clientSecret must be a text that is not empty',
    ],
  ] as const) {
    t.strictSame(await after(change), [
      `error: LP_CREDENTIALS_FILE (a1): the file changed and ${reason}; ${kept}`,
    ])
    t.strictSame(secrets.credentials.get('a1'), acme)
  }
  t.strictSame(await after(() => put(file, JSON.stringify({ a1: zenith }))), [
    'info: LP_CREDENTIALS_FILE (a1): the file was read again',
  ])
  t.strictSame(secrets.credentials.get('a1'), zenith)
})

test('a pipe in the place of a file never holds the process up', wants('mkfifo'), async (t) => {
  const dir = t.testdir({ keys: 'one-of-16-letters' })
  const file = join(dir, 'keys')
  const { secrets, after } = read(t, { apiKeysFile: file })
  const change = () => {
    execFileSync('mkfifo', [join(dir, 'pipe')])
    renameSync(join(dir, 'pipe'), file)
  }
  t.strictSame(await after(change), [
    `error: API_KEYS_FILE: the file changed and ${file} is not a regular file; its previous content stays in use`,
  ])
  t.equal(secrets.acceptsKey('one-of-16-letters'), true)
  t.equal(refusalOf({ apiKeysFile: file }), `Error: API_KEYS_FILE: ${file} is not a regular file`)
})

test('a client secret and the keys are read again too, each from its file', async (t) => {
  const dir = t.testdir({ secret: 'old', keys: 'one\ntwo' })
  const { secrets, after } = read(t, {
    accountId: 'mine',
    clientId: 'acme',
    clientSecretFile: join(dir, 'secret'),
    apiKeysFile: join(dir, 'keys'),
  })
  await after(() => put(join(dir, 'secret'), 'newer'))
  t.strictSame(secrets.credentials.get('mine'), { clientId: 'acme', clientSecret: 'newer' })
  await after(() => put(join(dir, 'keys'), 'two\nthree'))
  t.strictSame(
    ['one', 'two', 'three'].map((key) => secrets.acceptsKey(key)),
    [false, true, true],
  )
  t.strictSame(await after(() => put(join(dir, 'keys'), '\n')), [
    'error: API_KEYS_FILE: the file changed and it has no key; its previous content stays in use',
  ])
  t.equal(secrets.acceptsKey('one'), false, 'an empty file does not open the proxy')
  t.equal(secrets.acceptsKey('three'), true)
})

test('a change right after the first look is not missed', async (t) => {
  const dir = t.testdir({ keys: 'one-of-16-letters' })
  const file = join(dir, 'keys')
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => clearInterval(alive))
  const reports: string[] = []
  const secrets = new Secrets({ ...none, apiKeysFile: file }, ({ sentence }) => {
    reports.push(sentence)
  })
  t.teardown(() => secrets.close())
  // Before the watcher has looked, so that it takes this for the first state.
  put(file, 'another-of-16-ones')
  while (reports.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(secrets.acceptsKey('another-of-16-ones'), true)
  t.equal(secrets.acceptsKey('one-of-16-letters'), false)
})

test('a proxy that closes leaves the file to the others that read it', async (t) => {
  const dir = t.testdir({ keys: 'one' })
  const file = join(dir, 'keys')
  const { after, secrets } = read(t, { apiKeysFile: file })
  read(t, { apiKeysFile: file }).secrets.close()
  await after(() => put(file, 'another'))
  t.equal(secrets.acceptsKey('another'), true)
})

test('a running proxy takes new keys and credentials from their files and logs that it did', async (t) => {
  const sandboxCredentials = { clientId: 'sandbox-client', clientSecret: 'sandbox-secret' }
  const dir = t.testdir({ keys: 'first-key', all: JSON.stringify({ a1: sandboxCredentials }) })
  const { call, logs } = await start(t, {
    LP_ACCOUNT_ID: '',
    LP_CREDENTIALS_FILE: join(dir, 'all'),
    API_KEYS_FILE: join(dir, 'keys'),
  })
  const send = (accountId: string, key: string) =>
    call(
      'POST',
      '/conversations/c/messages',
      { text: 'Hi' },
      {
        authorization: undefined,
        'x-lp-on-behalf': undefined,
        'x-lp-consumer-id': 'consumer',
        'x-lp-account-id': accountId,
        'x-api-key': key,
      },
    )
  t.equal((await send('a1', 'first-key')).status, 201)
  t.match(await send('b2', 'first-key'), { status: 403, body: { code: 'account-not-allowed' } })
  put(join(dir, 'keys'), 'first-key\nsecond-key')
  put(join(dir, 'all'), JSON.stringify({ b2: sandboxCredentials }))
  const isLogged = (file: string) =>
    logs.some((line) => line['file'] === file && line['level'] === 'info')
  while (!isLogged('API_KEYS_FILE') || !isLogged('LP_CREDENTIALS_FILE')) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  for (const key of ['first-key', 'second-key']) t.equal((await send('b2', key)).status, 201)
  t.match(await send('a1', 'second-key'), { status: 403, body: { code: 'account-not-allowed' } })
  t.match(await send('b2', 'third-key'), { status: 401, body: { code: 'api-key-required' } })
  put(join(dir, 'all'), 'sandbox-secret')
  const isBad = ({ level }: Record<string, unknown>) => level === 'error'
  while (!logs.some(isBad)) await new Promise((resolve) => setTimeout(resolve, 50))
  t.match(logs.find(isBad), {
    file: 'LP_CREDENTIALS_FILE',
    accountIds: ['b2'],
    msg: /^the file changed and the file is not JSON; .*; its previous content stays in use$/,
  })
  t.equal((await send('b2', 'second-key')).status, 201)
})

test('every variable of the secrets arrives where it is used', (t) => {
  t.match(
    loadConfig({
      LP_ACCOUNT_ID: 'mine',
      LP_CLIENT_ID: 'acme',
      LP_CLIENT_SECRET: 'acme-secret',
      LP_CREDENTIALS_FILE: '/run/credentials',
      API_KEYS: 'one,two',
    }),
    {
      accountId: 'mine',
      clientId: 'acme',
      clientSecret: 'acme-secret',
      clientSecretFile: undefined,
      credentialsFile: '/run/credentials',
      apiKeys: 'one,two',
      apiKeysFile: undefined,
      allowedAccounts: undefined,
    },
  )
  t.match(
    loadConfig({
      LP_ACCOUNT_ID: 'mine',
      LP_CLIENT_ID: 'acme',
      LP_CLIENT_SECRET_FILE: '/run/secret',
      API_KEYS_FILE: '/run/keys',
    }),
    { clientSecret: undefined, clientSecretFile: '/run/secret', apiKeysFile: '/run/keys' },
  )
  t.end()
})

test('the start refuses credentials that are incomplete or given twice, by names alone', (t) => {
  const own = { LP_ACCOUNT_ID: 'mine', LP_CLIENT_ID: 'acme', LP_CLIENT_SECRET: 'hunter2' }
  for (const [env, faults] of [
    [own, []],
    [{ ...own, LP_ACCOUNT_ID: '' }, ['LP_ACCOUNT_ID: must be set together with LP_CLIENT_ID']],
    [{ ...own, LP_CLIENT_ID: '' }, ['LP_CLIENT_ID: must be set together with LP_CLIENT_SECRET']],
    [
      { ...own, LP_CLIENT_SECRET: '' },
      ['LP_CLIENT_SECRET: must be set together with LP_CLIENT_ID'],
    ],
    [
      { ...own, LP_CLIENT_SECRET_FILE: '/run/secret' },
      ['LP_CLIENT_SECRET: must not be set together with LP_CLIENT_SECRET_FILE'],
    ],
    [
      { LP_CLIENT_SECRET_FILE: '/run/secret' },
      ['LP_CLIENT_ID: must be set together with LP_CLIENT_SECRET'],
    ],
    [
      { API_KEYS: 'hunter2', API_KEYS_FILE: '/run/keys' },
      ['API_KEYS: must not be set together with API_KEYS_FILE'],
    ],
    [{ LP_CREDENTIALS_FILE: '/run/credentials' }, []],
    [
      { ...own, LP_CREDENTIALS_FILE: '/run/credentials', SANDBOX: 'true' },
      [
        'LP_ACCOUNT_ID: must not be set together with SANDBOX=true',
        'LP_CLIENT_ID: must not be set together with SANDBOX=true',
        'LP_CLIENT_SECRET: must not be set together with SANDBOX=true',
        'LP_CREDENTIALS_FILE: must not be set together with SANDBOX=true',
      ],
    ],
    [{ ALLOW_ANONYMOUS: 'yes' }, ['ALLOW_ANONYMOUS: must be true or false']],
  ] as const) {
    t.strictSame(faultsOf(env), faults, JSON.stringify(env))
  }
  t.end()
})

test('the start refuses an open proxy with credentials that listens beyond loopback', (t) => {
  const own = { LP_ACCOUNT_ID: 'mine', LP_CLIENT_ID: 'acme', LP_CLIENT_SECRET: 'hunter2' }
  const open = [
    'API_KEYS: must be set, since the proxy has credentials and HOST is not a loopback address. To run without keys, set ALLOW_ANONYMOUS=true',
  ]
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'proxy.internal', '127.0.0.1.example.com']) {
    t.strictSame(faultsOf({ ...own, HOST }), open, HOST)
    t.strictSame(faultsOf({ LP_CREDENTIALS_FILE: '/run/credentials', HOST }), open, HOST)
    t.strictSame(faultsOf({ HOST }), [], 'without credentials')
    for (const more of [
      { API_KEYS: 'one' },
      { API_KEYS_FILE: '/run/keys' },
      { ALLOW_ANONYMOUS: 'true' },
    ]) {
      t.strictSame(faultsOf({ ...own, HOST, ...more }), [], JSON.stringify(more))
    }
  }
  for (const HOST of ['127.0.0.1', '127.0.0.53', 'localhost', '::1']) {
    t.strictSame(faultsOf({ ...own, HOST }), [], HOST)
  }
  t.strictSame(faultsOf({ SANDBOX: 'true', HOST: '0.0.0.0' }), [], 'the sandbox’s do not count')
  t.end()
})

test('every file that cannot be read is named at once', (t) => {
  t.equal(
    refusalOf({ credentialsFile: '/nowhere/a', apiKeysFile: '/nowhere/b', apiKeys: ' , ' }),
    [
      'Error: LP_CREDENTIALS_FILE: /nowhere/a cannot be read: there is no such file (ENOENT)',
      'API_KEYS: it has no key',
      'API_KEYS_FILE: /nowhere/b cannot be read: there is no such file (ENOENT)',
    ].join('\n  '),
  )
  t.end()
})
