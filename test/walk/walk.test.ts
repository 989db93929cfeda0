import { test } from 'tap'
import { readPage, replaceText } from '../docs/page.ts'
import { toTable, walkOfSend } from './walk.js'

const path = 'docs/architecture.md'

test('one warm SEND with a key walks through 20 files at most, those that the page shows', async (t) => {
  const walk = await walkOfSend()
  t.ok(walk.length <= 20, `${walk.length} files`)
  const [, shown = ''] = readPage(path).split(/<!-- \/?walk -->/)
  if (t.writeSnapshot)
    replaceText(path, `<!-- walk -->${shown}`, `<!-- walk -->\n${toTable(walk)}\n`)
  // How often a part of a batch is called depends on when sockets are read.
  else t.equal(withoutCalls(shown.trim()), withoutCalls(toTable(walk)))
})

function withoutCalls(table: string): string {
  return table.replace(/ \| \d+ \| /g, ' | ')
}
