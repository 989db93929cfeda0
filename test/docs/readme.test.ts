import { test } from 'tap'
import { Environment } from '../../src/config/environment.ts'
import { actions } from '../../src/routes/actions.ts'
import { wants } from '../programs.ts'
import { runCurls } from './commands.ts'
import { environmentRows, routeSummaries } from './expected.ts'
import { blocks, checkTable, readPage, table } from './page.ts'

const readme = readPage('README.md')

test('the first command is the one of a fresh machine, and so is that of the tests', async (t) => {
  const commands = blocks(readme).filter(({ language }) => language === 'sh')
  t.equal(commands[0]?.text, 'npm ci && npm run sandbox')
  t.ok(commands.some(({ text }) => text === 'npm ci && npm test'))
})

test(
  'README’s curls do what README says, and the answers shown are those that come',
  wants('curl'),
  async (t) => {
    const { answers } = await runCurls(t, 'README.md')
    const [sent, opened, lost, ...more] = answers.map((answer) => JSON.parse(answer))
    t.strictSame(more, [])
    t.match(sent.requestId, /^[0-9a-f-]{36}$/)
    t.match(opened, { conversationId: /./, requestId: /./ })
    t.match(lost, { status: 502, delivery: 'unknown' })
  },
)

test('README’s routes are those of the OpenAPI document, but for the native ones', async (t) => {
  const rows = routeSummaries().filter(([route]) => !route?.includes('/api/account/'))
  t.equal(rows.length, actions.length + 2)
  checkTable(t, 'README.md', 'routes', rows)
})

test('README’s seven variables are as the schema has them', async (t) => {
  const names = table(readme, 'variables').map(([name]) => name)
  t.equal(names.length, 7)
  t.ok(Object.keys(Environment.properties).length > names.length)
  const rows = environmentRows().filter(([name]) => names.includes(name))
  checkTable(t, 'README.md', 'variables', rows)
})
