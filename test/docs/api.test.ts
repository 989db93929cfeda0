import { test } from 'tap'
import { actions } from '../../src/routes/actions.ts'
import { wants } from '../programs.ts'
import { startProxy } from '../start.ts'
import { startUpstream } from '../upstream.ts'
import { runCurls } from './commands.ts'
import { routeSummaries } from './expected.ts'
import { readPage, table } from './page.ts'

const page = readPage('docs/api.md')

test('the routes of the API’s page are those of the OpenAPI document, with their success', async (t) => {
  const successes = { event: '201 with `sequence`', silent: '204', opened: '201' }
  const rows = table(page, 'routes')
  t.strictSame(
    rows.map(([route, summary]) => [route, summary]),
    routeSummaries(),
  )
  t.strictSame(
    rows.slice(0, actions.length).map(([, , , success]) => success),
    actions.map(({ outcome }) => successes[outcome]),
  )
})

test('the bodies of the API’s page are taken, and the words beside them are known', async (t) => {
  const upstream = await startUpstream(t)
  const { call } = await startProxy(t, upstream.origin)
  const rows = table(page, 'bodies')
  const withBody = actions.filter(({ method }) => method !== 'DELETE')
  t.strictSame(
    rows.map(([route]) => route),
    withBody.map(({ method, path }) => `\`${method} ${path}\``),
  )
  for (const [index, [route = '', example = '', besides = '']] of rows.entries()) {
    const [method = '', path = ''] = route.replaceAll('`', '').split(' ')
    const bodies = [...example.matchAll(/`(\{.*?\})`/g)].map(([, body = '']) => JSON.parse(body))
    if (example.startsWith('none')) bodies.push(undefined)
    t.not(bodies.length, 0, route)
    for (const body of bodies) {
      const { status } = await call(method, `${path.replace(':id', 'c1')}?dryRun=true`, body)
      t.equal(status, 200, `${route} ${JSON.stringify(body)}`)
    }
    const schema = JSON.stringify(withBody[index]?.body)
    for (const [, word] of besides.matchAll(/`(?:\w+\.)?(\w+)`/g)) {
      t.match(schema, `"${word}"`, `${route} ${word}`)
    }
  }
})

test(
  'the curls of the API’s page get the answers that it shows',
  wants('curl', 'base64'),
  async (t) => {
    const { answers, run } = await runCurls(t, 'docs/api.md')
    t.equal(answers.length, 5)
    t.match(JSON.parse(await run(0)), { status: 409, code: 'conversation-already-open' })
  },
)
