/**
 * Finds where a text stops being JSON. V8's own messages quote the text, differ from one version to the next, and often have no
 * position. It is asked only after `JSON.parse` has refused the text, and does not recur, however deep the text nests.
 */

/** A bracket, a colon or a comma; or a string; or another value. */
const token =
  /[[\]{}:,]|"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[ !#-[\]-\uffff]*)*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y

const blanks = /[\t\n\r ]*/y

export type Place = {
  /** From 1. */
  line: number
  /** In characters, from 1. */
  column: number
  /** There is nothing more where more is needed. */
  isEnd: boolean
}

/** What may come next. `first` of an object or an array may also be its end. */
type Expected = 'value' | 'first-item' | 'key' | 'first-key' | 'colon' | 'comma' | 'end'

/** Goes on after "must be valid JSON"; empty where it is. */
export function describeFault(text: string): string {
  const place = findFault(text)
  if (place === undefined) return ''
  const { line, column, isEnd } = place
  return `; it ${isEnd ? 'ends too early,' : 'is not'} at line ${line}, column ${column}`
}

/** The first token that cannot be where it is. Undefined: the text is JSON. */
export function findFault(text: string): Place | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let offset = 0
  for (;;) {
    offset = skip(blanks, text, offset)
    if (offset === text.length) {
      return expected === 'end' ? undefined : placeOf(text, offset)
    }
    token.lastIndex = offset
    // `exec` would make an array for each of ten thousand tokens. The first character says which it is.
    const next: Expected | undefined = token.test(text)
      ? follow(expected, text.charAt(offset), open)
      : undefined
    if (next === undefined) return placeOf(text, offset)
    expected = next
    offset = token.lastIndex
  }
}

/** @param sign the first character of a token @returns undefined where it must not be */
function follow(expected: Expected, sign: string, open: ('{' | '[')[]): Expected | undefined {
  const takesValue = expected === 'value' || expected === 'first-item'
  const afterValue = () => (open.length === 0 ? 'end' : 'comma')
  const mayClose = expected === 'comma'
  switch (sign) {
    case '{':
    case '[':
      if (!takesValue) return undefined
      open.push(sign)
      return sign === '{' ? 'first-key' : 'first-item'
    case '}':
    case ']': {
      const isOpen = open.at(-1) === (sign === '}' ? '{' : '[')
      const isEmpty = expected === (sign === '}' ? 'first-key' : 'first-item')
      if (!isOpen || !(mayClose || isEmpty)) return undefined
      open.pop()
      return afterValue()
    }
    case ':':
      return expected === 'colon' ? 'value' : undefined
    case ',':
      if (expected !== 'comma') return undefined
      return open.at(-1) === '{' ? 'key' : 'value'
    default:
      if (takesValue) return afterValue()
      return isKeyHere(expected) && sign === '"' ? 'colon' : undefined
  }
}

function isKeyHere(expected: Expected): boolean {
  return expected === 'key' || expected === 'first-key'
}

function skip(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset
  pattern.test(text)
  return pattern.lastIndex
}

function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/)
  const [latest = ''] = lines.slice(-1)
  const column = [...latest].length + 1
  return { line: lines.length, column, isEnd: offset === text.length }
}
