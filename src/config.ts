/** The environment: every variable, its bounds and its default. */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { StringEnum } from './string-enum.ts'

/** One property per environment variable; README's table and `.env.example` are compared with it. */
export const Environment = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description: 'Address to listen on. The image sets `0.0.0.0`',
  }),
  PORT: Type.Integer({
    default: 3000,
    minimum: 0,
    maximum: 65535,
    description: 'Port to listen on; `0` takes any free one',
  }),
  LP_ACCOUNT_ID: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9]{1,32}$',
      description: 'Account of requests without `X-LP-Account-Id`',
    }),
  ),
  LP_ALLOWED_ACCOUNTS: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9]{1,32}(,[A-Za-z0-9]{1,32})*$',
      description:
        'Accounts that may be used, separated by commas. Without it the default account and those with credentials; any, if there is neither',
    }),
  ),
  LP_CLIENT_ID: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Client id of the default account’s app installation',
    }),
  ),
  LP_CLIENT_SECRET: Type.Optional(Type.String({ minLength: 1, description: 'Its secret' })),
  LP_CLIENT_SECRET_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'A file that holds it instead; read again when it changes',
    }),
  ),
  LP_CREDENTIALS_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'JSON file of several accounts: `{ "<account>": { "clientId", "clientSecret" } }`; read again when it changes',
    }),
  ),
  LP_DOMAIN_API_URL: Type.String({
    default: 'https://api.liveperson.net',
    pattern: '^https?://([A-Za-z0-9][A-Za-z0-9.-]*|\\[::1\\])(:[0-9]{1,5})?/?$',
    description:
      'The Domain API. `http` only for a loopback host; its scheme is the scheme of every upstream call',
  }),
  LP_ALLOWED_HOSTS: Type.String({
    default: '.liveperson.net',
    pattern: '^[A-Za-z0-9.-]+(:[0-9]{1,5})?(,[A-Za-z0-9.-]+(:[0-9]{1,5})?)*$',
    description: 'Hosts that may get tokens: `.suffix`, `host` or `host:port`, separated by commas',
  }),
  LP_DOMAIN_TTL_SECONDS: Type.Integer({
    default: 300,
    minimum: 1,
    maximum: 86400,
    description: 'How long a looked-up host is used before it is looked up again',
  }),
  LP_DOMAIN_STALE_SECONDS: Type.Integer({
    default: 86400,
    minimum: 0,
    maximum: 604800,
    description: 'How long a host is still used after that while the Domain API fails',
  }),
  LP_CLIENT_FEATURES: Type.Optional(
    Type.String({
      pattern: '^[A-Z_]{1,64}(,[A-Z_]{1,64})*$',
      description:
        'Features for the `Client-Properties` header of requests that bring none, e.g. `AUTO_MESSAGES,RICH_CONTENT`',
    }),
  ),
  REQUEST_TIMEOUT_MS: Type.Integer({
    default: 10000,
    minimum: 100,
    maximum: 120000,
    description: 'The whole time of one request, look-ups and resends included',
  }),
  CONNECT_TIMEOUT_MS: Type.Integer({
    default: 2000,
    minimum: 50,
    maximum: 60000,
    description: 'The time to open one connection to LiveEngage',
  }),
  MAX_CONNECTIONS: Type.Integer({
    default: 128,
    minimum: 1,
    maximum: 4096,
    description: 'Requests in flight, and connections, to one LiveEngage host',
  }),
  MAX_QUEUE: Type.Integer({
    default: 256,
    minimum: 0,
    maximum: 65536,
    description:
      'Requests that wait for one of them; the next is a 503 `overloaded`. Chat states wait only while a quarter of it is in use, receipts and profiles half',
  }),
  MAX_QUEUE_MS: Type.Integer({
    default: 1000,
    minimum: 1,
    maximum: 60000,
    description: 'How long one waits',
  }),
  MAX_ACCOUNT_SHARE: Type.Number({
    default: 1,
    minimum: 0.01,
    maximum: 1,
    description:
      'The share of both that one account may hold, for proxies that serve several, e.g. `0.5`',
  }),
  BODY_LIMIT_BYTES: Type.Integer({
    default: 65536,
    minimum: 1024,
    maximum: 1048576,
    description: 'The largest JSON body',
  }),
  FILE_LIMIT_BYTES: Type.Integer({
    default: 3145728,
    minimum: 1024,
    maximum: 3145728,
    description: 'The largest file; LiveEngage takes 3 MB',
  }),
  MAX_UPLOADS: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 1024,
    description: 'Files uploaded at a time; each is held in memory once',
  }),
  API_KEYS: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Keys of this proxy, separated by commas; callers send one in `X-API-Key`',
    }),
  ),
  API_KEYS_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'A file that holds them instead, one a line; read again when it changes',
    }),
  ),
  ALLOW_ANONYMOUS: Type.Boolean({
    default: false,
    description:
      '`true` starts with own credentials on a non-loopback `HOST` without any key: whoever reaches it may send',
  }),
  SHUTDOWN_DELAY_MS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 120000,
    description: 'How long it goes on serving after SIGTERM while `/readyz` says 503',
  }),
  SHUTDOWN_TIMEOUT_MS: Type.Integer({
    default: 12000,
    minimum: 100,
    maximum: 300000,
    description: 'When the process ends at the latest after SIGTERM',
  }),
  LOG_LEVEL: StringEnum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'The least level that is logged',
  }),
  DOCS: StringEnum(['on', 'spec', 'off'], {
    default: 'on',
    description:
      '`on`: Swagger UI and documents; `spec`: the OpenAPI documents alone; `off`: neither',
  }),
  SANDBOX: Type.Boolean({
    default: false,
    description: '`true` runs an embedded LiveEngage and talks to nothing else',
  }),
  SANDBOX_PORT: Type.Integer({
    default: 3001,
    minimum: 0,
    maximum: 65535,
    description: 'Port of the embedded LiveEngage; `0` takes any free one',
  }),
})
export type Environment = Static<typeof Environment>

export type Config = {
  host: string
  port: number
  accountId: string | undefined
  /** Undefined: the default account and those with credentials; any, if there is neither. */
  allowedAccounts: ReadonlySet<string> | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  clientSecretFile: string | undefined
  credentialsFile: string | undefined
  domainApiUrl: string
  allowedHosts: readonly string[]
  domainTtlMs: number
  domainStaleMs: number
  clientFeatures: readonly string[]
  requestTimeoutMs: number
  connectTimeoutMs: number
  maxConnections: number
  maxQueue: number
  maxQueueMs: number
  maxAccountShare: number
  bodyLimitBytes: number
  fileLimitBytes: number
  maxUploads: number
  /** As they are written in the variable. */
  apiKeys: string | undefined
  apiKeysFile: string | undefined
  shutdownDelayMs: number
  shutdownTimeoutMs: number
  logLevel: Environment['LOG_LEVEL']
  docs: Environment['DOCS']
  /** The port of the embedded LiveEngage, if there is to be one. */
  sandboxPort: number | undefined
}

/** What is wrong with the environment: one line per variable, names only. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The environment is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/** Names that would point a sandboxed proxy at LivePerson, or seem to. */
const barredWithSandbox = [
  'LP_ACCOUNT_ID',
  'LP_CLIENT_ID',
  'LP_CLIENT_SECRET',
  'LP_CLIENT_SECRET_FILE',
  'LP_CREDENTIALS_FILE',
  'LP_DOMAIN_API_URL',
]

/** Reads the configuration. An empty variable counts as not set. @throws ConfigError naming every wrong variable, showing no value */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries<TSchema>(Environment.properties)) {
    const raw = env[name]
    const value = raw === undefined || raw === '' ? schema['default'] : decode(schema, raw)
    if (value === undefined) continue
    values[name] = value
    if (!Value.Check(schema, value)) faults.push(`${name}: must be ${expectation(schema)}`)
  }
  faults.push(...contradictions(env, values))
  if (faults.length > 0 || !Value.Check(Environment, values)) throw new ConfigError(faults)
  return fromEnvironment(values)
}

function decode(schema: TSchema, raw: string): unknown {
  if (schema['type'] === 'integer' && /^[0-9]{1,9}$/.test(raw)) return Number(raw)
  if (schema['type'] === 'number' && /^[01](\.[0-9]{1,9})?$/.test(raw)) return Number(raw)
  if (schema['type'] === 'boolean' && /^(true|false)$/.test(raw)) return raw === 'true'
  return raw
}

function expectation(schema: TSchema): string {
  if (schema['type'] === 'integer')
    return `an integer from ${schema['minimum']} to ${schema['maximum']}`
  if (schema['type'] === 'number')
    return `a number from ${schema['minimum']} to ${schema['maximum']}`
  if (schema['type'] === 'boolean') return 'true or false'
  if (schema['enum'] !== undefined) return `one of ${schema['enum'].join(', ')}`
  return `text that matches ${schema['pattern']}`
}

/** What no schema of one variable can say. */
function contradictions(
  env: Readonly<Record<string, string | undefined>>,
  values: Readonly<Record<string, unknown>>,
): string[] {
  const faults: string[] = []
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    faults.push('NODE_TLS_REJECT_UNAUTHORIZED: must not be 0; tokens go over verified TLS only')
  }
  const domainApiUrl = String(values['LP_DOMAIN_API_URL'])
  if (!URL.canParse(domainApiUrl)) faults.push('LP_DOMAIN_API_URL: must be a URL')
  if (isPlainHttpBeyondLoopback(domainApiUrl)) {
    faults.push('LP_DOMAIN_API_URL: must be https, or http to a loopback host')
  }
  const { SHUTDOWN_DELAY_MS: delayMs, SHUTDOWN_TIMEOUT_MS: timeoutMs } = values
  if (typeof delayMs === 'number' && typeof timeoutMs === 'number' && timeoutMs <= delayMs) {
    faults.push('SHUTDOWN_TIMEOUT_MS: must be more than SHUTDOWN_DELAY_MS')
  }
  const accounts = values['LP_ALLOWED_ACCOUNTS']
  const account = values['LP_ACCOUNT_ID']
  if (
    accounts !== undefined &&
    account !== undefined &&
    !listed(accounts).includes(String(account))
  ) {
    faults.push('LP_ALLOWED_ACCOUNTS: must contain LP_ACCOUNT_ID')
  }
  faults.push(...credentialFaults(values))
  if (values['SANDBOX'] === true) {
    for (const name of barredWithSandbox) {
      if (env[name]) faults.push(`${name}: must not be set together with SANDBOX=true`)
    }
  }
  return faults
}

function credentialFaults(values: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = []
  const has = (name: string) => values[name] !== undefined
  const hasSecret = has('LP_CLIENT_SECRET') || has('LP_CLIENT_SECRET_FILE')
  if (has('LP_CLIENT_ID') && !has('LP_ACCOUNT_ID')) {
    faults.push('LP_ACCOUNT_ID: must be set together with LP_CLIENT_ID')
  }
  if (has('LP_CLIENT_ID') && !hasSecret) {
    faults.push('LP_CLIENT_SECRET: must be set together with LP_CLIENT_ID')
  }
  if (hasSecret && !has('LP_CLIENT_ID')) {
    faults.push('LP_CLIENT_ID: must be set together with its secret')
  }
  for (const name of ['LP_CLIENT_SECRET', 'API_KEYS']) {
    if (has(name) && has(`${name}_FILE`))
      faults.push(`${name}: must not be set beside ${name}_FILE`)
  }
  const hasCredentials = has('LP_CLIENT_ID') || has('LP_CREDENTIALS_FILE')
  const hasKeys = has('API_KEYS') || has('API_KEYS_FILE')
  const isOpen = !isLoopback(String(values['HOST'])) && values['ALLOW_ANONYMOUS'] !== true
  if (hasCredentials && isOpen && !hasKeys) {
    faults.push(
      'API_KEYS: must be set where the proxy has credentials and listens beyond loopback (or ALLOW_ANONYMOUS=true)',
    )
  }
  return faults
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.[0-9]{1,3}){3}|::1)$/i.test(host)
}

function isPlainHttpBeyondLoopback(url: string): boolean {
  if (!url.startsWith('http://')) return false
  return !/^http:\/\/(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:|\/|$)/i.test(url)
}

function listed(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',') : []
}

function fromEnvironment(values: Environment): Config {
  const { LP_ALLOWED_ACCOUNTS: accounts } = values
  return {
    host: values.HOST,
    port: values.PORT,
    accountId: values.LP_ACCOUNT_ID,
    allowedAccounts: accounts === undefined ? undefined : new Set(listed(accounts)),
    clientId: values.LP_CLIENT_ID,
    clientSecret: values.LP_CLIENT_SECRET,
    clientSecretFile: values.LP_CLIENT_SECRET_FILE,
    credentialsFile: values.LP_CREDENTIALS_FILE,
    domainApiUrl: values.LP_DOMAIN_API_URL.replace(/\/$/, ''),
    allowedHosts: listed(values.LP_ALLOWED_HOSTS.toLowerCase()),
    domainTtlMs: values.LP_DOMAIN_TTL_SECONDS * 1000,
    domainStaleMs: values.LP_DOMAIN_STALE_SECONDS * 1000,
    clientFeatures: listed(values.LP_CLIENT_FEATURES),
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
    connectTimeoutMs: values.CONNECT_TIMEOUT_MS,
    maxConnections: values.MAX_CONNECTIONS,
    maxQueue: values.MAX_QUEUE,
    maxQueueMs: values.MAX_QUEUE_MS,
    maxAccountShare: values.MAX_ACCOUNT_SHARE,
    bodyLimitBytes: values.BODY_LIMIT_BYTES,
    fileLimitBytes: values.FILE_LIMIT_BYTES,
    maxUploads: values.MAX_UPLOADS,
    apiKeys: values.API_KEYS,
    apiKeysFile: values.API_KEYS_FILE,
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    logLevel: values.LOG_LEVEL,
    docs: values.DOCS,
    sandboxPort: values.SANDBOX ? values.SANDBOX_PORT : undefined,
  }
}
