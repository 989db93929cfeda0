import t from 'tap'
import { asOwnRefusal } from '../../../src/liveengage/tokens/refused-tokens.ts'
import { Problem } from '../../../src/problems/problem.ts'

const refused = (code: 'app-jwt-invalid' | 'consumer-jws-invalid') =>
  new Problem(code, { liveengage: { status: 401 } })

const nobody = {
  accountId: '12345678',
  credentials: undefined,
  appJwt: undefined,
  consumerJws: undefined,
  consumerId: 'ada',
  clientProperties: undefined,
}

t.test('a refusal of the proxy’s own token is the proxy’s', (t) => {
  for (const code of ['app-jwt-invalid', 'consumer-jws-invalid'] as const) {
    t.match(asOwnRefusal(refused(code), nobody), {
      code: 'credentials-rejected',
      options: { liveengage: { status: 401 } },
    })
  }
  t.end()
})

t.test('everything else stays what it is', (t) => {
  const given = { ...nobody, appJwt: 'a.b.c', consumerJws: 'd.e.f' }
  const malformed = new Problem('app-jwt-invalid')
  const other = new Problem('liveengage-failed', { liveengage: { status: 500 } })
  const failure = new Error('no problem at all')
  t.equal(asOwnRefusal(malformed, nobody), malformed)
  t.equal(asOwnRefusal(other, nobody), other)
  t.equal(asOwnRefusal(failure, nobody), failure)
  for (const code of ['app-jwt-invalid', 'consumer-jws-invalid'] as const) {
    const problem = refused(code)
    t.equal(asOwnRefusal(problem, given), problem)
  }
  t.end()
})
