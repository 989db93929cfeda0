/**
 * Finds where a text stops being JSON. V8's own messages quote the text, differ from one version to the next, and often have no
 * position. It runs only after `JSON.parse` has refused the text, and does not recur, however deep the text nests.
 */
import { endOfNumber, endOfString } from './json-tokens.ts'

export type Place = {
  /** From 1. */
  line: number
  /** In characters, from 1. */
  column: number
  /** The text ends too early. */
  isEnd: boolean
}

/** What may come next. `first` of an object or an array may also be its end. */
type Expected = 'value' | 'first-item' | 'key' | 'first-key' | 'colon' | 'comma' | 'end'

/** The text after "must be valid JSON"; empty if it is. */
export function describeFault(text: string): string {
  const place = findFault(text)
  if (place === undefined) return ''
  const { line, column, isEnd } = place
  return `; it ${isEnd ? 'ends too early,' : 'is not'} at line ${line}, column ${column}`
}

/** The first token in a wrong place. Undefined: the text is JSON. */
export function findFault(text: string): Place | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let offset = 0
  for (;;) {
    offset = skipBlanks(text, offset)
    if (offset === text.length) {
      return expected === 'end' ? undefined : placeOf(text, offset)
    }
    const end = endOfToken(text, offset)
    // The first character says which token it is.
    const next: Expected | undefined =
      end < 0 ? undefined : follow(expected, text.charAt(offset), open)
    if (next === undefined) return placeOf(text, offset)
    expected = next
    offset = end
  }
}

/** @returns -1 if no token begins */
function endOfToken(text: string, start: number): number {
  switch (text[start]) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ':':
    case ',':
      return start + 1
    case '"':
      return endOfString(text, start)
    case 't':
    case 'f':
    case 'n': {
      const word = ['true', 'false', 'null'].find((each) => text.startsWith(each, start))
      return word === undefined ? -1 : start + word.length
    }
    default:
      return endOfNumber(text, start)
  }
}

/** @param sign the first character of a token @returns undefined if it must not be */
function follow(expected: Expected, sign: string, open: ('{' | '[')[]): Expected | undefined {
  const takesValue = expected === 'value' || expected === 'first-item'
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
      return afterValue(open)
    }
    case ':':
      return expected === 'colon' ? 'value' : undefined
    case ',':
      if (expected !== 'comma') return undefined
      return open.at(-1) === '{' ? 'key' : 'value'
    default:
      if (takesValue) return afterValue(open)
      return isKeyHere(expected) && sign === '"' ? 'colon' : undefined
  }
}

function afterValue(open: readonly unknown[]): Expected {
  return open.length === 0 ? 'end' : 'comma'
}

function isKeyHere(expected: Expected): boolean {
  return expected === 'key' || expected === 'first-key'
}

function skipBlanks(text: string, start: number): number {
  let at = start
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
  }
  return at
}

function placeOf(text: string, offset: number): Place {
  let line = 1
  let start = 0
  for (let at = 0; at < offset; at += 1) {
    const code = text.charCodeAt(at)
    // Of two that end a line together, the second one counts.
    if (code === 0x0a || (code === 0x0d && !(at + 1 < offset && text[at + 1] === '\n'))) {
      line += 1
      start = at + 1
    }
  }
  const pairs = text.slice(start, offset).match(/[\ud800-\udbff][\udc00-\udfff]/g) ?? []
  return { line, column: offset - start - pairs.length + 1, isEnd: offset === text.length }
}
