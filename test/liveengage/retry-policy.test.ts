import t from 'tap'
import { type Resend, resend } from '../../src/liveengage/retry-policy.ts'
import { type ProblemCode, problems } from '../../src/problems/catalogue.ts'
import { Problem } from '../../src/problems/problem.ts'
import { ConnectFailure } from '../../src/transport/connector.ts'
import { RetryBudget } from '../../src/transport/retry-budget.ts'
import { CallStatistics } from '../../src/transport/statistics.ts'

const rejected = (status: number) =>
  new Problem('rejected-by-liveengage', { liveengage: { status } })
const unreachable = () => new Problem('liveengage-unreachable')
const limited = (retryAfterSeconds: number) => new Problem('rate-limited', { retryAfterSeconds })

/** Makes the first attempt, and what follows from its failure. */
function deliver<T>(resending: Resend<T>): Promise<T> {
  return resending.attempt(resending.origin).catch((error) => resend(error, resending))
}

type Outcome = Problem | 'done'

/** A budget with ten resends in it. */
function savings(): RetryBudget {
  const budget = new RetryBudget(new CallStatistics())
  budget.requests += 100
  return budget
}

/** Delivers against scripted outcomes; `moved` are the answers of the look-ups in turn. */
async function run(
  outcomes: Outcome[],
  moved: (string | 'hang')[] = [],
  timeoutMs = 5_000,
  budget = savings(),
): Promise<{ attempts: string[]; rechecks: string[]; result: unknown }> {
  const attempts: string[] = []
  const rechecks: string[] = []
  const attempt = async (origin: string) => {
    const outcome = outcomes[attempts.push(origin) - 1]
    if (outcome === undefined) throw new Error('an attempt too many')
    if (outcome !== 'done') throw outcome
    return outcome
  }
  const recheck = async (origin: string): Promise<string> => {
    const next = moved[rechecks.push(origin) - 1] ?? origin
    return next === 'hang' ? new Promise(() => undefined) : next
  }
  const result = await deliver({
    attempt,
    origin: 'a',
    deadline: performance.now() + timeoutMs,
    recheck,
    renew: async () => false,
    budget,
    statistics: new CallStatistics(),
  }).catch((error) => error)
  return { attempts, rechecks, result }
}

t.test('what succeeds is attempted once', async (t) => {
  t.strictSame(await run(['done']), { attempts: ['a'], rechecks: [], result: 'done' })
})

t.test('a problem without a remedy is not followed by another attempt', async (t) => {
  const remedied: ProblemCode[] = ['liveengage-unreachable', 'rate-limited']
  const isCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)
  for (const code of Object.keys(problems).filter(isCode)) {
    if (remedied.includes(code)) continue
    const problem = new Problem(code)
    const { attempts, rechecks, result } = await run([problem])
    t.strictSame({ attempts, rechecks }, { attempts: ['a'], rechecks: [] }, code)
    t.equal(result, problem)
  }
})

t.test('a problem of unknown delivery is never followed by another attempt', async (t) => {
  for (const code of ['liveengage-unreachable', 'rate-limited'] as const) {
    const problem = new Problem(code, { delivery: 'unknown' })
    t.strictSame(await run([problem]), { attempts: ['a'], rechecks: [], result: problem })
  }
})

t.test('an error that is no problem is passed on', async (t) => {
  const error = new TypeError('a bug')
  const attempt = () => Promise.reject(error)
  const resending = {
    attempt,
    origin: 'a',
    deadline: performance.now() + 1_000,
    recheck: async () => 'b',
    renew: async () => false,
    budget: savings(),
    statistics: new CallStatistics(),
  }
  await t.rejects(deliver(resending), error)
})

t.test('after nothing could be written the host is looked up and tried once more', async (t) => {
  t.strictSame(await run([unreachable(), 'done']), {
    attempts: ['a', 'a'],
    rechecks: ['a'],
    result: 'done',
  })
  t.strictSame(await run([unreachable(), 'done'], ['b']), {
    attempts: ['a', 'b'],
    rechecks: ['a'],
    result: 'done',
  })
  const last = unreachable()
  t.strictSame(await run([unreachable(), last], ['b']), {
    attempts: ['a', 'b'],
    rechecks: ['a'],
    result: last,
  })
})

t.test('after 404 or 421 the request goes to another host, if there is one', async (t) => {
  for (const status of [404, 421]) {
    t.strictSame(await run([rejected(status), 'done'], ['b']), {
      attempts: ['a', 'b'],
      rechecks: ['a'],
      result: 'done',
    })
    const same = rejected(status)
    t.strictSame(await run([same], ['a']), { attempts: ['a'], rechecks: ['a'], result: same })
    const again = rejected(status)
    t.strictSame(await run([rejected(status), again], ['b', 'c']), {
      attempts: ['a', 'b'],
      rechecks: ['a'],
      result: again,
    })
  }
})

t.test('after another status the request goes nowhere', async (t) => {
  for (const status of [400, 401, 403, 405, 409, 410, 413, 422, 451]) {
    const problem = rejected(status)
    t.strictSame(await run([problem]), { attempts: ['a'], rechecks: [], result: problem })
  }
})

t.test('after 429 the request waits and goes once more', async (t) => {
  const started = performance.now()
  const { attempts, result } = await run([limited(0.05), 'done'])
  t.strictSame({ attempts, result }, { attempts: ['a', 'a'], result: 'done' })
  t.ok(performance.now() - started >= 49)
  const again = limited(0.01)
  t.strictSame(await run([limited(0.01), again]), {
    attempts: ['a', 'a'],
    rechecks: [],
    result: again,
  })
})

t.test('a 429 stands if the wait leaves less than a second before the deadline', async (t) => {
  for (const [seconds, timeoutMs] of [
    [1, 1_900],
    [0.05, 1_000],
    [3_600, 10_000],
  ] as const) {
    const problem = limited(seconds)
    const started = performance.now()
    t.strictSame(await run([problem], [], timeoutMs), {
      attempts: ['a'],
      rechecks: [],
      result: problem,
    })
    t.ok(performance.now() - started < 900, 'at once')
  }
})

t.test('each remedy is used once, and two resends are the most', async (t) => {
  const last = unreachable()
  t.strictSame(await run([rejected(404), limited(0.01), last], ['b', 'c']), {
    attempts: ['a', 'b', 'b'],
    rechecks: ['a'],
    result: last,
  })
  t.strictSame(await run([unreachable(), rejected(421), 'done'], ['b', 'c']), {
    attempts: ['a', 'b', 'c'],
    rechecks: ['a', 'b'],
    result: 'done',
  })
  const third = limited(0.01)
  t.strictSame(await run([unreachable(), rejected(421), third], ['b', 'c']), {
    attempts: ['a', 'b', 'c'],
    rechecks: ['a', 'b'],
    result: third,
  })
  const unknown = new Problem('liveengage-timeout')
  t.strictSame(await run([unreachable(), limited(0.01), unknown]), {
    attempts: ['a', 'a', 'a'],
    rechecks: ['a'],
    result: unknown,
  })
})

t.test('a look-up that comes too late leaves the problem as it was', async (t) => {
  for (const problem of [unreachable(), rejected(404)]) {
    const started = performance.now()
    t.strictSame(await run([problem], ['hang'], 60), {
      attempts: ['a'],
      rechecks: ['a'],
      result: problem,
    })
    t.ok(performance.now() - started < 1_000)
  }
})

t.test(
  'a refused token is followed by another attempt only where there is a newer one',
  async (t) => {
    const refused = new Problem('app-jwt-invalid', {
      liveengage: { status: 401, errorCode: 40102 },
    })
    for (const [renew, count] of [
      [undefined, 1],
      [async () => false, 1],
      [async () => true, 2],
    ] as const) {
      let attempts = 0
      const attempt = async () => {
        attempts += 1
        throw refused
      }
      const resending = {
        attempt,
        origin: 'a',
        deadline: performance.now() + 1_000,
        recheck: async () => 'a',
        budget: savings(),
        statistics: new CallStatistics(),
        ...(renew !== undefined && { renew }),
      }
      await t.rejects(deliver(resending), refused)
      t.equal(attempts, count)
    }
  },
)

t.test(
  'the retry budget bounds resends after 429 and failed connections, and no others',
  async (t) => {
    const spent = () => {
      const budget = new RetryBudget(new CallStatistics())
      budget.spend()
      return budget
    }
    const refused = () =>
      new Problem('liveengage-unreachable', { cause: new ConnectFailure(new Error('refused')) })
    for (const problem of [limited(0.01), refused()]) {
      t.strictSame(await run([problem], ['b'], 5_000, spent()), {
        attempts: ['a'],
        rechecks: [],
        result: problem,
      })
    }
    for (const problem of [rejected(404), unreachable()]) {
      const { attempts, result } = await run([problem, 'done'], ['b'], 5_000, spent())
      t.strictSame({ attempts, result }, { attempts: ['a', 'b'], result: 'done' })
    }
    for (const problem of [limited(0.01), refused()]) {
      const { attempts } = await run(
        [problem, 'done'],
        [],
        5_000,
        new RetryBudget(new CallStatistics()),
      )
      t.strictSame(attempts, ['a', 'a'], 'the first of a quiet proxy is free')
    }
  },
)
