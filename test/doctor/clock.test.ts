import t from 'tap'
import type { Script } from '../upstream.ts'
import { examine, pointedTo, startLivePerson } from './fixtures/examine.ts'

const dated =
  (date: () => string): Script =>
  (_seen, response) =>
    response.writeHead(404, { date: date() }).end()

/** A clock that many seconds from this one. */
const from = (seconds: number) => dated(() => new Date(Date.now() + seconds * 1000).toUTCString())

t.test('the clock is judged by how far it is from the Domain API’s', async (t) => {
  const cases: [Script, string, RegExp][] = [
    [from(0), 'ok', /^within 5 s/],
    [from(30), 'warn', /^(29|30|31) s behind the Domain API’s$/],
    [from(-30), 'warn', /^(29|30|31) s ahead of the Domain API’s$/],
    [from(-3600), 'fail', /^3\d{3} s ahead of the Domain API’s$/],
    [dated(() => 'yesterday'), 'skip', /no usable Date header/],
    [(_seen, response) => response.destroy(), 'fail', /^localhost:\d+: .*\(ECONNRESET\)$/],
    [() => undefined, 'fail', /^localhost:\d+: no answer within 1500 ms \(ETIMEDOUT\)$/],
  ]
  for (const [clock, status, detail] of cases) {
    const upstream = await startLivePerson(t, { clock })
    const times = { REQUEST_TIMEOUT_MS: '500', CONNECT_TIMEOUT_MS: '1000' }
    const { findings } = await examine({ ...pointedTo(upstream), ...times })
    t.match(findings['clock'], { status, detail })
    const remedy = status === 'warn' || status === 'fail' ? /./ : null
    t.match(findings['clock'], { remedy })
  }
})

t.test('a clock that is a little wrong is no failure', async (t) => {
  const { code, findings } = await examine(pointedTo(await startLivePerson(t, { clock: from(30) })))
  t.match(findings['clock'], { status: 'warn', remedy: /NTP/ })
  t.equal(code, 0)
})
