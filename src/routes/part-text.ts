/** Decodes the parts of a form by what their heads say. */
import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'

/** A decoder by its name. It returns undefined for other encodings. */
type Decoder = (bytes: Buffer) => Buffer | undefined

const asItIs: Decoder = (bytes) => bytes

/** Source: RFC 2045, section 6. Forms of today need none (RFC 7578, section 4.7), those of mail libraries have them. */
export const transferDecoders: ReadonlyMap<string, Decoder> = new Map([
  ['7bit', asItIs],
  ['8bit', asItIs],
  ['binary', asItIs],
  ['base64', fromBase64],
  ['quoted-printable', fromQuotedPrintable],
])

function fromBase64(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1').replace(/[\r\n]/g, '')
  const decoded = Buffer.from(text, 'base64')
  // Node skips what is none.
  return decoded.toString('base64') === text ? decoded : undefined
}

const equals = 0x3d
const carriageReturn = 0x0d
const lineFeed = 0x0a

function fromQuotedPrintable(bytes: Buffer): Buffer | undefined {
  const decoded = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes.readUInt8(at)
    if (byte === equals) {
      const [first = 0, second = 0] = [bytes[at + 1], bytes[at + 2]]
      at += 2
      // A continued line.
      if (first === carriageReturn && second === lineFeed) continue
      byte = 16 * digitOf(first) + digitOf(second)
      if (Number.isNaN(byte)) return undefined
    }
    decoded[length] = byte
    length += 1
  }
  return decoded.subarray(0, length)
}

/** Of a hexadecimal digit, else NaN. */
function digitOf(code: number): number {
  return code < 0x80 ? Number.parseInt(String.fromCharCode(code), 16) : Number.NaN
}

const utf8 = /^utf-?8$/i

/**
 * @param charset as the part names it; undefined: UTF-8
 * @returns the text, or what is wrong with the bytes
 */
export function decodeText(bytes: Buffer, charset = 'utf-8'): { text: string } | { fault: string } {
  if (utf8.test(charset)) {
    return isUtf8(bytes) ? { text: bytes.toString() } : { fault: 'must be UTF-8' }
  }
  // The Encoding Standard reads it as windows-1252.
  if (/^(us-)?ascii$/i.test(charset) && !isAscii(bytes)) return { fault: 'must be US-ASCII' }
  const label = /^utf-16$/i.test(charset) ? utf16Of(bytes) : charset
  // RFC 2781 says big-endian, the Encoding Standard little-endian.
  if (label === undefined) return { fault: 'must begin with a byte order mark if it is UTF-16' }
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(label, { fatal: true })
  } catch {
    return { fault: 'must have a charset of the Encoding Standard, such as utf-8' }
  }
  try {
    const text = decoder.decode(bytes)
    return { text: decoder.encoding === 'windows-1252' ? withoutControls(text) : text }
  } catch {
    return { fault: `must be ${decoder.encoding}, as its charset says` }
  }
}

/** Windows-1252's characters from 80 to 9F, where ISO 8859-1 has control characters. Some versions of Node.js mix them up. */
const signs = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

function withoutControls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (sign) => signs.charAt(sign.charCodeAt(0) - 0x80))
}

function utf16Of(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const mark = bytes.toString('hex', 0, 2)
  if (mark === 'fffe') return 'utf-16le'
  return mark === 'feff' ? 'utf-16be' : undefined
}
