import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import t, { type Test } from 'tap'
import { Problem } from '../../src/problems/problem.ts'
import { CircuitBreaker } from '../../src/transport/circuit-breaker.ts'
import { download } from '../../src/transport/download.ts'
import { type Answer, exchange, type OutgoingRequest } from '../../src/transport/exchange.ts'
import type { Host } from '../../src/transport/host.ts'
import type { Hosts, HostsOptions } from '../../src/transport/hosts.ts'
import type { Terms } from '../../src/transport/terms.ts'
import { makeCertificate } from '../doctor/fixtures/certificate.ts'
import { openHosts, termsOf, upstream } from './fixtures/hosts.ts'
import { http, listen, type Answer as RawAnswer, startRaw, success } from './fixtures/raw.ts'
import { controller, reached, ScriptedDispatcher } from './fixtures/scripted.ts'

const call: OutgoingRequest = {
  method: 'POST',
  path: '/send?v=3',
  headers: { 'x-a': 'b' },
  body: '{"id":"1"}',
}

function open(t: Test, options: Partial<HostsOptions> = {}): Hosts {
  const bounds = { connections: 4, connectTimeoutMs: 100, callTimeoutMs: 2_000 }
  return openHosts(t, { ...bounds, ...options })
}

function post(
  hosts: Hosts,
  origin: string,
  timeoutMs = 2_000,
  body = '{"id":"1"}',
): Promise<Answer> {
  return exchange(hosts.at(origin), { ...call, body }, termsOf(timeoutMs), upstream)
}

/** What came of it: the status, or the problem's code and what it says of the delivery. */
async function outcome(work: Promise<Answer>): Promise<string> {
  try {
    return String((await work).status)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return `${error.code} ${error.delivery}`
  }
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

const notSent = 'liveengage-unreachable not-sent'
const failed = 'liveengage-failed unknown'
const timedOut = 'liveengage-timeout unknown'
const expired = 'deadline-exceeded not-sent'

t.test('an answer is its status, its Retry-After and its bytes', async (t) => {
  const raw = await startRaw(t, (socket) =>
    socket.write(http('{"a":"é"}', 'HTTP/1.1 429 Slow down\r\nretry-after: 7')),
  )
  const answer = await post(open(t), raw.origin)
  t.strictSame(answer, {
    status: 429,
    retryAfter: '7',
    contentType: undefined,
    body: Buffer.from('{"a":"é"}'),
  })
  const { host } = new URL(raw.origin)
  t.strictSame(raw.requests, [
    `POST /send?v=3 HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nx-a: b\r\ncontent-length: 10\r\n\r\n{"id":"1"}`,
  ])
})

t.test('a Retry-After that is given twice counts as none, an empty body as no bytes', async (t) => {
  const twice = 'HTTP/1.1 429 Slow down\r\nretry-after: 7\r\nretry-after: 9'
  const raw = await startRaw(t, (socket) => socket.write(http('', twice)))
  const answer = await post(open(t), raw.origin)
  t.strictSame(answer, {
    status: 429,
    retryAfter: undefined,
    contentType: undefined,
    body: Buffer.alloc(0),
  })
})

t.test('an answer in pieces is put together', async (t) => {
  const raw = await startRaw(t, async (socket) => {
    for (const byte of http(success)) {
      socket.write(byte)
      await delay(0)
    }
  })
  t.equal((await post(open(t), raw.origin)).body.toString(), success)
})

t.test('nothing is written where no connection can be had', async (t) => {
  const hosts = open(t)
  const closed = createServer()
  const port = await listen(closed)
  closed.close()
  await once(closed, 'close')
  const silent = await startRaw(t, () => undefined)
  const { host } = new URL(silent.origin)
  const cases = {
    'the port is closed': `http://127.0.0.1:${port}`,
    'the name does not exist': 'http://nowhere.invalid',
    'TLS gets no answer': `https://${host}`,
  }
  for (const [name, origin] of Object.entries(cases)) {
    t.equal(await outcome(post(hosts, origin)), notSent, name)
  }
  t.strictSame(silent.requests, [])
})

t.test('a host that takes no connection is unreachable after the connect time-out', async (t) => {
  const script = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [port] = await once(child.stdout, 'data')
  for (let filler = 0; filler < 4; filler += 1) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined)
    t.teardown(() => socket.destroy())
  }
  await delay(50)
  const started = performance.now()
  t.equal(await outcome(post(open(t), `http://127.0.0.1:${port}`)), notSent)
  t.ok(performance.now() - started < 1_900, 'undici counts this time in steps of half a second')
  const late = open(t, { connectTimeoutMs: 1_000 })
  t.equal(await outcome(post(late, `http://127.0.0.1:${port}`, 100)), expired, 'the deadline first')
})

t.test(
  'a certificate that nobody trusts is unreachable, whatever the environment says',
  async (t) => {
    const { key, cert } = makeCertificate({
      host: 'localhost',
      validFrom: new Date(Date.now() - 60_000),
      validUntil: new Date(Date.now() + 3_600_000),
    })
    let bytes = 0
    const server = createTlsServer({ key, cert }, (socket) =>
      socket.on('data', (chunk) => (bytes += chunk.length)).on('error', () => undefined),
    )
    t.teardown(() => server.close())
    const port = await listen(server)
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
    for (const usesTls of [true, false]) {
      const call = post(open(t, { usesTls }), `https://localhost:${port}`)
      t.equal(await outcome(call), notSent, `usesTls ${usesTls}`)
    }
    t.equal(bytes, 0)

    const trusted = tlsConnect({ port, host: 'localhost', ca: cert })
    await once(trusted, 'secureConnect')
    t.ok(trusted.authorized, 'the server itself is sound')
    trusted.destroy()
  },
)

t.test('once written, whatever is no whole answer is a failure of unknown delivery', async (t) => {
  const cases: Record<string, RawAnswer> = {
    'closed without an answer': (socket) => socket.end(),
    'reset without an answer': (socket) => socket.resetAndDestroy(),
    'reset within the body': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"code"', () =>
        socket.resetAndDestroy(),
      )
    },
    'a body shorter than its length': (socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"code"')
    },
    'two lengths': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ')
    },
    'a length and chunks': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}')
    },
    'a broken chunk': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n')
    },
    'no HTTP at all': (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
    'another protocol': (socket) => {
      socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    },
    'an unasked 100': (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'),
    'endless headers': (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}`),
    'more than 64 KiB': (socket) => socket.write(http(' '.repeat(65_537))),
    'more than 64 KiB in chunks': (socket) => {
      const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(5)}`)
    },
  }
  for (const [name, answer] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const raw = await startRaw(t, answer)
      t.equal(await outcome(post(open(t), raw.origin)), failed)
      t.equal(raw.requests.length, 1, 'written once')
    })
  }
})

t.test('an answer of exactly 64 KiB is read', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(' '.repeat(65_536))))
  t.equal((await post(open(t), raw.origin)).body.length, 65_536)
})

t.test('the deadline ends an exchange that was written, at once and for good', async (t) => {
  const repeat = (bytes: string, head = ''): RawAnswer => {
    return (socket) => {
      socket.write(head)
      const timer = setInterval(() => socket.write(bytes), 10)
      socket.on('close', () => clearInterval(timer))
    }
  }
  const cases: Record<string, RawAnswer> = {
    silence: () => undefined,
    'headers and nothing more': (socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n'),
    'half a body': (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{"code"'),
    'endless 1xx': repeat('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
    'a body that trickles': repeat(' ', 'HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n'),
    'headers that trickle': repeat('a', 'HTTP/1.1 200 OK\r\nx: '),
  }
  for (const [name, answer] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const sockets = new EventEmitter()
      const closed = once(sockets, 'close')
      const raw = await startRaw(t, (socket, request, index) => {
        socket.on('close', () => sockets.emit('close'))
        answer(socket, request, index)
      })
      const started = performance.now()
      t.equal(await outcome(post(open(t), raw.origin, 100)), timedOut)
      const tookMs = performance.now() - started
      t.ok(tookMs >= 99 && tookMs < 1_000, `took ${tookMs} ms`)
      await closed
      t.equal(raw.requests.length, 1, 'written once')
    })
  }
})

t.test('an exchange whose deadline has passed already writes nothing', async (t) => {
  const raw = await startRaw(t, (socket) => socket.write(http(success)))
  const hosts = open(t)
  for (const timeoutMs of [0, -1, -1_000]) {
    t.equal(await outcome(post(hosts, raw.origin, timeoutMs)), expired)
  }
  t.equal(raw.connections(), 0)
})

t.test(
  'an exchange that expires behind a busy connection is never written, and costs no connection',
  async (t) => {
    const releases = new EventEmitter()
    const raw = await startRaw(t, (socket, _request, index) => {
      if (index === 0) releases.once('release', () => socket.write(http(success)))
      else socket.write(http(success))
    })
    const hosts = open(t, { connections: 1 })
    const first = outcome(post(hosts, raw.origin, 2_000, '"first"'))
    const started = performance.now()
    const queued = Array.from({ length: 20 }, () => outcome(post(hosts, raw.origin, 80, '"never"')))
    const last = outcome(post(hosts, raw.origin, 2_000, '"last"'))
    t.strictSame(await Promise.all(queued), Array(20).fill(expired))
    t.ok(performance.now() - started < 1_500)
    releases.emit('release')
    t.strictSame(await Promise.all([first, last]), ['200', '200'])
    t.strictSame(
      raw.requests.map((request) => request.slice(-7)),
      ['"first"', '\n"last"'],
    )
    t.equal(raw.connections(), 1)
  },
)

t.test(
  'a write that would begin after the deadline is stopped, even if the timer is late',
  async (t) => {
    const terms = termsOf(20)
    const busy = new ScriptedDispatcher((handler) => {
      while (performance.now() < terms.deadline);
      t.throws(() => handler.onRequestStart?.(controller, {}), {
        message: /nothing may be written/,
      })
    })
    t.equal(await outcome(exchange(reached(busy), call, terms, upstream)), expired)
  },
)

t.test('a second write of the same exchange is stopped', async (t) => {
  const eager = new ScriptedDispatcher((handler) => {
    handler.onRequestStart?.(controller, {})
    t.throws(() => handler.onRequestStart?.(controller, {}), { message: /nothing may be written/ })
    handler.onResponseError?.(controller, new Error('stopped'))
  })
  t.equal(await outcome(exchange(reached(eager), call, termsOf(1_000), upstream)), failed)
})

t.test(
  'what comes after the end of an exchange changes nothing, and no timer is left',
  async (t) => {
    const before = timers()
    const talkative = new ScriptedDispatcher((handler) => {
      handler.onRequestStart?.(controller, {})
      handler.onResponseStart?.(controller, 200, {}, 'OK')
      handler.onResponseEnd?.(controller, {})
      handler.onResponseEnd?.(controller, {})
      handler.onResponseError?.(controller, new Error('too late'))
    })
    t.equal(await outcome(exchange(reached(talkative), call, termsOf(60_000), upstream)), '200')
    t.equal(timers(), before)
  },
)

t.test('what is thrown before undici has the call costs neither slot nor timer', async (t) => {
  const error = new TypeError('invalid header')
  const throwing = () => {
    throw error
  }
  const trace = { startCall: throwing }
  const ends: unknown[] = []
  const traced = {
    startCall: () => ({ headers: {}, end: (...end: unknown[]) => void ends.push(end) }),
  }
  const idle = new ScriptedDispatcher(() => t.fail('nothing is asked'))
  const cases: Record<string, [Host, Partial<Terms>]> = {
    'the tracing': [reached(idle), { trace }],
    'the opening of a pool': [
      reached(idle, { pools: { openPool: throwing, retirePool: () => undefined, lifeMs: 1_000 } }),
      {},
    ],
    'the dispatch': [reached(new ScriptedDispatcher(throwing)), {}],
    'the dispatch of a traced call': [reached(new ScriptedDispatcher(throwing)), { trace: traced }],
  }
  const kinds = {
    exchange: (destination: Host, terms: Terms): Promise<unknown> =>
      exchange(destination, call, terms, upstream),
    download: (destination: Host, terms: Terms): Promise<unknown> =>
      download(destination, '/file', terms, upstream),
  }
  const before = timers()
  for (const [name, [destination, terms]] of Object.entries(cases)) {
    for (const [kind, begin] of Object.entries(kinds)) {
      for (const time of ['first', 'second']) {
        const begun = begin(destination, termsOf(60_000, terms))
        await t.rejects(begun, error, `${name}, ${kind}, the ${time} time on its one slot`)
      }
    }
  }
  t.equal(timers(), before)
  t.match(ends, Array(4).fill([undefined, { code: 'internal-error' }]))
})

t.test('a dispatch that reports an error and throws it too fails the call once', async (t) => {
  const ends: unknown[] = []
  const trace = {
    startCall: () => ({ headers: {}, end: (...end: unknown[]) => void ends.push(end) }),
  }
  const outcomes: string[] = []
  t.intercept(CircuitBreaker.prototype, 'end', {
    value: (_era: number, outcome: string) => void outcomes.push(outcome),
  })
  const both = new ScriptedDispatcher((handler) => {
    handler.onResponseError?.(controller, new Error('invalid'))
    throw new Error('invalid')
  })
  const begun = exchange(reached(both), call, termsOf(1_000, { trace }), upstream)
  t.equal(await outcome(begun), notSent)
  t.match(ends, [[undefined, { code: 'liveengage-unreachable' }]])
  t.strictSame(outcomes, ['none'])
})

t.test('a redirect is an answer like any other and is not followed', async (t) => {
  const other = await startRaw(t, (socket) => socket.write(http(success)))
  const raw = await startRaw(t, (socket) =>
    socket.write(http('', `HTTP/1.1 307 Moved\r\nlocation: ${other.origin}/send`)),
  )
  t.equal(await outcome(post(open(t), raw.origin)), '307')
  t.strictSame(other.requests, [])
})

t.test('a compressed answer is neither asked for nor unpacked', async (t) => {
  const raw = await startRaw(t, (socket) =>
    socket.write(http('zip', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip')),
  )
  t.equal((await post(open(t), raw.origin)).body.toString(), 'zip')
  t.notMatch(raw.requests[0], /accept-encoding/i)
})

t.test('a pooled connection that the host closed is replaced, not failed', async (t) => {
  const raw = await startRaw(t, (socket, _request, index) => {
    socket.write(http(success))
    if (index === 0) socket.end()
  })
  const hosts = open(t, { connections: 1 })
  t.equal(await outcome(post(hosts, raw.origin)), '200')
  await delay(20)
  t.equal(await outcome(post(hosts, raw.origin)), '200')
  t.equal(raw.connections(), 2)
})

t.test('an answer that nobody asked for is given to nobody', async (t) => {
  const raw = await startRaw(t, (socket, _request, index) => {
    socket.write(http(`"${index}"`))
    if (index === 0) socket.write(http('"stray"'))
  })
  const hosts = open(t, { connections: 1 })
  t.equal((await post(hosts, raw.origin)).body.toString(), '"0"')
  t.equal((await post(hosts, raw.origin)).body.toString(), '"1"')
})

t.test('answers are not crossed and nothing is written twice, resets or not', async (t) => {
  const raw = await startRaw(t, async (socket, request, index) => {
    const body = request.slice(request.indexOf('\r\n\r\n') + 4)
    await delay(index % 5)
    if (index % 7 === 0) return void socket.resetAndDestroy()
    if (index % 11 === 0) return void socket.write(http(body).slice(0, -2), () => socket.destroy())
    socket.write(http(body))
    if (index % 13 === 0) socket.end()
    return undefined
  })
  const hosts = open(t, { connections: 8 })
  const outcomes = await Promise.all(
    Array.from({ length: 400 }, async (_, index) => {
      const body = JSON.stringify({ id: `request ${index}` })
      const answer = await post(hosts, raw.origin, 5_000, body).catch((problem) => problem)
      if (answer instanceof Problem) return answer.code
      return answer.body.toString() === body ? 'own answer' : 'the answer of another'
    }),
  )
  const counts = new Map<string, number>()
  for (const each of outcomes) counts.set(each, (counts.get(each) ?? 0) + 1)
  t.strictSame([...counts.keys()].sort(), ['liveengage-failed', 'own answer'])
  t.equal(new Set(raw.requests).size, raw.requests.length, 'none came twice')
  t.equal(raw.requests.length, 400)
})

t.test('undici is at least 7.30.2, below which one caller may get another’s answer', (t) => {
  const { version } = createRequire(import.meta.url)('undici/package.json')
  const [major = 0, minor = 0, patch = 0] = String(version).split('.').map(Number)
  t.ok(major * 1e6 + minor * 1e3 + patch >= 7_030_002, version)
  t.end()
})

t.test('calls that leave together each have the async context that they came from', async (t) => {
  const requests = new AsyncLocalStorage<number>()
  const seen: (number | undefined)[] = []
  const host = new ScriptedDispatcher((handler) => {
    seen.push(requests.getStore())
    handler.onRequestStart?.(controller, {})
    handler.onResponseStart?.(controller, 200, {})
    handler.onResponseEnd?.(controller, {})
  })
  const destination = reached(host, { slots: 3 })
  const calls = [1, 2, 3].map((request) =>
    requests.run(request, () => exchange(destination, call, termsOf(60_000), upstream)),
  )
  await Promise.all(calls)
  t.strictSame(seen, [1, 2, 3])
})
