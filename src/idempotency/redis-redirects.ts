/** Reads the redirects of a cluster: which node has a key. */
import { ErrorReply } from '@redis/client'

/** `isAsk` is for this key only, while its slot moves; otherwise the whole slot is there. Without a host it is that of the answering node. */
export type Redirect = { isAsk: boolean; host: string; port: string }

/** @returns undefined for any other error, and if the node itself does not know the name */
export function redirectOf(error: unknown): Redirect | undefined {
  if (!(error instanceof ErrorReply)) return undefined
  const [, kind, host = '', port = ''] =
    /^(MOVED|ASK) \d+ ([^ ?]*):(\d{1,5})$/.exec(error.message) ?? []
  return kind === undefined ? undefined : { isAsk: kind === 'ASK', host, port }
}

/** The URL of the node at this place; all nodes have the same user, password and TLS. */
export function urlAt(url: string, host: string, port: string): string {
  const other = new URL(url)
  other.hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  other.port = port
  return other.href
}

/** Host and port. */
export function addressOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || '6379'}`
}

/** CRC16 of the key, modulo 16,384. Only a key without braces, as all of ours are. */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(key)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) {
      crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
    }
  }
  return crc & 0x3fff
}
