/** Faults of several variables together. */
import { isLoopback } from '../transport/loopback.ts'
import { eventsUrlFault, isLoopbackUrl } from './events-url.ts'
import { isReadable } from './state-url.ts'

/** Variables that would point the proxy at LivePerson, or seem to. */
export const barredWithSandbox: ReadonlySet<string> = new Set([
  'LP_ACCOUNT_ID',
  'LP_CLIENT_ID',
  'LP_CLIENT_SECRET',
  'LP_CLIENT_SECRET_FILE',
  'LP_PREVIOUS_CLIENT_SECRET',
  'LP_PREVIOUS_CLIENT_SECRET_FILE',
  'LP_CREDENTIALS_FILE',
  'LP_DOMAIN_API_URL',
])

/** What the schema of one variable cannot check. @returns one sentence per fault, without values */
export function contradictions(
  env: Readonly<Record<string, string | undefined>>,
  values: Readonly<Record<string, unknown>>,
): string[] {
  const faults: string[] = []
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    faults.push(
      'NODE_TLS_REJECT_UNAUTHORIZED: must not be 0, since tokens are sent over verified TLS only',
    )
  }
  const domainApiUrl = String(values['LP_DOMAIN_API_URL'])
  if (!URL.canParse(domainApiUrl)) faults.push('LP_DOMAIN_API_URL: must be a URL')
  if (isPlainHttpBeyondLoopback(domainApiUrl)) {
    faults.push('LP_DOMAIN_API_URL: must be an https URL, or an http URL of a loopback host')
  }
  const publicUrl = values['PUBLIC_URL']
  if (typeof publicUrl === 'string' && !URL.canParse(publicUrl)) {
    faults.push('PUBLIC_URL: must be a URL')
  }
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY']) {
    const proxy = values[name]
    if (typeof proxy === 'string' && !URL.canParse(proxy)) faults.push(`${name}: must be a URL`)
  }
  const sandboxWebhookUrl = values['SANDBOX_WEBHOOK_URL']
  if (typeof sandboxWebhookUrl === 'string' && !URL.canParse(sandboxWebhookUrl)) {
    faults.push('SANDBOX_WEBHOOK_URL: must be a URL')
  }
  const stateUrl = values['STATE_URL']
  if (typeof stateUrl === 'string' && !isReadable(stateUrl)) {
    faults.push('STATE_URL: must be a URL')
  }
  const { SHUTDOWN_DELAY_MS: delayMs, SHUTDOWN_TIMEOUT_MS: timeoutMs } = values
  if (typeof delayMs === 'number' && typeof timeoutMs === 'number' && timeoutMs <= delayMs) {
    faults.push('SHUTDOWN_TIMEOUT_MS: must be longer than SHUTDOWN_DELAY_MS')
  }
  const adminPort = values['ADMIN_PORT']
  if (adminPort !== 0 && adminPort !== undefined && adminPort === values['PORT']) {
    faults.push('ADMIN_PORT: must not be PORT')
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
  faults.push(...webhookFaults(values))
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
    faults.push('LP_CLIENT_ID: must be set together with LP_CLIENT_SECRET')
  }
  const hasPrevious = has('LP_PREVIOUS_CLIENT_SECRET') || has('LP_PREVIOUS_CLIENT_SECRET_FILE')
  if (hasPrevious && !has('LP_CLIENT_ID')) {
    faults.push('LP_CLIENT_ID: must be set together with LP_PREVIOUS_CLIENT_SECRET')
  }
  for (const name of pairs) {
    if (has(name) && has(`${name}_FILE`))
      faults.push(`${name}: must not be set together with ${name}_FILE`)
  }
  const hasCredentials = has('LP_CLIENT_ID') || has('LP_CREDENTIALS_FILE')
  const hasKeys = has('API_KEYS') || has('API_KEYS_FILE')
  const isOpen = !isLoopback(String(values['HOST'])) && values['ALLOW_ANONYMOUS'] !== true
  if (hasCredentials && isOpen && !hasKeys) {
    faults.push(
      'API_KEYS: must be set, since the proxy has credentials and HOST is not a loopback address. To run without keys, set ALLOW_ANONYMOUS=true',
    )
  }
  return faults
}

/** Each comes by variable or by file, not by both. */
const pairs = [
  'LP_CLIENT_SECRET',
  'LP_PREVIOUS_CLIENT_SECRET',
  'API_KEYS',
  'EVENTS_SECRET',
  'STATE_URL',
]

function webhookFaults(values: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = []
  const has = (name: string) => values[name] !== undefined
  const { WEBHOOK_PORT: port, EVENTS_URL: url } = values
  if (typeof url === 'string') {
    const allowed = listed(values['EVENTS_ALLOWED_HTTP_HOSTS']).map((host) => host.toLowerCase())
    const fault = eventsUrlFault(url, allowed)
    if (fault !== undefined) faults.push(`EVENTS_URL: ${fault}`)
    else if (!isLoopbackUrl(url) && !has('EVENTS_SECRET') && !has('EVENTS_SECRET_FILE')) {
      faults.push('EVENTS_SECRET: must be set if EVENTS_URL is beyond loopback')
    }
  }
  if (port === undefined) return faults
  for (const name of ['PORT', 'ADMIN_PORT']) {
    if (port !== 0 && port === values[name]) faults.push(`WEBHOOK_PORT: must not be ${name}`)
  }
  if (values['SANDBOX'] === true) return faults
  if (!has('LP_CLIENT_ID') && !has('LP_CREDENTIALS_FILE')) {
    faults.push('WEBHOOK_PORT: must be set together with credentials, which verify notifications')
  }
  // In the file, each account may have its own app: that is known when the file is read.
  if (!has('EVENTS_URL') && !has('LP_CREDENTIALS_FILE')) {
    faults.push('EVENTS_URL: must be set together with WEBHOOK_PORT')
  }
  return faults
}

function isPlainHttpBeyondLoopback(url: string): boolean {
  return url.startsWith('http://') && URL.canParse(url) && !isLoopbackUrl(url)
}

/** The parts of a comma-separated list. */
export function listed(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',') : []
}
