import { test } from 'tap'
import { usage } from '../../src/cli/command-line.ts'
import { blocks, readPage, table } from './page.ts'

const page = readPage('docs/package.md')

test('the code of the package’s page prints what the page shows', async (t) => {
  const [code = ''] = blocks(page)
    .filter(({ language }) => language === 'js')
    .map(({ text }) => text)
  const logged = t.capture(console, 'log')
  await import(`${t.testdir({ 'page.mjs': code })}/page.mjs`)
  const shown = blocks(page).filter(({ language }) => language === 'text')
  t.strictSame(
    logged().map(({ args }) => args.join(' ')),
    shown.map(({ text }) => text),
  )
})

test('the table of the package’s page names every export and the commands', (t) => {
  const { name, exports } = JSON.parse(readPage('package.json'))
  const named = table(page, 'package').flatMap(([cell = '']) => cell.slice(1, -1).split('`, `'))
  t.strictSame(
    named.filter((each) => !each.startsWith('npx ')).sort(),
    Object.keys(exports)
      .map((path) => path.replace('.', name))
      .sort(),
  )
  t.match(usage, /^ {2}sandbox .*\n {4}--only /m)
  t.end()
})
