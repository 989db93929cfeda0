import t from 'tap'
import { type ProblemCode, problems } from '../../src/problems/catalogue.ts'
import { isProblem, Problem } from '../../src/problems/problem.ts'

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)
const codes = Object.keys(problems).filter(isCode)

t.test(
  '502, 504, a key in use and an error of the proxy may have been delivered, nothing else was',
  (t) => {
    for (const code of codes) {
      const { status, delivery } = new Problem(code)
      const isInUse = code === 'idempotency-key-in-use'
      const maybe = status === 500 || status === 502 || status === 504 || isInUse
      t.equal(delivery, maybe ? 'unknown' : 'not-sent', code)
    }
    t.end()
  },
)

t.test(
  'what was not sent for want of a better moment is retryable, and a key in use; 502 and 504 if repeatable',
  (t) => {
    for (const code of codes) {
      const problem = new Problem(code)
      const isHopeless = code === 'credentials-rejected'
      const isLater = problem.status === 429 || code === 'idempotency-key-in-use'
      const always = isLater || (problem.status === 503 && !isHopeless)
      const ifRepeatable = problem.status === 502 || problem.status === 504
      t.equal(problem.toDetails('1', false).retryable, always, code)
      t.equal(problem.toDetails('1', true).retryable, always || ifRepeatable, code)
    }
    t.end()
  },
)

t.test('where waiting may help, Retry-After says how long', (t) => {
  for (const code of codes) {
    const { status, retryAfterSeconds = 0 } = new Problem(code)
    const isLater = status === 429 || code === 'idempotency-key-in-use'
    const mayHelp = isLater || (status === 503 && code !== 'credentials-rejected')
    t.equal(retryAfterSeconds >= 1, mayHelp, code)
  }
  t.end()
})

t.test('each 401 carries a challenge and nothing else does', (t) => {
  for (const code of codes) {
    const problem = new Problem(code)
    const challenge = problem.headers()['www-authenticate']
    if (code === 'api-key-required') t.equal(challenge, 'ApiKey realm="liveengage-proxy"')
    else if (code === 'webhook-signature-invalid') {
      t.equal(challenge, 'LivePerson-Signature realm="webhooks"')
    } else if (problem.status === 401) t.match(challenge, /^Bearer realm="LiveEngage"/, code)
    else t.equal(challenge, undefined, code)
  }
  t.end()
})

t.test('each problem says what happened and what to do, in whole sentences', (t) => {
  for (const code of codes) {
    t.match(code, /^[a-z]+(-[a-z]+)*$/)
    const { title, cause, remedy, status } = problems[code]
    t.match(title, /^[A-Z].*[^.]$/, code)
    t.match(cause, /^.*\.$/, code)
    t.match(remedy, /^[A-Z].*\.$/, code)
    t.ok(Number.isInteger(status) && status >= 400 && status <= 599, code)
  }
  t.end()
})

t.test('a problem becomes the document of RFC 9457', (t) => {
  const problem = new Problem('liveengage-timeout')
  t.strictSame(problem.toDetails('id-1', false), {
    type: '/problems/liveengage-timeout',
    title: 'LiveEngage did not answer in time',
    status: 504,
    detail: 'The request was sent, but no complete answer arrived before the deadline.',
    instance: 'urn:request:id-1',
    code: 'liveengage-timeout',
    requestId: 'id-1',
    delivery: 'unknown',
    retryable: false,
    remedy:
      'LiveEngage may have processed the request. If `retryable` is true, a retry is harmless. Otherwise retry only if a duplicate is better than a loss. After POST /conversations the conversation may exist, but its id is lost, and a retry may fail with conversation-already-open.',
  })
  t.strictSame(problem.headers(), {})
  t.end()
})

t.test(
  'a problem shows what it is given: detail, delivery, errors and LiveEngage’s answer',
  (t) => {
    const cause = new Error('ECONNRESET')
    const problem = new Problem('rate-limited', {
      detail: 'In short.',
      delivery: 'unknown',
      errors: [{ path: '/text', message: 'is required' }],
      liveengage: { status: 429, errorCode: 42901, message: 'slow down' },
      retryAfterSeconds: 17,
      cause,
    })
    t.strictSame(problem.toDetails('id-1', false), {
      type: '/problems/rate-limited',
      title: 'LiveEngage limits the request rate',
      status: 429,
      detail: 'In short.',
      instance: 'urn:request:id-1',
      code: 'rate-limited',
      requestId: 'id-1',
      delivery: 'unknown',
      retryable: true,
      remedy: 'Retry after the time in Retry-After. Spread your requests to avoid bursts.',
      errors: [{ path: '/text', message: 'is required' }],
      liveengage: { status: 429, errorCode: 42901, message: 'slow down' },
    })
    t.strictSame(problem.headers(), { 'retry-after': '17' })
    t.equal(problem.cause, cause)
    t.equal(problem.name, 'Problem')
    t.end()
  },
)

t.test('a wrong method is answered with the right ones', (t) => {
  const problem = new Problem('method-not-allowed', { allow: ['DELETE', 'POST'] })
  t.strictSame(problem.headers(), { allow: 'DELETE, POST' })
  t.end()
})

t.test('a problem is told by its code', (t) => {
  t.equal(isProblem(new Problem('rate-limited'), 'rate-limited'), true)
  t.equal(isProblem(new Problem('rate-limited'), 'conversation-closed'), false)
  t.equal(isProblem(new Problem('rate-limited'), undefined), false)
  t.equal(isProblem(new Error('rate-limited'), undefined), false)
  t.end()
})
