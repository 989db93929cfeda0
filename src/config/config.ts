/** The configuration: the environment, validated and in the program's own units. */
import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { EgressOptions } from '../transport/egress.ts'
import { barredWithSandbox, contradictions, listed } from './contradictions.ts'
import { Environment } from './environment.ts'
import { isListenHost } from './listen-host.ts'
import { secretFault } from './secret-forms.ts'

export type Config = {
  host: string
  port: number
  /** In lower case. */
  allowedHostnames: ReadonlySet<string>
  /** The URL of the proxy for its callers, with a slash at its end, if it is known. */
  publicUrl: string | undefined
  accountId: string | undefined
  /** Undefined: the default account and the accounts with credentials, or any account if there is neither. */
  allowedAccounts: ReadonlySet<string> | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  clientSecretFile: string | undefined
  /** Also verifies notifications. */
  previousClientSecret: string | undefined
  previousClientSecretFile: string | undefined
  credentialsFile: string | undefined
  domainApiUrl: string
  allowedHosts: readonly string[]
  domainTtlMs: number
  domainStaleMs: number
  clientFeatures: readonly string[]
  requestTimeoutMs: number
  connectTimeoutMs: number
  egress: EgressOptions
  maxConnections: number
  maxQueue: number
  maxQueueMs: number
  maxAccountShare: number
  messageOrder: Environment['MESSAGE_ORDER']
  bodyLimitBytes: number
  fileLimitBytes: number
  maxUploads: number
  /** The text of the variable. */
  apiKeys: string | undefined
  apiKeysFile: string | undefined
  /** The text of the variable. */
  stateUrl: string | undefined
  stateUrlFile: string | undefined
  shutdownDelayMs: number
  shutdownTimeoutMs: number
  adminHost: string
  /** Undefined: there is no admin listener. */
  adminPort: number | undefined
  webhookHost: string
  /** Undefined: there is no webhook listener. */
  webhookPort: number | undefined
  webhookBodyLimitBytes: number
  webhookMaxInFlight: number
  /** Of the accounts that have none of their own. */
  eventsUrl: string | undefined
  eventsAllowedHttpHosts: readonly string[]
  /** As they are written in the variable. */
  eventsSecret: string | undefined
  eventsSecretFile: string | undefined
  eventsTimeoutMs: number
  eventsInclude: ReadonlySet<string>
  eventsExclude: ReadonlySet<string>
  logLevel: Environment['LOG_LEVEL']
  docs: Environment['DOCS']
  /** The port of the sandbox. Undefined: there is none. */
  sandboxPort: number | undefined
  /** Whether it refuses what is not documented. */
  isSandboxStrict: boolean
  /** Where it sends notifications. Undefined: to the webhook listener of this proxy. */
  sandboxWebhookUrl: string | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

/** An invalid environment: one line per fault, with names only. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The environment is invalid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/** Reads the configuration. An empty variable counts as not set. @throws ConfigError that names every invalid variable and shows no value */
export function loadConfig(env: Variables): Config {
  const faults: string[] = []
  const atFault = new Set<string>()
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries<TSchema>(Environment.properties)) {
    const lowerCase = schema['isAlsoLowerCase'] === true ? env[name.toLowerCase()] : undefined
    const isBarred = env['SANDBOX'] === 'true' && barredWithSandbox.has(name)
    // A variable that must not be there is not checked further.
    if (isBarred && env[name]) faults.push(`${name}: must not be set together with SANDBOX=true`)
    const raw = isBarred ? undefined : lowerCase || env[name]
    const value = raw === undefined || raw === '' ? schema['default'] : decode(schema, raw)
    if (value === undefined) continue
    values[name] = value
    const fault = faultOf(schema, value)
    if (fault === undefined) continue
    atFault.add(name)
    faults.push(`${name}: ${fault}`)
  }
  // An invalid value is reported only once.
  const more = contradictions(env, values).filter((each) => !atFault.has(nameIn(each)))
  faults.push(...more)
  if (faults.length > 0 || !Value.Check(Environment, values)) throw new ConfigError(faults)
  return fromEnvironment(values, env)
}

function nameIn(fault: string): string {
  return fault.slice(0, fault.indexOf(':'))
}

/** What is wrong with a value, without the value. */
function faultOf(schema: TSchema, value: unknown): string | undefined {
  const isRight =
    Value.Check(schema, value) && (schema['isHost'] !== true || isListenHost(String(value)))
  const handedOver = secretFault(String(value))
  if (isRight) return schema['isVerbatim'] === true ? handedOver : undefined
  const also = handedOver === undefined ? '' : `, and ${handedOver}`
  return `must be ${expectation(schema)}${also}`
}

function decode(schema: TSchema, raw: string): unknown {
  if (schema['isHost'] === true) return raw.replace(/^\[(.*)\]$/, '$1')
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
  return schema['form']
}

function fromEnvironment(values: Environment, given: Variables): Config {
  const { LP_ALLOWED_ACCOUNTS: accounts } = values
  return {
    host: values.HOST,
    port: values.PORT,
    allowedHostnames: new Set(listed(values.ALLOWED_HOSTNAMES?.toLowerCase())),
    publicUrl: values.PUBLIC_URL?.replace(/\/*$/, '/'),
    accountId: values.LP_ACCOUNT_ID,
    allowedAccounts: accounts === undefined ? undefined : new Set(listed(accounts)),
    clientId: values.LP_CLIENT_ID,
    clientSecret: values.LP_CLIENT_SECRET,
    clientSecretFile: values.LP_CLIENT_SECRET_FILE,
    previousClientSecret: values.LP_PREVIOUS_CLIENT_SECRET,
    previousClientSecretFile: values.LP_PREVIOUS_CLIENT_SECRET_FILE,
    credentialsFile: values.LP_CREDENTIALS_FILE,
    domainApiUrl: values.LP_DOMAIN_API_URL.replace(/\/$/, ''),
    allowedHosts: listed(values.LP_ALLOWED_HOSTS.toLowerCase()),
    domainTtlMs: values.LP_DOMAIN_TTL_SECONDS * 1000,
    domainStaleMs: values.LP_DOMAIN_STALE_SECONDS * 1000,
    clientFeatures: listed(values.LP_CLIENT_FEATURES),
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
    connectTimeoutMs: values.CONNECT_TIMEOUT_MS,
    egress: {
      httpsProxy: values.HTTPS_PROXY,
      httpProxy: values.HTTP_PROXY,
      noProxy: listed(values.NO_PROXY),
    },
    maxConnections: values.MAX_CONNECTIONS,
    maxQueue: values.MAX_QUEUE,
    maxQueueMs: values.MAX_QUEUE_MS,
    maxAccountShare: values.MAX_ACCOUNT_SHARE,
    messageOrder: values.MESSAGE_ORDER,
    bodyLimitBytes: values.BODY_LIMIT_BYTES,
    fileLimitBytes: values.FILE_LIMIT_BYTES,
    maxUploads: values.MAX_UPLOADS,
    apiKeys: values.API_KEYS,
    apiKeysFile: values.API_KEYS_FILE,
    stateUrl: values.STATE_URL,
    stateUrlFile: values.STATE_URL_FILE,
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    adminHost: values.ADMIN_HOST,
    adminPort: values.ADMIN_PORT,
    // Everyone knows the secret of the sandbox.
    webhookHost: values.SANDBOX && !given['WEBHOOK_HOST'] ? '127.0.0.1' : values.WEBHOOK_HOST,
    webhookPort: values.WEBHOOK_PORT,
    webhookBodyLimitBytes: values.WEBHOOK_BODY_LIMIT_BYTES,
    webhookMaxInFlight: values.WEBHOOK_MAX_IN_FLIGHT,
    eventsUrl: values.EVENTS_URL,
    eventsAllowedHttpHosts: listed(values.EVENTS_ALLOWED_HTTP_HOSTS?.toLowerCase()),
    eventsSecret: values.EVENTS_SECRET,
    eventsSecretFile: values.EVENTS_SECRET_FILE,
    eventsTimeoutMs: values.EVENTS_TIMEOUT_MS,
    eventsInclude: new Set(listed(values.EVENTS_INCLUDE)),
    eventsExclude: new Set(listed(values.EVENTS_EXCLUDE)),
    logLevel: values.LOG_LEVEL,
    docs: values.DOCS,
    sandboxPort: values.SANDBOX ? values.SANDBOX_PORT : undefined,
    isSandboxStrict: values.SANDBOX_STRICT,
    sandboxWebhookUrl: values.SANDBOX_WEBHOOK_URL,
  }
}
