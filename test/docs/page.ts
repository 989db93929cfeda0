/** A page of the documentation as the tests read it: its tables and its code blocks. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'

export const root = new URL('../../', import.meta.url)

export type Block = { language: string; text: string }

/** @param path from the root of the repository */
export function readPage(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/** The rows of a table between its markers, as cells. */
export function table(page: string, name: string): string[][] {
  const [, text = ''] = page.split(new RegExp(`<!-- /?${name} -->`))
  const rows = text.trim().split('\n').slice(2)
  return rows.map((row) => row.slice(2, -2).split(' | '))
}

/** The code blocks, in order. */
export function blocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)\n```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
}

/** Writes a page with one text in the place of another. */
export function replaceText(path: string, text: string, by: string): void {
  writeFileSync(
    new URL(path, root),
    readPage(path).replace(text, () => by),
  )
}

/** Compares a table that is made from the code; `tap --snapshot` writes it instead. */
export function checkTable(t: Test, path: string, name: string, rows: string[][]): void {
  const page = readPage(path)
  if (t.writeSnapshot) {
    const lines = rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
    const pattern = new RegExp(`(<!-- ${name} -->\n.*\n.*\n)[^]*?(<!-- /${name} -->)`)
    const [whole = '', head, tail] = pattern.exec(page) ?? []
    replaceText(path, whole, `${head}${lines}${tail}`)
    return
  }
  t.strictSame(
    table(page, name).map((row) => row.map((cell) => cell.trim())),
    rows.map((row) => row.map((cell) => cell.trim())),
  )
}
