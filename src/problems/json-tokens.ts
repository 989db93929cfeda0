/** Finds where JSON tokens end. Uses character codes: a regular expression for each of ten thousand tokens costs several times more. */

const quote = 0x22
const backslash = 0x5c
const plus = 0x2b
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const largeE = 0x45
const smallE = 0x65

/** @param start of a quote @returns behind the closing one; -1 if it is no string of JSON */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code < 0x20) return -1
    if (code === backslash) {
      const length = lengthOfEscape(text, at)
      if (length === 0) return -1
      at += length - 1
    }
  }
  return -1
}

/** @returns 0 if it is no escape */
function lengthOfEscape(text: string, at: number): number {
  const sign = text.charAt(at + 1)
  if (sign === 'u') return /^[0-9A-Fa-f]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : 0
  return sign !== '' && '"\\/bfnrt'.includes(sign) ? 2 : 0
}

/** @returns behind the longest number that begins here; -1 if none does */
export function endOfNumber(text: string, start: number): number {
  const first = text.charCodeAt(start) === minus ? start + 1 : start
  let end = text.charCodeAt(first) === zero ? first + 1 : endOfDigits(text, first)
  if (end === first) return -1
  let code = text.charCodeAt(end)
  if (code === point) {
    const fraction = endOfDigits(text, end + 1)
    if (fraction === end + 1) return end
    end = fraction
    code = text.charCodeAt(end)
  }
  if (code !== smallE && code !== largeE) return end
  const sign = text.charCodeAt(end + 1)
  const digits = sign === plus || sign === minus ? end + 2 : end + 1
  const exponent = endOfDigits(text, digits)
  return exponent === digits ? end : exponent
}

function endOfDigits(text: string, start: number): number {
  let at = start
  while (isDigit(text.charCodeAt(at))) at += 1
  return at
}

/** @param code NaN after the end of a text */
function isDigit(code: number): boolean {
  return code >= zero && code <= 0x39
}
