import { once } from 'node:events'
import { test } from 'tap'
import { type StartedProxy, start, startProxy, token } from '../start.ts'
import { type Script, startUpstream } from '../upstream.ts'
import { openWire } from '../wire.ts'

const base = '/api/account/12345678/messaging/consumer/conversation'

test('a native call again gets LiveEngage’s answer again, byte for byte, until it is another', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  const post = async (key: string, payload: string, query = '?v=3') => {
    const response = await fetch(`${url}${base}/send${query}`, {
      method: 'POST',
      headers: { authorization: token, 'x-lp-on-behalf': token, 'idempotency-key': key },
      body: Buffer.from(payload, 'latin1'),
    })
    const { status, headers } = response
    const bytes = Buffer.from(await response.arrayBuffer()).toString('latin1')
    const type = headers.get('content-type')
    return { sent: { status, type, bytes }, replayed: headers.get('idempotency-replayed') }
  }
  for (const [status, type, body, isKept] of [
    [200, 'application/json', '{ "odd" :  "spacing" }', true],
    [201, 'text/html; charset=iso-8859-1', '<html>\u00e9</html>', true],
    [202, 'application/json', '', true],
    [302, 'text/plain', 'elsewhere', true],
    [400, 'application/json', '{"code":"BAD_REQUEST"}', false],
    [403, 'text/plain', 'no', false],
    [404, 'text/html', '<html>', false],
    [408, 'application/json', '{}', true],
    [409, 'application/json', '{}', false],
    [500, 'application/json', '{"code":"ERROR"}', true],
    [503, 'text/html', '<html>', true],
  ] as const) {
    upstream.script.send = (_seen, response) => {
      response.writeHead(status, { 'content-type': type })
      response.end(body, 'latin1')
    }
    const key = `k${status}`
    const before = upstream.sends().length
    const first = await post(key, '{"a":"\u00e9"}')
    t.strictSame(first, { sent: { status, type, bytes: body }, replayed: null })
    const sent = upstream.sends().length - before
    const again = await post(key, '{"a":"\u00e9"}')
    t.strictSame(again, { ...first, replayed: isKept ? 'true' : null }, String(status))
    t.equal(upstream.sends().length - before, isKept ? sent : 2 * sent)
    if (!isKept) continue
    for (const [payload, query] of [
      ['{"a":"\u00e8"}', '?v=3'],
      ['{"a":"\u00e9"}', '?v=2'],
    ] as const) {
      t.match((await post(key, payload, query)).sent, { status: 422, bytes: /key-reused/ })
    }
  }
})

test('a native call that the proxy answers itself counts by its delivery', async (t) => {
  const broken: Script = (_seen, _response, request) => request.socket.destroy()
  const upstream = await startUpstream(t, { send: broken })
  const { call } = await startProxy(t, upstream.origin)
  const post = (body: string | undefined, query = '') =>
    call('POST', `${base}/send?v=3${query}`, body, { 'idempotency-key': 'k' })
  for (const [body, query] of [
    ['{}', '&dryRun=true'],
    ['{}', '&dryRun=1'],
    [undefined, ''],
  ] as const) {
    t.match(await post(body, query), { status: 400, body: { delivery: 'not-sent' } })
  }
  const first = await post('{}')
  t.match(first, { status: 502, body: { code: 'liveengage-failed', delivery: 'unknown' } })
  const again = await post('{}')
  t.strictSame(again.body, first.body)
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.equal(upstream.sends().length, 1)
})

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(1_000, 7)])
const path = '/conversations/demo/files'

/** A form as a client writes it that has chosen this boundary. */
function form(boundary: string, file: Buffer, fields: Record<string, string> = {}): Buffer {
  const parts = Object.entries(fields).map(
    ([name, value]) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = 'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
  return Buffer.concat([
    Buffer.from([...parts, head].map((part) => `--${boundary}\r\n${part}`).join('')),
    file,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
}

async function upload({ url }: StartedProxy, body: Buffer, key?: string, query = '') {
  const [, boundary = ''] = /^--(\w+)/.exec(body.toString('latin1')) ?? []
  const response = await fetch(`${url}${path}${query}`, {
    method: 'POST',
    headers: {
      authorization: token,
      'x-lp-on-behalf': token,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body,
  })
  const replayed = response.headers.get('idempotency-replayed')
  return { status: response.status, replayed, body: Object(await response.json()) }
}

test('an upload again is the same one whatever its boundary, and another with any other part', async (t) => {
  const proxy = await start(t)
  const first = await upload(proxy, form('one', png, { caption: 'A' }), 'k')
  t.match(first, { status: 201, replayed: null, body: { file: { fileType: 'PNG' } } })
  const { length } = proxy.sandbox.calls()
  for (const boundary of ['one', 'another']) {
    const again = await upload(proxy, form(boundary, png, { caption: 'A' }), 'k')
    t.strictSame(again, { ...first, replayed: 'true' })
  }
  const changed = Buffer.from(png)
  changed[500] = 8
  for (const [name, body, query] of [
    ['another byte', form('one', changed, { caption: 'A' }), ''],
    ['a byte less', form('one', png.subarray(0, -1), { caption: 'A' }), ''],
    ['another caption', form('one', png, { caption: 'B' }), ''],
    ['no caption', form('one', png), ''],
    ['another field', form('one', png, { caption: 'A', dialogId: 'd' }), ''],
    ['another query', form('one', png, { caption: 'A' }), '?dryRun=false'],
  ] as const) {
    const { status, body: problem } = await upload(proxy, body, 'k', query)
    t.match({ status, problem }, { status: 422, problem: { code: 'idempotency-key-reused' } }, name)
  }
  t.equal(proxy.sandbox.calls().length, length, 'LiveEngage heard nothing')
  t.equal((await upload(proxy, form('one', png, { caption: 'A' }))).replayed, null)
})

test('an upload takes its key once it is whole and valid, and a dry run does not', async (t) => {
  const proxy = await start(t, { MAX_UPLOADS: '2' })
  for (const [body, query, status] of [
    [form('one', Buffer.from('no picture')), '', 400],
    [form('one', png, { dialogId: 'a b' }), '', 400],
    [form('one', png), '?dryRun=true', 200],
  ] as const) {
    t.equal((await upload(proxy, body, 'k', query)).status, status)
  }
  t.match(await upload(proxy, form('one', png), 'no key'), { status: 400 })
  const bytes = form('one', png)
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${token}\r\nX-LP-ON-BEHALF: ${token}\r\n`
  const type = 'Content-Type: multipart/form-data; boundary=one\r\nIdempotency-Key: k\r\n'
  const wire = await openWire(t, proxy.url, `${head}${type}Content-Length: ${bytes.length}\r\n\r\n`)
  const [socket] = await once(proxy.server.server, 'request').then(([request]) => [request.socket])
  wire.socket.write(bytes.subarray(0, 300))
  wire.socket.destroy()
  await once(socket, 'close')
  t.match(await upload(proxy, form('one', png), 'k'), { status: 201, replayed: null })
  for (const boundary of ['two', 'three', 'four']) {
    const again = await upload(proxy, form(boundary, png), 'k')
    t.match(again, { status: 201, replayed: 'true' }, 'each gives its place back')
  }
})
