/** `liveengage-proxy`: the program inside another one, such as an app's tests. */
import { buildProxy } from './cli/proxy.ts'

export type ProxyOptions = {
  /** The settings, named as in docs/configuration.md; `process.env` by default. */
  env?: Readonly<Record<string, string | undefined>>
  /** Takes each line of the log, JSON that ends with a line break; stdout by default. */
  log?: (line: string) => void
}

export type RunningProxy = {
  /** Where the API is. */
  url: string
  /** Where probes and metrics are, if `ADMIN_PORT` is set. */
  adminUrl: string | undefined
  /** Where LivePerson posts its notifications, if `WEBHOOK_PORT` is set. */
  webhookUrl: string | undefined
  /** Where the desk and the agent's API of the embedded sandbox are, if `SANDBOX` is true. */
  sandboxUrl: string | undefined
  /**
   * Answers open requests, then closes everything, within `SHUTDOWN_TIMEOUT_MS`.
   * @returns how many callers were cut off before they had their answers
   */
  stop: () => Promise<number>
}

/**
 * Starts a proxy in this process. It handles no signals: whoever starts it stops it.
 * @throws Error that says which settings are wrong, or which port is taken; nothing is left open then
 */
export async function startProxy({
  env = process.env,
  log = (line) => process.stdout.write(line),
}: ProxyOptions = {}): Promise<RunningProxy> {
  const { sandbox, listen, stop } = await buildProxy(env, { write: log, dropped: 0 }, false)
  try {
    const { proxyUrl: url, adminUrl, webhookUrl } = await listen()
    return { url, adminUrl, webhookUrl, sandboxUrl: sandbox?.origin, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
