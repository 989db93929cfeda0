/** A summary of this proxy, for the log line at the start and for `--check-config`. It shows no secret. */
import { isLoopback } from '../transport/loopback.ts'
import type { Config } from './config.ts'
import { urlHost } from './listen-host.ts'
import type { Secrets } from './secrets.ts'

export type Summary = {
  /** Which accounts. */
  serves: string
  /** Whose credentials calls to LiveEngage are made with. */
  credentials: string
  /** What callers need. */
  callers: string
  liveengage: string
  /** The address of the documentation. */
  docs: string
}

const maxAccountsShown = 20

/** @param baseUrl where the main listener is */
export function summaryOf(config: Config, secrets: Secrets, baseUrl: string): Summary {
  const { sandboxPort, domainApiUrl, allowedHosts, publicUrl = `${baseUrl}/`, docs } = config
  const isSandboxed = sandboxPort !== undefined
  const pages = { on: `${publicUrl}docs`, spec: `${publicUrl}openapi.json`, off: 'not served' }
  return {
    serves: isSandboxed ? 'the sandbox’s account' : servedBy(config, secrets),
    credentials: isSandboxed
      ? 'the sandbox’s'
      : secrets.hasCredentials
        ? 'the proxy’s own'
        : 'the callers’: each sends both tokens',
    callers: secrets.needsKey ? 'need an API key' : 'need no API key',
    liveengage: isSandboxed
      ? 'the embedded sandbox'
      : `${domainApiUrl} and ${allowedHosts.join(', ')}`,
    docs: pages[docs],
  }
}

/** Where the main listener will be, as far as the configuration says. */
export function configuredUrl({ host, port }: Config): string {
  return `http://${urlHost(host)}:${port}`
}

/** What may surprise the operator of this proxy, each with what to do about it. */
export function warningsOf(config: Config, secrets: Secrets): string[] {
  const { sandboxPort, host, eventsUrl, webhookPort } = config
  const warnings: string[] = []
  if (eventsUrl !== undefined && webhookPort === undefined && sandboxPort === undefined) {
    warnings.push(
      'EVENTS_URL is set and WEBHOOK_PORT is not: LivePerson reaches no listener, so no event will come. Set WEBHOOK_PORT',
    )
  }
  // Nothing real is behind the sandbox.
  if (sandboxPort !== undefined) return warnings
  if (secrets.credentials.size === 0) {
    warnings.push(
      secrets.hasCredentials
        ? 'LP_CREDENTIALS_FILE lists no account yet, so the proxy cannot send by itself: callers have to send both tokens'
        : 'there are no credentials, so the proxy cannot send by itself: callers have to send both tokens. To let it get them, set LP_ACCOUNT_ID, LP_CLIENT_ID and LP_CLIENT_SECRET',
    )
  }
  if (!isLoopback(host) && !secrets.needsKey) {
    const what = secrets.hasCredentials ? 'send messages' : 'call LiveEngage through it'
    warnings.push(
      `HOST is not a loopback address and there are no API keys: whoever reaches the proxy can ${what}. Set API_KEYS or API_KEYS_FILE`,
    )
  }
  return warnings
}

/** By the same rule as the check of a request's account. */
function servedBy({ accountId, allowedAccounts }: Config, secrets: Secrets): string {
  if (allowedAccounts === undefined && accountId === undefined && !secrets.hasCredentials) {
    return 'any account'
  }
  const known = [...(accountId === undefined ? [] : [accountId]), ...secrets.credentials.keys()]
  const accounts = [...(allowedAccounts ?? new Set(known))]
  const more = accounts.length - maxAccountsShown
  const shown = accounts.slice(0, maxAccountsShown).join(', ') || 'no account'
  return more > 0 ? `${shown} and ${more} more` : shown
}
