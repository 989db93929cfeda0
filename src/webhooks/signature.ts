/** Whether a notification comes from LivePerson: its signature over the raw bytes, keyed by the app's client secret. */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Bytes of the digest; the algorithm is LivePerson's choice for the account, and so is base64 or hex. Source: notification protocol page. */
const digestBytes = { sha1: 20, sha256: 32 } as const

/**
 * Takes the same time for each signature of the right length and for each secret.
 * @param header `sha1=` or `sha256=`, then base64 or hex
 * @param secrets one, or two while one is replaced
 */
export function isSigned(body: Buffer, header: string, secrets: readonly string[]): boolean {
  const given = readSignature(header)
  if (given === undefined) return false
  let isKnown = false
  for (const secret of secrets) {
    const digest = createHmac(given.algorithm, secret).update(body).digest()
    isKnown = timingSafeEqual(digest, given.digest) || isKnown
  }
  return isKnown
}

type Signature = { algorithm: keyof typeof digestBytes; digest: Buffer }

function readSignature(header: string): Signature | undefined {
  const algorithm = header.startsWith('sha256=') ? 'sha256' : 'sha1'
  if (!header.startsWith(`${algorithm}=`)) return undefined
  const text = header.slice(algorithm.length + 1)
  const bytes = digestBytes[algorithm]
  const encoding = text.length === bytes * 2 ? 'hex' : 'base64'
  const digest = Buffer.from(text, encoding)
  // Node's decoders skip unknown characters and stop at wrong ones, so only the canonical text of a digest counts.
  const isWhole = digest.toString(encoding) === (encoding === 'hex' ? text.toLowerCase() : text)
  return digest.length === bytes && isWhole ? { algorithm, digest } : undefined
}
