import { test } from 'tap'
import { problems } from '../../src/problems/catalogue.ts'
import { start } from '../start.ts'

test('/problems has every problem with its cause and remedy', async (t) => {
  const { call } = await start(t)
  const { status, body } = await call('GET', '/problems')
  t.equal(status, 200)
  t.strictSame(
    body.problems.map(({ code }: { code: string }) => code),
    Object.keys(problems),
  )
  for (const problem of body.problems) {
    t.match(problem, { type: `/problems/${problem.code}`, title: /./, cause: /./, remedy: /./ })
    const one = await call('GET', problem.type)
    t.equal(one.status, 200)
    t.strictSame(one.body, problem)
  }
})

test('a problem that there is not is a 404', async (t) => {
  const { call } = await start(t)
  for (const code of ['nonsense', 'toString', '__proto__']) {
    t.match(await call('GET', `/problems/${code}`), {
      status: 404,
      body: { code: 'route-not-found' },
    })
  }
})

test('502, 504 and a key in use alone may have been delivered', async (t) => {
  for (const [code, { status, delivery }] of Object.entries(problems)) {
    const isInUse = code === 'idempotency-key-in-use'
    const isUnknown = status === 502 || status === 504 || status === 500 || isInUse
    t.equal(delivery, isUnknown ? 'unknown' : 'not-sent', code)
  }
})
