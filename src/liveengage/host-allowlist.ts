/** The host allow-list: which hosts of the Domain API may get tokens. */
import { isIP } from 'node:net'

export type HostAllowlist = (host: string) => string | undefined

/** Labels of 1 to 63 letters, digits and inner hyphens, 253 characters together. */
const hostAndPort =
  /^(?=[^:]{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::[0-9]{1,5})?$/i

/**
 * Makes a function that returns the origin of an allowed host, and `undefined` for anything else.
 * The raw name is matched before any URL is parsed, since a parser would turn `2130706433` or `a@b` into another host.
 * @param allowed `.suffix`, `host` or `host:port`, in lower case; a port other than the scheme's must be listed with its host
 */
export function createHostAllowlist(
  allowed: readonly string[],
  scheme: 'http:' | 'https:',
): HostAllowlist {
  return (raw) => {
    if (!hostAndPort.test(raw)) return undefined
    const name = raw.toLowerCase()
    if (!allowed.some((entry) => (entry.startsWith('.') ? name.endsWith(entry) : name === entry))) {
      return undefined
    }
    if (!URL.canParse(`${scheme}//${name}/`)) return undefined
    const url = new URL(`${scheme}//${name}/`)
    if (isIP(url.hostname) !== 0 || url.hostname !== name.replace(/:.*$/, '')) return undefined
    // Plain HTTP never leaves the machine.
    if (scheme === 'http:' && url.hostname !== 'localhost') return undefined
    return url.origin
  }
}
