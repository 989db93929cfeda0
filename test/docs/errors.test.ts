import { test } from 'tap'
import { problems } from '../../src/problems/catalogue.ts'
import { wants } from '../programs.ts'
import { runCurls } from './commands.ts'
import { checkTable } from './page.ts'

const page = 'docs/errors.md'

test('the table of problems is the one of the program', async (t) => {
  const rows = Object.entries(problems).map(([code, { status, title, delivery, retryable }]) => [
    String(status),
    `\`${code}\``,
    title,
    delivery,
    String(retryable),
  ])
  checkTable(t, page, 'problems', rows)
})

test('502, 504 and one 409 are the only problems that may have been delivered, but for a 500', async (t) => {
  const unknown = Object.entries(problems).filter(([, { delivery }]) => delivery === 'unknown')
  t.strictSame(
    unknown.map(([code, { status }]) => [status, code]),
    [
      [409, 'idempotency-key-in-use'],
      [500, 'internal-error'],
      [502, 'liveengage-failed'],
      [502, 'app-refused'],
      [504, 'app-timeout'],
      [504, 'liveengage-timeout'],
    ],
  )
})

test(
  'the curls about errors get the answers that the page shows, the second time too',
  wants('curl'),
  async (t) => {
    const { answers, run } = await runCurls(t, page)
    const [invalid, opened = '', ...more] = answers
    t.strictSame(more, [])
    t.match(JSON.parse(invalid ?? ''), { status: 400, delivery: 'not-sent' })
    t.match(JSON.parse(opened), { conversationId: /./ })
    t.equal(await run(1), opened)
  },
)
