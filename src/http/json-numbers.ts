/** Finds numbers in JSON that reading would change: JavaScript keeps about 16 significant digits. */
import { pointerToken } from '../problems/invalid-request.ts'

/**
 * What a number that loses something has: more than 15 digits, or an exponent with three of them. Whatever fits this may still be
 * sound, or within a string; most bodies have nothing like it and cost no more than this search.
 */
export const suspicious = /[\d.]{16}|\d[eE]-\d{3}/

const tokens = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*|[[\]{},:]/g

/**
 * Compares each number as it was written with what it is read as.
 * @param text JSON that has been parsed without an error, and that `suspicious` matches
 * @returns the JSON Pointer of the first number that reading changes
 */
export function findLossyNumber(text: string): string | undefined {
  /** The key or index of the value that comes next, for each array or object around it. */
  const path: (string | number)[] = []
  let latestString = ''
  for (const [token] of text.matchAll(tokens)) {
    const place = path.at(-1)
    if (token === '{') path.push('')
    else if (token === '[') path.push(0)
    else if (token === '}' || token === ']') path.pop()
    else if (token === ':') path[path.length - 1] = latestString
    else if (token.startsWith('"')) latestString = token
    else if (token === ',') {
      if (typeof place === 'number') path[path.length - 1] = place + 1
    } else if (isLossy(token)) return path.map((step) => `/${toPointerToken(step)}`).join('')
  }
  return undefined
}

/** @param step an index, or a key with its quotes */
function toPointerToken(step: string | number): string {
  return pointerToken(String(JSON.parse(String(step))))
}

function isLossy(token: string): boolean {
  return suspicious.test(token) && canonical(token) !== canonical(String(Number(token)))
}

/** The significant digits and the power of ten: the same for all ways to write a number. */
function canonical(token: string): string {
  const [, integer = '', fraction = '', exponent = '0'] =
    /^-?(\d+)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  const digits = (integer + fraction).replace(/^0+/, '')
  let end = digits.length
  // A regular expression for zeros at the end takes quadratic time.
  while (digits[end - 1] === '0') end -= 1
  const power = Number(exponent) - fraction.length + digits.length - end
  return end === 0 ? '0' : `${digits.slice(0, end)}e${power}`
}
