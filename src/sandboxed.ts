import type { Config } from './config.ts'
import type { Sandbox } from './sandbox/sandbox.ts'

/** What the proxy is told where it talks to the sandbox: the same as for LivePerson, through the Domain API's address alone. */
export function pointedAt(config: Config, sandbox: Sandbox): Config {
  return {
    ...config,
    accountId: sandbox.accountId,
    allowedAccounts:
      config.allowedAccounts && new Set([...config.allowedAccounts, sandbox.accountId]),
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    domainApiUrl: sandbox.origin,
    allowedHosts: [new URL(sandbox.origin).host],
  }
}
