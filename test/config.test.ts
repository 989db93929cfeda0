import t from 'tap'
import { ConfigError, Environment, loadConfig } from '../src/config.ts'

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

t.test('every variable has its documented default', async (t) => {
  const { allowedAccounts, ...config } = loadConfig({})
  t.equal(allowedAccounts, undefined)
  t.strictSame(config, {
    host: '127.0.0.1',
    port: 3000,
    accountId: undefined,
    clientId: undefined,
    clientSecret: undefined,
    clientSecretFile: undefined,
    credentialsFile: undefined,
    domainApiUrl: 'https://api.liveperson.net',
    allowedHosts: ['.liveperson.net'],
    domainTtlMs: 300_000,
    domainStaleMs: 86_400_000,
    clientFeatures: [],
    requestTimeoutMs: 10_000,
    connectTimeoutMs: 2_000,
    maxConnections: 128,
    maxQueue: 256,
    maxQueueMs: 1_000,
    maxAccountShare: 1,
    bodyLimitBytes: 65_536,
    fileLimitBytes: 3_145_728,
    maxUploads: 8,
    apiKeys: undefined,
    apiKeysFile: undefined,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 12_000,
    logLevel: 'info',
    docs: 'on',
    sandboxPort: undefined,
  })
})

t.test('an empty variable counts as not set', async (t) => {
  const empty = Object.fromEntries(Object.keys(Environment.properties).map((name) => [name, '']))
  t.strictSame(loadConfig(empty), loadConfig({}))
  t.strictSame(faultsOf({ ...empty, SANDBOX: 'true' }), [])
})

t.test('every variable arrives where it is used', async (t) => {
  const config = loadConfig({
    HOST: '0.0.0.0',
    PORT: '0',
    LP_ACCOUNT_ID: 'abc1',
    LP_ALLOWED_ACCOUNTS: 'abc1,other2',
    LP_CLIENT_ID: 'id',
    LP_CLIENT_SECRET: 'secret',
    LP_CREDENTIALS_FILE: '/credentials',
    LP_DOMAIN_API_URL: 'http://localhost:8080/',
    LP_ALLOWED_HOSTS: '.LivePerson.net,localhost:8080',
    LP_DOMAIN_TTL_SECONDS: '1',
    LP_DOMAIN_STALE_SECONDS: '0',
    LP_CLIENT_FEATURES: 'AUTO_MESSAGES,RICH_CONTENT',
    REQUEST_TIMEOUT_MS: '100',
    CONNECT_TIMEOUT_MS: '50',
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '2',
    MAX_QUEUE_MS: '3',
    MAX_ACCOUNT_SHARE: '0.5',
    BODY_LIMIT_BYTES: '1024',
    FILE_LIMIT_BYTES: '2048',
    MAX_UPLOADS: '1',
    API_KEYS: 'one,two',
    SHUTDOWN_DELAY_MS: '5',
    SHUTDOWN_TIMEOUT_MS: '100',
    LOG_LEVEL: 'silent',
    DOCS: 'off',
  })
  t.strictSame(config, {
    host: '0.0.0.0',
    port: 0,
    accountId: 'abc1',
    allowedAccounts: new Set(['abc1', 'other2']),
    clientId: 'id',
    clientSecret: 'secret',
    clientSecretFile: undefined,
    credentialsFile: '/credentials',
    domainApiUrl: 'http://localhost:8080',
    allowedHosts: ['.liveperson.net', 'localhost:8080'],
    domainTtlMs: 1_000,
    domainStaleMs: 0,
    clientFeatures: ['AUTO_MESSAGES', 'RICH_CONTENT'],
    requestTimeoutMs: 100,
    connectTimeoutMs: 50,
    maxConnections: 1,
    maxQueue: 2,
    maxQueueMs: 3,
    maxAccountShare: 0.5,
    bodyLimitBytes: 1_024,
    fileLimitBytes: 2_048,
    maxUploads: 1,
    apiKeys: 'one,two',
    apiKeysFile: undefined,
    shutdownDelayMs: 5,
    shutdownTimeoutMs: 100,
    logLevel: 'silent',
    docs: 'off',
    sandboxPort: undefined,
  })
  const files = { LP_ACCOUNT_ID: 'a', LP_CLIENT_ID: 'id', LP_CLIENT_SECRET_FILE: '/s' }
  t.match(loadConfig({ ...files, API_KEYS_FILE: '/k' }), {
    clientSecretFile: '/s',
    apiKeysFile: '/k',
  })
  t.equal(loadConfig({ SANDBOX: 'true' }).sandboxPort, 3001)
  t.equal(loadConfig({ SANDBOX: 'true', SANDBOX_PORT: '0' }).sandboxPort, 0)
})

t.test('accounts are allowed by a list, which must hold the default one', async (t) => {
  t.equal(loadConfig({ LP_ACCOUNT_ID: 'a' }).allowedAccounts, undefined)
  t.strictSame(loadConfig({ LP_ALLOWED_ACCOUNTS: 'a,b' }).allowedAccounts, new Set(['a', 'b']))
  t.strictSame(faultsOf({ LP_ACCOUNT_ID: 'c', LP_ALLOWED_ACCOUNTS: 'a,b' }), [
    'LP_ALLOWED_ACCOUNTS: must contain LP_ACCOUNT_ID',
  ])
})

t.test('an account’s share is a decimal from 0.01 to 1', async (t) => {
  for (const value of ['0.01', '0.5', '1', '1.0']) {
    t.strictSame(faultsOf({ MAX_ACCOUNT_SHARE: value }), [], value)
  }
  for (const value of ['0', '0.009', '1.1', '2', '.5', '1e-1', '50%', '-0.5', '0,5']) {
    t.strictSame(
      faultsOf({ MAX_ACCOUNT_SHARE: value }),
      ['MAX_ACCOUNT_SHARE: must be a number from 0.01 to 1'],
      value,
    )
  }
})

t.test('every number has its bounds', async (t) => {
  const bounds: [string, number, number][] = [
    ['PORT', 0, 65_535],
    ['SANDBOX_PORT', 0, 65_535],
    ['LP_DOMAIN_TTL_SECONDS', 1, 86_400],
    ['LP_DOMAIN_STALE_SECONDS', 0, 604_800],
    ['REQUEST_TIMEOUT_MS', 100, 120_000],
    ['CONNECT_TIMEOUT_MS', 50, 60_000],
    ['MAX_CONNECTIONS', 1, 4_096],
    ['MAX_QUEUE', 0, 65_536],
    ['MAX_QUEUE_MS', 1, 60_000],
    ['BODY_LIMIT_BYTES', 1_024, 1_048_576],
    ['FILE_LIMIT_BYTES', 1_024, 3_145_728],
    ['MAX_UPLOADS', 1, 1_024],
    ['SHUTDOWN_DELAY_MS', 0, 120_000],
    ['SHUTDOWN_TIMEOUT_MS', 100, 300_000],
  ]
  for (const [name, least, most] of bounds) {
    // A delay has to fit into the whole.
    const roomy = { SHUTDOWN_TIMEOUT_MS: '300000' }
    for (const value of [least, most]) {
      t.strictSame(faultsOf({ ...roomy, [name]: String(value) }), [], name)
    }
    const wrong = [
      least - 1,
      most + 1,
      '1e3',
      '0x10',
      '5.0',
      ' 5',
      '5 ',
      'five',
      '99999999999999999999',
    ]
    for (const value of wrong) {
      t.strictSame(
        faultsOf({ ...roomy, [name]: String(value) }),
        [`${name}: must be an integer from ${least} to ${most}`],
        `${name}=${value}`,
      )
    }
  }
})

t.test('a shutdown must leave time after its delay', async (t) => {
  t.strictSame(faultsOf({ SHUTDOWN_DELAY_MS: '20000' }), [
    'SHUTDOWN_TIMEOUT_MS: must be more than SHUTDOWN_DELAY_MS',
  ])
})

t.test('every wrong name is listed at once, and no value is shown', async (t) => {
  const secret = 'hunter2 /\n$ecret'
  // Any text may be a host, an id, a secret, a key or a path.
  const isFree = /^(HOST|LP_CLIENT_(ID|SECRET|SECRET_FILE)|LP_CREDENTIALS_FILE|API_KEYS(_FILE)?)$/
  const checked = Object.keys(Environment.properties).filter((name) => !isFree.test(name))
  const env = Object.fromEntries(checked.map((name) => [name, secret]))
  const faults = faultsOf(env)
  t.strictSame([...new Set(faults.map((fault) => fault.split(':', 1)[0]))], checked)
  const error = new ConfigError(faults)
  t.notMatch(error.message, /hunter2|ecret/)
  t.match(error.message, /^The environment is not valid:\n {2}PORT: must be an integer/)
  t.match(faults, [
    'PORT: must be an integer from 0 to 65535',
    /^LP_ACCOUNT_ID: must be text that matches \^\[A-Za-z0-9\]/,
  ])
  t.ok(faults.includes('SANDBOX: must be true or false'))
  t.ok(faults.includes('DOCS: must be one of on, spec, off'))
})

t.test('words have to be written as documented', async (t) => {
  const wrong: [string, string][] = [
    ['SANDBOX', 'TRUE'],
    ['SANDBOX', '1'],
    ['SANDBOX', 'yes'],
    ['LOG_LEVEL', 'INFO'],
    ['LOG_LEVEL', 'toString'],
    ['DOCS', 'true'],
    ['LP_ACCOUNT_ID', 'a'.repeat(33)],
    ['LP_ACCOUNT_ID', 'a/b'],
    ['LP_ACCOUNT_ID', 'a\n'],
    ['LP_ALLOWED_ACCOUNTS', 'a, b'],
    ['LP_ALLOWED_ACCOUNTS', 'a,'],
    ['LP_ALLOWED_HOSTS', '.liveperson.net/x'],
    ['LP_ALLOWED_HOSTS', 'https://liveperson.net'],
    ['LP_ALLOWED_HOSTS', '*'],
    ['LP_CLIENT_FEATURES', 'auto_messages'],
  ]
  for (const [name, value] of wrong) {
    t.match(faultsOf({ [name]: value }), [new RegExp(`^${name}: must be `)], `${name}=${value}`)
  }
})

t.test('the Domain API is reached by https, or by http on a loopback host', async (t) => {
  const right = [
    'https://api.liveperson.net',
    'https://api.liveperson.net/',
    'https://api.liveperson.net:8443',
    'http://localhost',
    'http://localhost:3001',
    'http://localhost:3001/',
    'http://127.0.0.1:3001',
    'http://127.1.2.3',
    'http://[::1]:3001',
  ]
  for (const url of right) t.strictSame(faultsOf({ LP_DOMAIN_API_URL: url }), [], url)
  const wrong = [
    'http://api.liveperson.net',
    'http://10.0.0.1',
    'http://localhost@evil.com',
    'http://localhost:80@evil.com',
    'http://user:pass@localhost',
    'http://localhost.evil.com',
    'http://127.0.0.1.evil.com',
    'http://127.0.0.1evil.com',
    'http://0.0.0.0',
    'http://evil.com/http://localhost',
    'http://evil.com#localhost',
    'http://evil.com?localhost',
    'http://evil.com\\@localhost',
    'http://localhost/path',
    'https://api.liveperson.net/path',
    'https://api.liveperson.net?x=1',
    'https://user@api.liveperson.net',
    'https://api.liveperson.net\n',
    'https://api.liveperson.net:99999',
    'http://127.999.0.1',
    'ftp://localhost',
    'localhost',
    '//localhost',
    'https://',
    'https://...',
  ]
  for (const url of wrong) {
    const names = faultsOf({ LP_DOMAIN_API_URL: url }).map((fault) => fault.split(':', 1)[0])
    t.strictSame([...new Set(names)], ['LP_DOMAIN_API_URL'], url)
  }
})

t.test('unverified TLS is refused', async (t) => {
  t.strictSame(faultsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }), [
    'NODE_TLS_REJECT_UNAUTHORIZED: must not be 0; tokens go over verified TLS only',
  ])
  t.strictSame(faultsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '1' }), [])
})

t.test('the sandbox takes no setting that would point at LivePerson, or seem to', async (t) => {
  const barred: [string, string][] = [
    ['LP_ACCOUNT_ID', 'a'],
    ['LP_CLIENT_ID', 'a'],
    ['LP_CLIENT_SECRET', 'a'],
    ['LP_CLIENT_SECRET_FILE', '/a'],
    ['LP_CREDENTIALS_FILE', '/a'],
    ['LP_DOMAIN_API_URL', 'https://api.liveperson.net'],
  ]
  for (const [name, value] of barred) {
    const fault = `${name}: must not be set together with SANDBOX=true`
    t.ok(faultsOf({ SANDBOX: 'true', [name]: value }).includes(fault), name)
    t.notOk(faultsOf({ SANDBOX: 'false', [name]: value }).includes(fault), name)
  }
})
