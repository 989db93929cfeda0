import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Test, test } from 'tap'
import { pauseMs } from '../../src/client/call.ts'
import { startProxy } from '../start.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { json, ok, type Script, startUpstream, type Upstream } from '../upstream.ts'
import { failureOf, recordedClient } from './recorded.ts'

const limited = json(429, 'too many', { 'retry-after': '0' })

/** Takes the first scripts one after the other, then succeeds. */
function inTurn(...scripts: Script[]): Script {
  return (seen, response, request) => (scripts.shift() ?? ok)(seen, response, request)
}

async function startBoth(t: Test, ...scripts: Script[]) {
  const upstream = await startUpstream(t, { send: inTurn(...scripts) })
  const proxy = await startProxy(t, upstream.origin)
  return { upstream, proxy }
}

/** The first answers of the proxy are lost on their way: they come, and nobody gets them. */
function losing(count: number, answers: Response[] = []) {
  let left = count
  return async (url: string, init: RequestInit) => {
    const response = await fetch(url, init)
    if (left === 0) return response
    left -= 1
    answers.push(response)
    throw new TypeError('fetch failed', { cause: new Error('socket hang up') })
  }
}

const textsOf = ({ sends }: Upstream) =>
  sends().map(({ body }) => JSON.parse(body).body.event.message)

test('what was not sent is sent again after Retry-After, under one key and one request id', async (t) => {
  // The proxy resends a 429 once by itself.
  const { upstream, proxy } = await startBoth(t, limited, limited)
  const { client, attempts } = recordedClient(proxy.url)
  const before = performance.now()
  t.match(await client.sendMessage('c', { text: 'Hi' }), { sequence: 0 })
  t.ok(performance.now() - before >= 1000, 'Retry-After of the proxy is 1 s')
  t.equal(attempts.length, 2)
  t.strictSame(textsOf(upstream), ['Hi', 'Hi', 'Hi'])
  for (const header of ['idempotency-key', 'x-request-id']) {
    const values = new Set(attempts.map(({ headers }) => headers.get(header)))
    t.equal(values.size, 1, header)
    t.notOk(values.has(null), header)
  }
})

test('a proxy that refuses connections is tried again, and got nothing', async (t) => {
  const refused = await startProxy(t, 'http://127.0.0.1:1')
  await refused.server.close()
  const { client, attempts } = recordedClient(refused.url, { maxAttempts: 3 })
  t.match(await failureOf(client.sendMessage('c', { text: 'Hi' })), {
    name: 'LiveEngageProxyError',
    code: 'network-error',
    delivery: 'not-sent',
    retryable: true,
    attempts: 3,
    status: undefined,
    requestId: attempts[0]?.headers.get('x-request-id'),
  })
  t.equal(attempts.length, 3)
})

test('a lost answer is asked for again with its key, and nothing is doubled', async (t) => {
  const { upstream, proxy } = await startBoth(t)
  const { client, attempts } = recordedClient(proxy.url, { fetch: losing(2) })
  t.match(await client.sendMessage('c', { text: 'Hi' }), { sequence: 0 })
  t.equal(attempts.length, 3)
  t.strictSame(textsOf(upstream), ['Hi'])
  const form = recordedClient(proxy.url, { fetch: losing(1) })
  t.match(await form.client.sendReceipt('c', { status: 'read', sequences: [0] }), { sequence: 0 })
  t.equal(upstream.sends().length, 2)
})

test('while the first attempt is under way, the next one waits for its answer', async (t) => {
  let release = () => {}
  const upstream = await startUpstream(t)
  const arrived = new Promise<void>((resolve) => {
    upstream.script.send = (...of) => {
      release = () => ok(...of)
      resolve()
    }
  })
  const proxy = await startProxy(t, upstream.origin)
  const statuses: (number | undefined)[] = []
  const { client } = recordedClient(proxy.url, {
    fetch: async (url, init) => {
      const call = fetch(url, init)
      if (statuses.length === 0) {
        // The connection to the proxy breaks while LiveEngage has the message.
        statuses.push(undefined)
        call.catch(() => undefined)
        await arrived
        throw new TypeError('fetch failed')
      }
      const response = await call
      statuses.push(response.status)
      if (response.status === 409) release()
      return response
    },
  })
  t.match(await client.sendMessage('c', { text: 'Hi' }), { sequence: 0 })
  t.strictSame(statuses, [undefined, 409, 201])
  t.strictSame(textsOf(upstream), ['Hi'])
})

test('an outcome that is unknown is told, and not tried again', async (t) => {
  const { upstream, proxy } = await startBoth(t, json(500, 'oops'))
  const { client, attempts } = recordedClient(proxy.url)
  t.match(await failureOf(client.sendMessage('c', { text: 'Hi' })), {
    code: 'liveengage-failed',
    status: 502,
    delivery: 'unknown',
    retryable: false,
    idempotencyKey: attempts[0]?.headers.get('idempotency-key'),
    problem: { liveengage: { status: 500 } },
  })
  t.equal(attempts.length, 1)
  t.equal(upstream.sends().length, 1)
})

test('the outcome of a key is told when it comes again: it would never be another', async (t) => {
  const { upstream, proxy } = await startBoth(t, json(500, 'oops'))
  const { client, attempts } = recordedClient(proxy.url)
  const close = () => client.closeConversation('c', {}, { idempotencyKey: 'k' })
  t.match(await failureOf(close()), { code: 'liveengage-failed', retryable: false })
  t.equal(attempts.length, 2, 'the first may be repeated; its repetition is the replay')
  t.equal(upstream.sends().length, 1)
})

test('what changes nothing by repetition is repeated after an unknown outcome', async (t) => {
  const oops = json(500, 'oops')
  const { upstream, proxy } = await startBoth(t, oops, oops)
  const { client, attempts } = recordedClient(proxy.url)
  await client.closeConversation('c')
  t.equal(attempts.length, 3)
  t.equal(upstream.sends().length, 3)
})

test('an attempt that may have been delivered stays so, whatever the next ones say', async (t) => {
  const { proxy } = await startBoth(t)
  const answers: Response[] = []
  let calls = 0
  const { client } = recordedClient(proxy.url, {
    maxAttempts: 2,
    fetch: async (url, init) => {
      calls += 1
      if (calls === 1) return losing(1, answers)(url, init)
      return fetch(`${proxy.url}/nowhere`, init)
    },
  })
  t.match(await failureOf(client.sendMessage('c', { text: 'Hi' })), {
    code: 'route-not-found',
    message: /An earlier attempt may have been delivered/,
    remedy: /may have been delivered/,
    delivery: 'unknown',
    retryable: false,
    attempts: 2,
  })
  t.equal(answers[0]?.status, 201)
})

test('a key of the caller makes the same call harmless', async (t) => {
  const { upstream, proxy } = await startBoth(t)
  const { client } = recordedClient(proxy.url, { maxAttempts: 1, fetch: losing(1) })
  const send = () => client.sendMessage('c', { text: 'Hi' }, { idempotencyKey: 'order-7' })
  t.match(await failureOf(send()), {
    code: 'network-error',
    delivery: 'unknown',
    retryable: true,
    idempotencyKey: 'order-7',
  })
  t.match(await send(), { sequence: 0 })
  t.strictSame(textsOf(upstream), ['Hi'])
  const own = recordedClient(proxy.url, { maxAttempts: 1, fetch: losing(1) })
  t.match(await failureOf(own.client.sendMessage('c', { text: 'Ho' })), { retryable: false })
})

test('the deadline ends an attempt, and a pause that would outlast it is not begun', async (t) => {
  const { proxy } = await startBoth(t, () => undefined)
  const { client } = recordedClient(proxy.url, { timeoutMs: 300 })
  t.match(await failureOf(client.sendMessage('c', { text: 'Hi' })), {
    code: 'timeout',
    delivery: 'unknown',
    retryable: false,
    attempts: 1,
  })
  const answer = () => proxyAnswer('rate-limited', { 'retry-after': '60' })
  const limitedClient = recordedClient(proxy.url, { fetch: answer })
  const before = performance.now()
  t.match(await failureOf(limitedClient.client.sendMessage('c', { text: 'Hi' })), {
    code: 'rate-limited',
    delivery: 'not-sent',
    retryable: true,
    retryAfterSeconds: 60,
    attempts: 1,
  })
  t.ok(performance.now() - before < 10_000)
})

async function proxyAnswer(code: string, headers: Record<string, string>): Promise<Response> {
  const problem = {
    code,
    detail: 'No.',
    delivery: 'not-sent',
    retryable: true,
    requestId: 'r',
    remedy: 'Wait.',
  }
  return new Response(JSON.stringify(problem), {
    status: 429,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headers },
  })
}

test('an abort ends a call before, within and between its attempts', async (t) => {
  const { upstream, proxy } = await startBoth(t, () => undefined)
  const { client, attempts } = recordedClient(proxy.url)
  const reason = new Error('enough')
  const before = AbortSignal.abort(reason)
  const aborted = { code: 'aborted', cause: reason, retryable: false }
  t.match(await failureOf(client.sendMessage('c', { text: 'Hi' }, { signal: before })), {
    ...aborted,
    delivery: 'not-sent',
    attempts: 0,
  })
  t.equal(attempts.length, 0)

  const within = new AbortController()
  const arrived = once(upstream.server, 'request')
  const send = failureOf(client.sendMessage('c', { text: 'Hi' }, { signal: within.signal }))
  await arrived
  within.abort(reason)
  t.match(await send, { ...aborted, delivery: 'unknown', attempts: 1 })

  const between = new AbortController()
  const waiting = recordedClient(proxy.url, {
    fetch: async () => {
      setImmediate(() => between.abort(reason))
      return proxyAnswer('rate-limited', { 'retry-after': '20' })
    },
  })
  const { signal } = between
  const start = performance.now()
  t.match(await failureOf(waiting.client.sendMessage('c', { text: 'Hi' }, { signal })), {
    ...aborted,
    delivery: 'not-sent',
    attempts: 1,
  })
  t.ok(performance.now() - start < 15_000, 'it does not wait for the rest of the pause')
})

test('pauses grow to 5 seconds, differ, and are never shorter than Retry-After', async (t) => {
  for (const [attempts, retryAfter, shortest, longest] of [
    [1, undefined, 100, 200],
    [2, undefined, 200, 400],
    [20, undefined, 2500, 5000],
    [1, 3, 3000, 3100],
  ] as const) {
    const pauses = Array.from({ length: 50 }, () => pauseMs(attempts, retryAfter))
    t.ok(Math.min(...pauses) >= shortest, `${attempts} ${retryAfter}`)
    t.ok(Math.max(...pauses) <= longest, `${attempts} ${retryAfter}`)
    t.ok(new Set(pauses).size > 1)
  }
})

test('among many faults, nothing is doubled, and each outcome is told truly', async (t) => {
  /** How often LiveEngage acted on each text. */
  const acted = new Map<string, number>()
  const faults: Record<string, Script> = {
    ok,
    limited,
    oops: json(500, 'oops'),
    lost: (_seen, _response, request) => void request.socket.destroy(),
  }
  const upstream = await startUpstream(t, {
    send: (seen, response, request) => {
      const text = JSON.parse(seen.body).body.event.message
      const fault = text.split(' ')[1] ?? ''
      const isFirst = !acted.has(text)
      if (!isFirst || fault !== 'limited') acted.set(text, (acted.get(text) ?? 0) + 1)
      else acted.set(text, 0)
      const script = isFirst ? faults[fault] : ok
      ;(script ?? ok)(seen, response, request)
    },
  })
  const proxy = await startProxy(t, upstream.origin)
  // Fewer than would open the circuit breaker.
  const names = ['ok', 'ok', 'limited', 'ok', 'oops', 'ok', 'ok', 'lost']
  const closed = createServer()
  const nowhere = `http://127.0.0.1:${await listen(closed)}`
  await new Promise((resolve) => closed.close(resolve))
  const outcomes = await Promise.all(
    Array.from({ length: 64 }, async (_each, index) => {
      const text = `${index} ${names[index % names.length]}`
      // Every third client loses an answer, every fifth two, and every seventh finds no proxy at first.
      const lost = index % 5 === 0 ? 2 : index % 3 === 0 ? 1 : 0
      const lossy = losing(lost)
      let unreachable = index % 7 === 0 ? 1 : 0
      const { client } = recordedClient(proxy.url, {
        fetch: async (url, init) => {
          if (unreachable === 0) return lossy(url, init)
          unreachable -= 1
          return fetch(nowhere, init)
        },
      })
      const call = client.sendMessage(`c${index}`, { text })
      const outcome = await call.then(
        () => 'sent',
        ({ delivery }) => delivery,
      )
      return { text, outcome }
    }),
  )
  const counts: Record<string, number> = {}
  for (const { text, outcome } of outcomes) {
    counts[outcome] = (counts[outcome] ?? 0) + 1
    const times = acted.get(text) ?? 0
    t.ok(times <= 1, `${text}: ${times}`)
    if (outcome === 'sent') t.equal(times, 1, text)
    if (outcome === 'not-sent') t.equal(times, 0, text)
  }
  t.strictSame(counts, { sent: 48, unknown: 16 })
})
