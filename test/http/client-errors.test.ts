import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { start, startProxy } from '../start.ts'
import { json, startUpstream } from '../upstream.ts'
import { credentials, openWire, post } from '../wire.ts'

const messages = '/conversations/c1/messages'

/** The only answer on a connection. */
function onlyAnswer(received: string) {
  const [head = '', body = '', ...more] = received.split('\r\n\r\n')
  const [statusLine, ...headers] = head.toLowerCase().split('\r\n')
  return { statusLine, headers, body: JSON.parse(body), more }
}

t.test('bytes that are no HTTP get a problem, one line in the log and no connection', async (t) => {
  const { url, logs } = await start(t)
  const big = 'a'.repeat(17_000)
  const cases: [string, string | Buffer, number, string][] = [
    ['words', 'secret words\r\n\r\n', 400, 'invalid-request'],
    ['a TLS ClientHello', Buffer.from('16030100a5010000a10303', 'hex'), 400, 'invalid-request'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'invalid-request'],
    [
      'a method that is none',
      'SECRET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      400,
      'invalid-request',
    ],
    ['a header without a name', 'GET / HTTP/1.1\r\n: secret\r\n\r\n', 400, 'invalid-request'],
    [
      'a NUL in a header',
      'GET / HTTP/1.1\r\nHost: localhost\r\nX: secret\0\r\n\r\n',
      400,
      'invalid-request',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nsecret',
      400,
      'invalid-request',
    ],
    [
      'a length and chunks',
      `POST ${messages} HTTP/1.1\r\n${credentials}Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'invalid-request',
    ],
    [
      'chunks hidden from an older hop',
      `POST ${messages} HTTP/1.1\r\n${credentials}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      400,
      'invalid-request',
    ],
    ['headers over 16 KiB', `GET / HTTP/1.1\r\nX: ${big}`, 431, 'headers-too-large'],
    ['a path over 16 KiB', `GET /${big} HTTP/1.1\r\n`, 431, 'headers-too-large'],
  ]
  for (const [name, bytes, status, code] of cases) {
    logs.length = 0
    const wire = await openWire(t, url, bytes)
    const { statusLine, headers, body, more } = onlyAnswer(await wire.ended())
    t.match(statusLine, `http/1.1 ${status} `, name)
    t.match(body, { status, code, delivery: 'not-sent', retryable: false }, name)
    t.strictSame(more, [])
    t.ok(headers.includes('content-type: application/problem+json'))
    t.ok(headers.includes('cache-control: no-store'))
    t.ok(headers.includes('x-content-type-options: nosniff'))
    t.ok(headers.includes('connection: close'))
    t.ok(headers.includes(`x-request-id: ${body.requestId}`))
    t.match(logs, [{ level: 'info', requestId: body.requestId, status, code }], name)
    t.notMatch(JSON.stringify([body, logs]), /secret/i, name)
  }
})

t.test('a caller that keeps sending garbage, and never closes, is cut off', async (t) => {
  const { url, server, logs } = await start(t)
  const wire = await openWire(t, url, 'garbage\r\n\r\n')
  await wire.until(/"code":"invalid-request"/)
  wire.socket.write('more garbage')
  const connections = () =>
    new Promise<number>((resolve) =>
      server.server.getConnections((_error, count) => resolve(count)),
    )
  while ((await connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(logs.filter(({ msg }) => msg === 'connection refused').length, 1)
})

t.test('what arrives too slowly gets a 408, and LiveEngage never hears of it', async (t) => {
  const upstream = await startUpstream(t)
  const { url, logs } = await startProxy(t, upstream.origin)
  const head = `POST ${messages} HTTP/1.1\r\n${credentials}Content-Type: application/json\r\n`
  const timed = async (bytes: string) => {
    const before = performance.now()
    const wire = await openWire(t, url, bytes)
    const received = await wire.ended()
    return { received, seconds: (performance.now() - before) / 1_000 }
  }
  const [headers, body, chunked, answered, unread] = await Promise.all([
    timed('GET /livez HTTP/1.1\r\nX-Request-Id: slow-head\r\n'),
    timed(`${head}X-Request-Id: slow-body\r\nContent-Length: 13\r\n\r\n{"text":`),
    timed(`${head}X-Request-Id: slow-chunk\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"text":`),
    timed(`POST ${messages} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\n\r\n{"text":`),
    timed('GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\n\r\n{"text":'),
  ])
  t.match(onlyAnswer(headers.received).body, { status: 408, code: 'request-timeout' })
  t.ok(headers.seconds > 4.5 && headers.seconds < 10, `${headers.seconds} s`)
  for (const [id, { received, seconds }] of [
    ['slow-body', body],
    ['slow-chunk', chunked],
  ] as const) {
    const answer = onlyAnswer(received)
    t.match(answer.body, { status: 408, code: 'request-timeout', requestId: id })
    t.ok(answer.headers.includes(`x-request-id: ${id}`))
    t.ok(answer.headers.includes('cache-control: no-store'))
    t.strictSame(answer.more, [])
    t.ok(seconds > 7.5 && seconds < 12, `${seconds} s`)
    t.match(
      logs.filter(({ requestId }) => requestId === id),
      [{ route: '/conversations/:id/messages', status: 408, code: 'request-timeout' }],
    )
  }
  t.equal(onlyAnswer(answered.received).body.status, 401, 'its one answer came before its body')
  t.strictSame(onlyAnswer(unread.received).body, { status: 'alive' })
  t.strictSame(upstream.seen, [])
})

t.test(
  'a connection opened ahead is no slow request: no answer, no log line, no count, and it serves later',
  async (t) => {
    const { url, server, logs, call } = await start(t)
    const sockets: Socket[] = []
    server.server.on('connection', (socket) => sockets.push(socket))
    // The second one's first bytes come after the first check.
    const [silent, late] = await Promise.all([openWire(t, url), openWire(t, url)])
    // Node has looked at it.
    while (sockets.some(({ timeout }) => timeout !== 75_000)) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    t.equal(silent.received(), '')
    t.strictSame(
      logs.filter(({ code }) => code !== undefined),
      [],
    )
    late.socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
    t.match(await late.until(/alive/), /^HTTP\/1\.1 200 /)
    t.notMatch((await call('GET', '/metrics')).body, /request-timeout/)
    // As long as between two requests, which for this test is now.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.setTimeout(10)
    t.equal(await silent.ended(), '')
  },
)

t.test('only a request that has begun is slow, on a connection opened ahead as well', async (t) => {
  const { url, server } = await start(t)
  const opened = new Promise<Socket>((resolve) => server.server.once('connection', resolve))
  const wire = await openWire(t, url)
  const socket = await opened
  while (socket.timeout !== 75_000) await new Promise((resolve) => setTimeout(resolve, 100))
  const before = performance.now()
  wire.socket.write('GET ')
  t.match(onlyAnswer(await wire.ended()).body, { status: 408, code: 'request-timeout' })
  t.ok(performance.now() - before > 4_500, 'it has as long as any other')
})

t.test('a request that comes after its 408 is not carried out', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  const wire = await openWire(t, url, 'POST ')
  await wire.until(/request-timeout/)
  wire.socket.end(post(messages, '{"text":"Hi"}').slice('POST '.length))
  await once(wire.socket, 'close')
  t.strictSame(onlyAnswer(wire.received()).more, [])
  t.strictSame(upstream.seen, [])
})

t.test('a body that breaks off or is malformed gets one answer, under its own id', async (t) => {
  const upstream = await startUpstream(t)
  const { url, logs } = await startProxy(t, upstream.origin)
  const head = `POST ${messages} HTTP/1.1\r\n${credentials}X-Request-Id: broken\r\nContent-Type: application/json\r\n`
  const chunks = `${head}Transfer-Encoding: chunked\r\n\r\n`
  const cases: [string, string, number, boolean][] = [
    ['a chunk without a size', `${chunks}zz\r\n{"text"`, 400, false],
    ['a chunk longer than its size', `${chunks}2\r\n{"text":"Hi"}\r\n0\r\n\r\n`, 400, false],
    ['a chunk with 16 KiB of extensions', `${chunks}2;${'a'.repeat(17_000)}\r\n{}`, 413, false],
    ['a body that ends early', `${head}Content-Length: 13\r\n\r\n{"text"`, 400, true],
  ]
  for (const [name, bytes, status, ends] of cases) {
    logs.length = 0
    const wire = await openWire(t, url, bytes)
    if (ends) wire.socket.end()
    const { body, more } = onlyAnswer(await wire.ended())
    t.match(body, { status, requestId: 'broken' }, name)
    t.strictSame(more, [])
    t.match(logs, [{ requestId: 'broken', status, accountId: '12345678', msg: 'request' }], name)
    t.equal(logs.length, 1)
  }
  t.strictSame(upstream.seen, [])
})

t.test('garbage behind a request is not answered in its place', async (t) => {
  const { url, logs } = await start(t)
  const wire = await openWire(
    t,
    url,
    `${post(messages, '{"text":"sandbox:slow=200"}', 'X-Request-Id: first\r\n')}garbage\r\n\r\n`,
  )
  const { statusLine, headers, body, more } = onlyAnswer(await wire.ended())
  t.equal(statusLine, 'http/1.1 201 created')
  t.equal(body.requestId, 'first')
  t.ok(headers.includes('connection: close'), 'and the connection ends')
  t.strictSame(more, [])
  t.match(logs.slice(1), [{ requestId: 'first', status: 201 }])
})

t.test('a broken body behind a request is answered after it', async (t) => {
  const { url } = await start(t)
  const wire = await openWire(
    t,
    url,
    `${post(messages, '{"text":"sandbox:slow=200"}', 'X-Request-Id: first\r\n')}POST ${messages} HTTP/1.1\r\n${credentials}X-Request-Id: second\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  )
  t.match((await wire.ended()).match(/HTTP\/1.1 \d+|x-request-id: \w+/g), [
    'HTTP/1.1 201',
    'x-request-id: first',
    'HTTP/1.1 400',
    'x-request-id: second',
  ])
})

t.test('two pipelined requests are answered in their order', async (t) => {
  const { url } = await start(t)
  const wire = await openWire(
    t,
    url,
    post(messages, '{"text":"sandbox:slow=200"}', 'X-Request-Id: first\r\n') +
      post(messages, '{"text":""}', 'X-Request-Id: second\r\nConnection: close\r\n'),
  )
  t.match((await wire.ended()).match(/HTTP\/1.1 \d+|x-request-id: \w+/g), [
    'HTTP/1.1 201',
    'x-request-id: first',
    'HTTP/1.1 400',
    'x-request-id: second',
  ])
})

t.test(
  'Expect: 100-continue gets what the head decides at once, and no 100 before it',
  async (t) => {
    const upstream = await startUpstream(t)
    const { url, drain } = await startProxy(t, upstream.origin)
    const type = 'Content-Type: application/json\r\n'
    const latin1 = 'Content-Type: application/json; charset=latin1\r\n'
    const small = 'Content-Length: 13\r\n'
    const chunked = 'Transfer-Encoding: chunked\r\n'
    const cases: [number, string, string][] = [
      [401, `POST ${messages}`, `Host: localhost\r\n${type}${small}`],
      [404, 'POST /nowhere', `${credentials}${type}${small}`],
      [405, `GET ${messages}`, `${credentials}${type}${small}`],
      [413, `POST ${messages}`, `${credentials}${type}Content-Length: 70000\r\n`],
      [413, `POST /conversations/c1/files`, `${credentials}${type}Content-Length: 90000000\r\n`],
      [415, `POST ${messages}`, `${credentials}Content-Type: text/plain\r\n${small}`],
      [415, `POST ${messages}`, `${credentials}Content-Type: text/plain\r\n${chunked}`],
      [415, `POST ${messages}`, `${credentials}${latin1}${small}`],
      [415, `POST ${messages}`, `${credentials}${latin1}${chunked}`],
      [415, `POST ${messages}`, `${credentials}${type}Content-Encoding: gzip\r\n${small}`],
      [415, `POST /conversations/c1/files`, `${credentials}${type}${small}`],
      [503, `POST ${messages}`, `${credentials}${type}${small}`],
    ]
    for (const [status, line, headers] of cases) {
      drain.isClosing = status === 503
      const head = `${line} HTTP/1.1\r\n${headers}Expect: 100-continue\r\n\r\n`
      const wire = await openWire(t, url, head)
      const received = await wire.ended()
      t.match(received, new RegExp(`^HTTP/1.1 ${status} `), head)
      t.match(
        received,
        /\r\nconnection: close\r\n/i,
        'what comes next may be the body or a request',
      )
    }
    t.strictSame(upstream.sends(), [])
  },
)

t.test('Expect: 100-continue is answered, another expectation ignored', async (t) => {
  const { url } = await start(t)
  const head = `POST ${messages} HTTP/1.1\r\n${credentials}Connection: close\r\nContent-Type: application/json\r\nContent-Length: 13\r\n`
  const wire = await openWire(t, url, `${head}Expect: 100-continue\r\n\r\n`)
  t.equal(await wire.until(/\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n')
  wire.socket.write('{"text":"Hi"}')
  t.match(await wire.ended(), /HTTP\/1.1 201 /)
  const other = await openWire(t, url, `${head}Expect: secret\r\n\r\n{"text":"Hi"}`)
  t.match(await other.ended(), /^HTTP\/1.1 201 /)
})

t.test('a caller who hangs up does not cancel a SEND, and its outcome is one line', async (t) => {
  const upstream = await startUpstream(t)
  const { url, logs } = await startProxy(t, upstream.origin)
  const outcomes: [string, number, object][] = [
    ['OK', 201, { status: 201 }],
    ['ERROR', 500, { status: 502, code: 'liveengage-failed', delivery: 'unknown' }],
  ]
  for (const [code, status, outcome] of outcomes) {
    logs.length = 0
    let answer = () => {}
    const arrived = new Promise<void>((resolve) => {
      upstream.script.send = (seen, response, incoming) => {
        answer = () => json(status, { code, body: { sequence: 1 } })(seen, response, incoming)
        resolve()
      }
    })
    const wire = await openWire(t, url, post(messages, '{"text":"a"}', `X-Request-Id: gone\r\n`))
    await arrived
    wire.socket.destroy()
    await once(wire.socket, 'close')
    // The proxy sees the caller go before LiveEngage answers.
    await new Promise((resolve) => request(`${url}/livez`, resolve).end())
    answer()
    const lines = () => logs.filter(({ requestId }) => requestId === 'gone')
    while (lines().length === 0) await new Promise((resolve) => setImmediate(resolve))
    await fetch(`${url}/livez`)
    t.match(lines(), [{ msg: 'request', route: '/conversations/:id/messages', ...outcome }])
    t.equal(lines().length, 1)
  }
  t.equal(upstream.sends().length, 2)
})

t.test(
  'a caller who hangs up amid the body leaves one line, and LiveEngage never hears of it',
  async (t) => {
    const upstream = await startUpstream(t)
    const { url, logs } = await startProxy(t, upstream.origin)
    const wire = await openWire(
      t,
      url,
      post(messages, '{"text":"a"}', `X-Request-Id: gone\r\n`).slice(0, -3),
    )
    await fetch(`${url}/livez`)
    wire.socket.resetAndDestroy()
    const lines = () => logs.filter(({ requestId }) => requestId === 'gone')
    while (lines().length === 0) await new Promise((resolve) => setImmediate(resolve))
    await fetch(`${url}/livez`)
    t.match(lines(), [{ status: 400, code: 'invalid-request', delivery: 'not-sent' }])
    t.equal(lines().length, 1)
    t.strictSame(upstream.seen, [])
  },
)

t.test('a pipelined request whose connection dies before its turn leaves one line', async (t) => {
  const upstream = await startUpstream(t, { send: () => undefined })
  const { url, logs } = await startProxy(t, upstream.origin, { REQUEST_TIMEOUT_MS: '500' })
  const wire = await openWire(
    t,
    url,
    post(messages, '{"text":"a"}', 'X-Request-Id: first\r\n') +
      post(messages, '{"text":""}', 'X-Request-Id: second\r\n'),
  )
  const idsOf = () => logs.map(({ requestId }) => requestId)
  while (!idsOf().includes('second')) await new Promise((resolve) => setImmediate(resolve))
  wire.socket.resetAndDestroy()
  while (!idsOf().includes('first')) await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(idsOf().slice(1), ['second', 'first'])
})
