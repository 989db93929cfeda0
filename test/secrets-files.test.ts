import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { ConfigError, loadConfig } from '../src/config.ts'
import { type Report, Secrets, type SecretsOptions } from '../src/secrets.ts'
import { start } from './start.ts'

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
  const report: Report = (isGood, file, sentence) => {
    reports.push(`${isGood ? 'good' : 'bad'}: ${file}: ${sentence}`)
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
  t.strictSame(secrets.credentialsOf('mine'), acme)
  t.equal(secrets.credentialsOf('other'), undefined)
  t.equal(secrets.hasCredentials, true)
  const fromFile = read(t, { ...account, clientSecretFile: join(dir, 'secret') }).secrets
  t.strictSame(fromFile.credentialsOf('mine'), acme, 'without its line end')
  const sandboxed = read(t, { accountId: 'mine', clientSecret: 'acme-secret' }).secrets
  t.equal(sandboxed.credentialsOf('mine'), undefined, 'a secret alone is of no use')
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
  t.strictSame(secrets.credentialsOf('a1'), acme)
  t.strictSame(secrets.credentialsOf('b2'), { clientId: 'own', clientSecret: 'own-secret' })
  const empty = read(t, { credentialsFile: join(dir, 'empty') }).secrets
  t.equal(empty.credentialsOf('a1'), undefined)
  t.equal(empty.hasCredentials, true, 'a file that lists no account yet opens nothing')
  t.end()
})

test('a key is accepted if it is one of those given, any where none is', (t) => {
  const dir = t.testdir({ keys: 'one\r\n two ,three\n\n' })
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

test('what cannot be read at the start is refused by its variable’s name, and nothing of it is quoted', (t) => {
  const form = 'the file is not { "<account>": { "clientId", "clientSecret" } }'
  const dir = t.testdir({
    empty: ' \n',
    text: 'hunter2 {"clientSecret":"hunter2"',
    list: '["hunter2"]',
    account: '{"hunter2!":{"clientId":"a","clientSecret":"b"}}',
    proto: '{"__proto__":{"clientId":"a","clientSecret":"hunter2"}}',
    noSecret: '{"a1":{"clientId":"hunter2"}}',
    emptySecret: '{"a1":{"clientId":"hunter2","clientSecret":""}}',
    more: '{"a1":{"clientId":"a","clientSecret":"b","hunter2":"c"}}',
    directory: {},
  })
  const own = { accountId: 'mine', clientId: 'acme' }
  for (const [name, reason] of [
    ['missing', 'the file cannot be read'],
    ['directory', 'the file cannot be read'],
    ['empty', 'the file is not JSON'],
    ['text', 'the file is not JSON'],
    ['list', form],
    ['account', form],
    ['proto', form],
    ['noSecret', form],
    ['emptySecret', form],
    ['more', form],
  ] as const) {
    const refusal = refusalOf({ credentialsFile: join(dir, name) })
    t.equal(refusal, `Error: LP_CREDENTIALS_FILE: ${reason}`, name)
  }
  for (const [options, refusal] of [
    [{ ...own, clientSecretFile: 'missing' }, 'LP_CLIENT_SECRET_FILE: the file cannot be read'],
    [{ ...own, clientSecretFile: join(dir, 'empty') }, 'LP_CLIENT_SECRET_FILE: the file is empty'],
    [{ apiKeysFile: 'missing' }, 'API_KEYS_FILE: the file cannot be read'],
    [{ apiKeysFile: join(dir, 'empty') }, 'API_KEYS_FILE: there is no key'],
    [{ apiKeys: ' , ' }, 'API_KEYS: there is no key'],
  ] as const) {
    t.equal(refusalOf(options), `Error: ${refusal}`)
  }
  t.end()
})

test('a process whose file of credentials is bad does not start, and says why without the file’s words', async (t) => {
  const dir = t.testdir({ credentials: '{"a1":{"clientId":"acme","clientSecret":"hunter2"' })
  const server = fileURLToPath(new URL('../src/server.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, server], {
    env: { ...process.env, PORT: '0', LP_CREDENTIALS_FILE: join(dir, 'credentials') },
  })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  t.equal(code, 1)
  t.equal(output, '')
  t.equal(errors, 'liveengage-proxy: LP_CREDENTIALS_FILE: the file is not JSON\n')
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
  t.strictSame(secrets.credentialsOf('a1'), acme)
  t.strictSame(await after(() => publish('..2', JSON.stringify({ a1: zenith, b2: acme }))), [
    'good: LP_CREDENTIALS_FILE: the file was read again',
  ])
  t.strictSame(secrets.credentialsOf('a1'), zenith)
  t.strictSame(secrets.credentialsOf('b2'), acme)
})

test('a file that breaks leaves what it held in use, says so, and heals', async (t) => {
  const dir = t.testdir({ credentials: JSON.stringify({ a1: acme }) })
  const file = join(dir, 'credentials')
  const { secrets, after } = read(t, { credentialsFile: file })
  const kept = 'what it held before stays in use'
  for (const [change, reason] of [
    [() => put(file, '{"a1":"hunter2'), 'the file is not JSON'],
    [() => rmSync(file), 'the file cannot be read'],
  ] as const) {
    t.strictSame(await after(change), [
      `bad: LP_CREDENTIALS_FILE: the file changed and ${reason}; ${kept}`,
    ])
    t.strictSame(secrets.credentialsOf('a1'), acme)
  }
  t.strictSame(await after(() => put(file, JSON.stringify({ a1: zenith }))), [
    'good: LP_CREDENTIALS_FILE: the file was read again',
  ])
  t.strictSame(secrets.credentialsOf('a1'), zenith)
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
  t.strictSame(secrets.credentialsOf('mine'), { clientId: 'acme', clientSecret: 'newer' })
  await after(() => put(join(dir, 'keys'), 'two\nthree'))
  t.strictSame(
    ['one', 'two', 'three'].map((key) => secrets.acceptsKey(key)),
    [false, true, true],
  )
  t.strictSame(await after(() => put(join(dir, 'keys'), '\n')), [
    'bad: API_KEYS_FILE: the file changed and there is no key; what it held before stays in use',
  ])
  t.equal(secrets.acceptsKey('one'), false, 'an empty file does not open the proxy')
  t.equal(secrets.acceptsKey('three'), true)
})

test('a change right after the first look is not missed', async (t) => {
  const dir = t.testdir({ keys: 'one' })
  const file = join(dir, 'keys')
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => clearInterval(alive))
  const reports: string[] = []
  const secrets = new Secrets({ ...none, apiKeysFile: file }, (_isGood, _file, sentence) => {
    reports.push(sentence)
  })
  t.teardown(() => secrets.close())
  // Before the watcher has looked, so that it takes this for the first state.
  put(file, 'another')
  while (reports.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(secrets.acceptsKey('another'), true)
  t.equal(secrets.acceptsKey('one'), false)
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
  put(join(dir, 'keys'), 'first-key,second-key')
  put(join(dir, 'all'), JSON.stringify({ b2: sandboxCredentials }))
  const isLogged = (file: string) => logs.some((line) => line['file'] === file)
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
    msg: 'the file changed and the file is not JSON; what it held before stays in use',
  })
  t.equal((await send('b2', 'second-key')).status, 201)
})

/** The faults of an environment, none where it is valid. */
function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults
  }
}

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
    [{ ...own, LP_CLIENT_ID: '' }, ['LP_CLIENT_ID: must be set together with its secret']],
    [
      { ...own, LP_CLIENT_SECRET: '' },
      ['LP_CLIENT_SECRET: must be set together with LP_CLIENT_ID'],
    ],
    [
      { ...own, LP_CLIENT_SECRET_FILE: '/run/secret' },
      ['LP_CLIENT_SECRET: must not be set beside LP_CLIENT_SECRET_FILE'],
    ],
    [
      { LP_CLIENT_SECRET_FILE: '/run/secret' },
      ['LP_CLIENT_ID: must be set together with its secret'],
    ],
    [
      { API_KEYS: 'hunter2', API_KEYS_FILE: '/run/keys' },
      ['API_KEYS: must not be set beside API_KEYS_FILE'],
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
    'API_KEYS: must be set where the proxy has credentials and listens beyond loopback (or ALLOW_ANONYMOUS=true)',
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
      'Error: LP_CREDENTIALS_FILE: the file cannot be read',
      'API_KEYS: there is no key',
      'API_KEYS_FILE: the file cannot be read',
    ].join('\n  '),
  )
  t.end()
})
