import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/config.ts'
import { Environment } from '../../src/config/environment.ts'
import { faultsOf } from './faults.ts'

t.test('every variable has its documented default', async (t) => {
  const { allowedAccounts, ...config } = loadConfig({})
  t.equal(allowedAccounts, undefined)
  t.strictSame(config, {
    host: '127.0.0.1',
    port: 3000,
    allowedHostnames: new Set(),
    publicUrl: undefined,
    accountId: undefined,
    clientId: undefined,
    clientSecret: undefined,
    clientSecretFile: undefined,
    previousClientSecret: undefined,
    previousClientSecretFile: undefined,
    credentialsFile: undefined,
    domainApiUrl: 'https://api.liveperson.net',
    allowedHosts: ['.liveperson.net'],
    domainTtlMs: 300_000,
    domainStaleMs: 86_400_000,
    clientFeatures: [],
    requestTimeoutMs: 10_000,
    connectTimeoutMs: 2_000,
    egress: { httpsProxy: undefined, httpProxy: undefined, noProxy: [] },
    maxConnections: 128,
    maxQueue: 256,
    maxQueueMs: 1_000,
    maxAccountShare: 1,
    messageOrder: 'arrival',
    bodyLimitBytes: 65_536,
    fileLimitBytes: 3_145_728,
    maxUploads: 8,
    apiKeys: undefined,
    apiKeysFile: undefined,
    stateUrl: undefined,
    stateUrlFile: undefined,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 12_000,
    adminHost: '0.0.0.0',
    adminPort: undefined,
    webhookHost: '0.0.0.0',
    webhookPort: undefined,
    webhookBodyLimitBytes: 1_048_576,
    webhookMaxInFlight: 64,
    eventsUrl: undefined,
    eventsAllowedHttpHosts: [],
    eventsSecret: undefined,
    eventsSecretFile: undefined,
    eventsTimeoutMs: 2_000,
    eventsInclude: new Set(),
    eventsExclude: new Set(),
    logLevel: 'info',
    docs: 'on',
    sandboxPort: undefined,
    isSandboxStrict: false,
    sandboxWebhookUrl: undefined,
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
    ALLOWED_HOSTNAMES: 'Proxy.internal,my_laptop',
    PUBLIC_URL: 'https://api.example.com/liveengage',
    LP_ACCOUNT_ID: 'abc1',
    LP_ALLOWED_ACCOUNTS: 'abc1,other2',
    LP_CLIENT_ID: 'id',
    LP_CLIENT_SECRET: 'secret',
    LP_PREVIOUS_CLIENT_SECRET: 'former',
    LP_CREDENTIALS_FILE: '/credentials',
    LP_DOMAIN_API_URL: 'http://localhost:8080/',
    LP_ALLOWED_HOSTS: '.LivePerson.net,localhost:8080',
    LP_DOMAIN_TTL_SECONDS: '1',
    LP_DOMAIN_STALE_SECONDS: '0',
    LP_CLIENT_FEATURES: 'AUTO_MESSAGES,RICH_CONTENT',
    REQUEST_TIMEOUT_MS: '100',
    CONNECT_TIMEOUT_MS: '50',
    HTTPS_PROXY: 'http://a.test:3128',
    HTTP_PROXY: 'http://b.test:3128',
    NO_PROXY: 'x.test,.y.test',
    MAX_CONNECTIONS: '1',
    MAX_QUEUE: '2',
    MAX_QUEUE_MS: '3',
    MAX_ACCOUNT_SHARE: '0.5',
    MESSAGE_ORDER: 'none',
    BODY_LIMIT_BYTES: '1024',
    FILE_LIMIT_BYTES: '2048',
    MAX_UPLOADS: '1',
    API_KEYS: 'one,two',
    STATE_URL: 'rediss://:p%20w@store.test:6380/2',
    SHUTDOWN_DELAY_MS: '5',
    SHUTDOWN_TIMEOUT_MS: '100',
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    WEBHOOK_HOST: '127.0.0.1',
    WEBHOOK_PORT: '0',
    WEBHOOK_BODY_LIMIT_BYTES: '65536',
    WEBHOOK_MAX_IN_FLIGHT: '1',
    EVENTS_URL: 'http://app:8080/events',
    EVENTS_ALLOWED_HTTP_HOSTS: 'App:8080',
    EVENTS_SECRET: 'whsec_',
    EVENTS_TIMEOUT_MS: '100',
    EVENTS_INCLUDE: 'consumer,internal',
    EVENTS_EXCLUDE: 'chat_state.updated',
    LOG_LEVEL: 'silent',
    DOCS: 'off',
    SANDBOX_STRICT: 'true',
    SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:8080/',
  })
  t.strictSame(config, {
    host: '0.0.0.0',
    port: 0,
    allowedHostnames: new Set(['proxy.internal', 'my_laptop']),
    publicUrl: 'https://api.example.com/liveengage/',
    accountId: 'abc1',
    allowedAccounts: new Set(['abc1', 'other2']),
    clientId: 'id',
    clientSecret: 'secret',
    clientSecretFile: undefined,
    previousClientSecret: 'former',
    previousClientSecretFile: undefined,
    credentialsFile: '/credentials',
    domainApiUrl: 'http://localhost:8080',
    allowedHosts: ['.liveperson.net', 'localhost:8080'],
    domainTtlMs: 1_000,
    domainStaleMs: 0,
    clientFeatures: ['AUTO_MESSAGES', 'RICH_CONTENT'],
    requestTimeoutMs: 100,
    connectTimeoutMs: 50,
    egress: {
      httpsProxy: 'http://a.test:3128',
      httpProxy: 'http://b.test:3128',
      noProxy: ['x.test', '.y.test'],
    },
    maxConnections: 1,
    maxQueue: 2,
    maxQueueMs: 3,
    maxAccountShare: 0.5,
    messageOrder: 'none',
    bodyLimitBytes: 1_024,
    fileLimitBytes: 2_048,
    maxUploads: 1,
    apiKeys: 'one,two',
    apiKeysFile: undefined,
    stateUrl: 'rediss://:p%20w@store.test:6380/2',
    stateUrlFile: undefined,
    shutdownDelayMs: 5,
    shutdownTimeoutMs: 100,
    adminHost: '127.0.0.1',
    adminPort: 0,
    webhookHost: '127.0.0.1',
    webhookPort: 0,
    webhookBodyLimitBytes: 65_536,
    webhookMaxInFlight: 1,
    eventsUrl: 'http://app:8080/events',
    eventsAllowedHttpHosts: ['app:8080'],
    eventsSecret: 'whsec_',
    eventsSecretFile: undefined,
    eventsTimeoutMs: 100,
    eventsInclude: new Set(['consumer', 'internal']),
    eventsExclude: new Set(['chat_state.updated']),
    logLevel: 'silent',
    docs: 'off',
    sandboxPort: undefined,
    isSandboxStrict: true,
    sandboxWebhookUrl: 'http://127.0.0.1:8080/',
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
    ['ADMIN_PORT', 0, 65_535],
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
      const also = /^ | $/.test(String(value)) ? ', and must not begin or end with a blank' : ''
      t.strictSame(
        faultsOf({ ...roomy, [name]: String(value) }),
        [`${name}: must be an integer from ${least} to ${most}${also}`],
        `${name}=${value}`,
      )
    }
  }
})

t.test('a variable with an invalid value is reported once', async (t) => {
  for (const name of [
    ...['EVENTS_URL', 'LP_DOMAIN_API_URL', 'PUBLIC_URL', 'SANDBOX_WEBHOOK_URL', 'STATE_URL'],
    ...['HTTPS_PROXY', 'HTTP_PROXY'],
  ]) {
    const [fault, ...others] = faultsOf({ [name]: 'none' })
    t.match(fault, new RegExp(`^${name}: must be a.* URL.*, for example`))
    t.strictSame(others, [], name)
  }
})

t.test('a shutdown must leave time after its delay', async (t) => {
  t.strictSame(faultsOf({ SHUTDOWN_DELAY_MS: '20000' }), [
    'SHUTDOWN_TIMEOUT_MS: must be longer than SHUTDOWN_DELAY_MS',
  ])
})

t.test('two listeners need two ports', async (t) => {
  t.strictSame(faultsOf({ PORT: '3000', ADMIN_PORT: '3000' }), ['ADMIN_PORT: must not be PORT'])
  t.strictSame(faultsOf({ PORT: '0', ADMIN_PORT: '0' }), [], 'any two free ones differ')
})

t.test('every wrong name is listed at once, and no value is shown', async (t) => {
  const secret = 'hunter2 /\n$ecret'
  // Any text may be a path. What is between the commas of a list of secrets is looked at with the files.
  const isFree =
    /^(NO_PROXY|(LP_CLIENT|LP_PREVIOUS_CLIENT)_SECRET_FILE|EVENTS_SECRET(_FILE)?|LP_CREDENTIALS_FILE|API_KEYS(_FILE)?|STATE_URL_FILE)$/
  const checked = Object.keys(Environment.properties).filter((name) => !isFree.test(name))
  const env = { ...Object.fromEntries(checked.map((name) => [name, secret])), API_KEYS: secret }
  const faults = faultsOf(env)
  t.strictSame([...new Set(faults.map((fault) => fault.split(':', 1)[0]))], checked)
  const error = new ConfigError(faults)
  t.notMatch(error.message, /hunter2|ecret/)
  t.match(error.message, /^The environment is invalid:\n {2}HOST: must be an address or a name/)
  t.match(faults, [
    'HOST: must be an address or a name without a port, for example 127.0.0.1 or ::, and must not have a line break',
    'PORT: must be an integer from 0 to 65535',
    /^ALLOWED_HOSTNAMES: must be names of at most 253 characters/,
    /^PUBLIC_URL: must be an http or https URL without query and fragment/,
    'LP_ACCOUNT_ID: must be 1 to 32 letters and digits, for example 12345678',
  ])
  t.ok(faults.includes('SANDBOX: must be true or false, and must not have a line break'))
  t.ok(faults.includes('DOCS: must be one of on, spec, off, and must not have a line break'))
})

t.test('PUBLIC_URL is an http or https URL without query, fragment and user', async (t) => {
  for (const url of [
    'api.example.com',
    'ftp://api.example.com',
    'https://user@api.example.com',
    'https://api.example.com?a=b',
    'https://api.example.com/#a',
    'https://',
    'https://api.example.com:x',
    'https://api.example.com/a b',
    'https://api.example.com/"',
  ]) {
    t.match(faultsOf({ PUBLIC_URL: url }), [/^PUBLIC_URL: /], url)
  }
  t.match(faultsOf({ PUBLIC_URL: 'http://api.example.com:99999' }), ['PUBLIC_URL: must be a URL'])
  for (const [url, becomes] of [
    ['http://localhost:8080', 'http://localhost:8080/'],
    ['http://[::1]:8080/', 'http://[::1]:8080/'],
    ['https://api.example.com/a/b//', 'https://api.example.com/a/b/'],
  ] as const) {
    t.equal(loadConfig({ PUBLIC_URL: url }).publicUrl, becomes)
  }
})

t.test('a listener’s host is an address or a name, and brackets are taken off', async (t) => {
  for (const [given, host] of [
    ['[::1]', '::1'],
    ['::', '::'],
    ['[::]', '::'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['0.0.0.0', '0.0.0.0'],
    ['localhost', 'localhost'],
    ['my_host.internal', 'my_host.internal'],
  ] as const) {
    t.equal(loadConfig({ HOST: given }).host, host)
    t.equal(loadConfig({ ADMIN_HOST: given }).adminHost, host)
    t.equal(loadConfig({ WEBHOOK_HOST: given }).webhookHost, host)
  }
  const fault = 'HOST: must be an address or a name without a port, for example 127.0.0.1 or ::'
  for (const HOST of [
    'localhost:3000',
    '127.0.0.1:3000',
    '[::1]:3000',
    'http://localhost',
    '127.0.0.999',
    '0',
    'no such host',
    '*',
    '[]',
  ]) {
    t.strictSame(faultsOf({ HOST }), [fault], HOST)
  }
  for (const HOST of ['127.0.0.1 ', ' localhost', '\tlocalhost']) {
    t.strictSame(faultsOf({ HOST }), [`${fault}, and must not begin or end with a blank`], HOST)
  }
  t.match(faultsOf({ HOST: '127.0.0.1\n' }), [/, and must not have a line break$/])
  t.match(faultsOf({ PORT: '"3000"' }), [/, and must not be in quotes, which docker/])
})

t.test('an id and a secret are refused where they cannot be what LivePerson gave', async (t) => {
  const own = { LP_ACCOUNT_ID: 'mine', LP_CLIENT_ID: 'acme', LP_CLIENT_SECRET: 'acme-secret' }
  for (const name of ['LP_CLIENT_ID', 'LP_CLIENT_SECRET', 'LP_PREVIOUS_CLIENT_SECRET']) {
    for (const [value, fault] of [
      ['hunter2\n', 'must not have a line break'],
      ['hunter2\r', 'must not have a line break'],
      [' hunter2', 'must not begin or end with a blank'],
      [
        "'hunter2'",
        'must not be in quotes, which docker --env-file and files keep as a part of it',
      ],
      ['hunter2é', 'must have visible ASCII characters only'],
    ] as const) {
      t.strictSame(faultsOf({ ...own, [name]: value }), [`${name}: ${fault}`], name)
    }
    t.strictSame(faultsOf({ ...own, [name]: 'a "b\' c' }), [])
  }
})

t.test('SANDBOX_WEBHOOK_URL is an http or https URL', async (t) => {
  t.match(faultsOf({ SANDBOX_WEBHOOK_URL: 'app:8080' }), [/^SANDBOX_WEBHOOK_URL: must be an http/])
  t.strictSame(faultsOf({ SANDBOX_WEBHOOK_URL: 'http://a:99999' }), [
    'SANDBOX_WEBHOOK_URL: must be a URL',
  ])
})

t.test('STATE_URL is a redis or rediss URL, from the variable or from a file', async (t) => {
  for (const url of [
    'store.test:6379',
    'http://store.test',
    'redis://',
    'redis://a b@store.test',
    'redis://store.test/db',
    'redis://store.test?a=b',
  ]) {
    t.match(faultsOf({ STATE_URL: url }), [/^STATE_URL: must be a redis or rediss URL/], url)
  }
  for (const url of ['redis://store.test:99999', 'redis://:%ff@store.test']) {
    t.strictSame(faultsOf({ STATE_URL: url }), ['STATE_URL: must be a URL'], url)
  }
  for (const url of ['redis://[::1]:6379', 'rediss://user:p@store.test/1', 'redis://store.test']) {
    t.equal(loadConfig({ STATE_URL: url }).stateUrl, url)
  }
  t.strictSame(faultsOf({ STATE_URL: 'redis://store.test', STATE_URL_FILE: '/a' }), [
    'STATE_URL: must not be set together with STATE_URL_FILE',
  ])
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
    'NODE_TLS_REJECT_UNAUTHORIZED: must not be 0, since tokens are sent over verified TLS only',
  ])
  t.strictSame(faultsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '1' }), [])
})

t.test('the sandbox takes no setting that would point at LivePerson, or seem to', async (t) => {
  const barred: [string, string][] = [
    ['LP_ACCOUNT_ID', 'a'],
    ['LP_CLIENT_ID', 'a'],
    ['LP_CLIENT_SECRET', 'a'],
    ['LP_CLIENT_SECRET_FILE', '/a'],
    ['LP_PREVIOUS_CLIENT_SECRET', 'a'],
    ['LP_PREVIOUS_CLIENT_SECRET_FILE', '/a'],
    ['LP_CREDENTIALS_FILE', '/a'],
    ['LP_DOMAIN_API_URL', 'https://api.liveperson.net'],
  ]
  for (const [name, value] of barred) {
    const fault = `${name}: must not be set together with SANDBOX=true`
    t.strictSame(
      faultsOf({ SANDBOX: 'true', [name]: value }),
      [fault],
      'nothing that it would need',
    )
    t.strictSame(faultsOf({ SANDBOX: 'true', [name]: ' a\n' }), [fault], 'nothing of its form')
    t.notOk(faultsOf({ SANDBOX: 'false', [name]: value }).includes(fault), name)
  }
})

t.test('an egress proxy may be named in lower case, which wins', async (t) => {
  const upper = { HTTPS_PROXY: 'http://a.test', HTTP_PROXY: 'http://b.test', NO_PROXY: 'x.test' }
  const lower = { https_proxy: 'http://c.test', http_proxy: '', no_proxy: '*' }
  t.strictSame(loadConfig({ ...upper, ...lower }).egress, {
    httpsProxy: 'http://c.test',
    httpProxy: 'http://b.test',
    noProxy: ['*'],
  })
})

t.test(
  'an egress proxy that cannot be used is refused at the start, without its password',
  async (t) => {
    for (const proxy of [
      ...['socks5://user:hunter2@a.test:1080', 'a.test:3128', 'http://', 'http://a.test/path'],
      ...['http://a.test:hunter2', 'http://user:hunter2@a.test?x', 'http://a b.test'],
    ]) {
      const faults = faultsOf({ https_proxy: proxy }).join('\n')
      t.match(faults, /^HTTPS_PROXY: must be (an http or https URL without a path|a URL)/)
      t.notMatch(faults, /hunter2/)
    }
  },
)
