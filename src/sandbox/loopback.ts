/** This machine's own address, for a listener that only it may reach. */
import { networkInterfaces } from 'node:os'

/** IPv6's if the machine has no other. */
export function loopbackAddress(): '127.0.0.1' | '::1' {
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  )
  return own.includes('::1') && !own.includes('127.0.0.1') ? '::1' : '127.0.0.1'
}
