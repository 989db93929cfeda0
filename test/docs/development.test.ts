import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { readPage, root, table } from './page.ts'

test('each fault of the table has its tests, by their titles', async (t) => {
  const rows = table(readPage('docs/development.md'), 'faults')
  t.ok(rows.length > 40)
  for (const [fault = '', right, , tests = ''] of rows) {
    t.ok(fault && right)
    const named = [...tests.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)]
    t.ok(named.length > 0, fault)
    for (const [, title = '', path = ''] of named) {
      const text = readFileSync(new URL(path, root), 'utf8')
      t.ok(text.includes(title), `${path}: ${title}`)
    }
  }
})
