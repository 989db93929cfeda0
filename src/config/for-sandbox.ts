import type { Config } from './config.ts'

/** Where a sandbox is, and its account. */
export type SandboxAccess = {
  origin: string
  accountId: string
  clientId: string
  clientSecret: string
}

/** Points the proxy at a sandbox, as at LivePerson, only by the URL of the Domain API. */
export function pointedAt(config: Config, sandbox: SandboxAccess): Config {
  const { origin, accountId, clientId, clientSecret } = sandbox
  const { allowedAccounts } = config
  return {
    ...config,
    accountId,
    allowedAccounts: allowedAccounts && new Set([...allowedAccounts, accountId]),
    clientId,
    clientSecret,
    domainApiUrl: origin,
    allowedHosts: [new URL(origin).host],
  }
}

/**
 * Sends the sandbox's notifications to this proxy: on a free port of loopback unless another is set. Without an app, the sandbox
 * takes the events, and the desk shows them among the calls.
 * @param host the loopback address that the sandbox listens on
 */
export function withNotifications(
  config: Config,
  { origin, host }: { origin: string; host: string },
): Config {
  const { webhookPort, webhookHost, sandboxWebhookUrl, eventsUrl } = config
  if (sandboxWebhookUrl !== undefined && webhookPort === undefined) return config
  return {
    ...config,
    webhookPort: webhookPort ?? 0,
    // A machine without IPv4 has another loopback address than the default.
    webhookHost: webhookHost === '127.0.0.1' ? host : webhookHost,
    eventsUrl: eventsUrl ?? `${origin}/sandbox/app`,
  }
}
