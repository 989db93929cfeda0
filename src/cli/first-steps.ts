/** The hints at the start of the sandbox. The log stays JSON on stdout; this goes to stderr. */
import type { Config } from '../config/config.ts'

export type Addresses = {
  /** Where the proxy listens. */
  proxyUrl: string
  /** Where the desk of the sandbox is. */
  deskUrl: string
}

/** Four lines: the documentation, the desk, a call that works, and how to stop. */
export function firstSteps(
  { docs, apiKeys, apiKeysFile }: Pick<Config, 'docs' | 'apiKeys' | 'apiKeysFile'>,
  { proxyUrl, deskUrl }: Addresses,
): string {
  const pages = {
    on: `${proxyUrl}/docs`,
    spec: `${proxyUrl}/openapi.json`,
    off: 'not served (DOCS=off)',
  }
  const isKeyed = apiKeys !== undefined || apiKeysFile !== undefined
  // The key itself is a secret.
  const key = isKeyed ? ` -H 'X-API-Key: <one of your API_KEYS>'` : ''
  const curl = `curl -sS ${proxyUrl}/conversations/demo/messages -H 'Content-Type: application/json' -H 'X-LP-Consumer-Id: ada'${key} -d '{"text":"Hi"}'`
  const lines = [
    ['API documentation', pages[docs]],
    ['The agent’s desk', deskUrl],
    ['Send a message', curl],
    ['Stop', 'Ctrl-C'],
  ] as const
  return lines.map(([name, value]) => `${`${name}:`.padEnd(20)}${value}\n`).join('')
}
