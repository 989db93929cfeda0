/** Formats findings, and removes tokens and control characters from them. */
import { redactTokens } from '../token-text.ts'
import type { Finding } from './check.ts'

const labels = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const

const widestName = 17

/** One line, with further lines of the detail and the remedy indented below. */
export function toText({ name, status, detail, remedy }: Finding): string {
  const [first = '', ...more] = clean(detail).split('\n')
  const below = remedy === undefined ? more : [...more, clean(remedy)]
  const lines = [`${labels[status]}  ${name.padEnd(widestName)}  ${first}`]
  return [...lines, ...below.map((line) => `        ${line}`), ''].join('\n')
}

export function toJson(findings: readonly Finding[]): string {
  const array = findings.map(({ name, status, detail, remedy = null }) => {
    return { name, status, detail: clean(detail), remedy: remedy && clean(remedy) }
  })
  return `${JSON.stringify(array, undefined, 2)}\n`
}

/** A certificate or an answer can contain any text. */
function clean(text: string): string {
  return redactTokens(text.replace(/[^\P{C}\n]/gu, '?'))
}
