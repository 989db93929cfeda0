import { test } from 'tap'
import { type StartedProxy, start, startProxy, token } from '../start.ts'
import { json, ok, type Script, startUpstream, type Upstream } from '../upstream.ts'

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(1_000, 7)])
const path = '/conversations/demo/files'
const headers = { authorization: token, 'x-lp-on-behalf': token }

type Parts = Record<string, string | Buffer>

async function upload(proxy: StartedProxy, parts: Parts, query = '') {
  const form = new FormData()
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, new Blob([value]), 'holiday.txt')
  }
  const response = await fetch(`${proxy.url}${path}${query}`, {
    method: 'POST',
    headers,
    body: form,
  })
  const body = Object(await response.json())
  return { status: response.status, headers: response.headers, body }
}

test('a picture is announced with its size and type, stored without a token, and published', async (t) => {
  const proxy = await start(t)
  const preview = 'data:image/png;base64,iVBORw0KGgo='
  const metadata = [{ type: 'ExternalId', id: 'a' }]
  const reply = await upload(proxy, {
    caption: 'My receipt',
    preview,
    dialogId: 'other',
    metadata: JSON.stringify(metadata),
    file: png,
  })
  t.equal(reply.status, 201)
  const { file, ...event } = reply.body
  t.match(event, { conversationId: 'demo', dialogId: 'other', sequence: 0, requestId: /./ })
  t.match(file, { relativePath: /^\/v1\/AUTH_async-images\/12345678\//, fileType: 'PNG' })
  const calls = proxy.sandbox.calls().filter(({ method }) => method !== 'GET')
  t.equal(calls.length, 3)
  const [question, stored, published] = calls
  t.match(question?.body, {
    type: 'ms.GenerateURLForUploadFile',
    body: { fileSize: String(png.length), fileType: 'PNG' },
  })
  t.equal(stored?.method, 'PUT')
  t.equal(stored?.headers['authorization'], undefined)
  t.equal(stored?.headers['x-lp-on-behalf'], undefined)
  t.equal(stored?.headers['content-length'], String(png.length))
  t.match(published?.body, {
    type: 'ms.PublishEvent',
    body: {
      dialogId: 'other',
      event: {
        type: 'ContentEvent',
        contentType: 'hosted/file',
        message: { ...file, caption: 'My receipt', preview },
      },
    },
    metadata,
  })
  const download = await fetch(`${proxy.url}${path}${file.relativePath}`, { headers })
  t.equal(download.status, 200)
  t.equal(download.headers.get('content-type'), 'image/png')
  t.equal(download.headers.get('content-length'), String(png.length))
  t.ok(Buffer.from(await download.arrayBuffer()).equals(png))
})

test('an empty field of the form counts as not given', async (t) => {
  const proxy = await start(t)
  const empty = { caption: '', preview: '', dialogId: '', metadata: '' }
  t.equal((await upload(proxy, { ...empty, file: png })).status, 201)
  const { body, metadata } = Object(proxy.sandbox.calls().at(-1)?.body)
  t.strictSame(Object.keys(body.event.message), ['relativePath', 'fileType'])
  t.equal(metadata, undefined)
})

test('a caption holds as many characters in a form as in a message, whatever their width', async (t) => {
  const proxy = await start(t)
  const caption = '😀'.repeat(1_000)
  t.equal((await upload(proxy, { caption, file: png })).status, 201)
  t.match(await upload(proxy, { caption: `${caption}a`, file: png }), {
    status: 400,
    body: {
      errors: [{ path: '/caption', message: 'must have at most 1000 characters' }],
    },
  })
})

test('the type is read from the content, whatever the name says', async (t) => {
  const proxy = await start(t)
  for (const [start, fileType] of [
    ['89504e470d0a1a0a', 'PNG'],
    ['ffd8ffe0', 'JPEG'],
    [Buffer.from('GIF87a').toString('hex'), 'GIF'],
    [Buffer.from('GIF89a').toString('hex'), 'GIF'],
  ] as const) {
    const file = Buffer.concat([Buffer.from(start, 'hex'), Buffer.alloc(10)])
    t.match(await upload(proxy, { file }), { status: 201, body: { file: { fileType } } })
  }
})

test('what is no upload is refused before LiveEngage hears of it', async (t) => {
  const proxy = await start(t)
  const tooLarge = Buffer.concat([png, Buffer.alloc(4_000_000)])
  for (const [parts, status, code, at] of [
    [{ file: Buffer.from('a text called .png') }, 400, 'invalid-request', '/file'],
    [{ file: Buffer.alloc(0) }, 400, 'invalid-request', '/file'],
    [{ file: tooLarge }, 413, 'payload-too-large', undefined],
    [{ caption: 'no file' }, 400, 'invalid-request', '/file'],
    [{ picture: png }, 400, 'invalid-request', '/picture'],
    [{ title: 'x', file: png }, 400, 'invalid-request', '/title'],
    [{ dialogId: 'a b', file: png }, 400, 'invalid-request', '/dialogId'],
    [{ metadata: 'no json', file: png }, 400, 'invalid-request', '/metadata'],
    [{ metadata: '[]', file: png }, 400, 'invalid-request', '/metadata'],
    [{ metadata: '[{"type":5}]', file: png }, 400, 'invalid-request', '/metadata/0/type'],
    [{ caption: 'bell \u0007', file: png }, 400, 'invalid-request', '/caption'],
    [{ preview: 'http://elsewhere/a.png', file: png }, 400, 'invalid-request', '/preview'],
    [{ caption: 'x'.repeat(70_000), file: png }, 400, 'invalid-request', '/caption'],
    [{ 'a secret': 'x', file: png }, 400, 'invalid-request', '/?'],
    [
      { metadata: '[{"type":"a","__proto__":{"x":1}}]', file: png },
      400,
      'invalid-request',
      '/metadata',
    ],
    [{ a: '1', b: '2', c: '3', d: '4', e: '5', file: png }, 400, 'invalid-request', ''],
  ] as const) {
    const reply = await upload(proxy, parts)
    t.match(reply, { status, body: { code, delivery: 'not-sent' } })
    if (status === 413) {
      t.match(reply.body, {
        detail: 'The picture is larger than FILE_LIMIT_BYTES, which is 3145728 bytes.',
      })
    }
    t.notMatch(JSON.stringify(reply.body), /secret/)
    if (at !== undefined) t.equal(reply.body.errors[0].path, at)
  }
  for (const [type, body] of [
    ['application/json', '{}'],
    ['text/plain', 'x'],
    ['multipart/form-data', 'x'],
    ['multipart/form-data; boundary=x', '--x\r\nbroken'],
    [undefined, undefined],
  ] as const) {
    const response = await fetch(`${proxy.url}${path}`, {
      method: 'POST',
      headers: { ...headers, ...(type !== undefined && { 'content-type': type }) },
      body: body ?? null,
    })
    t.ok([400, 415].includes(response.status), `${type} is a ${response.status}`)
    t.match(await response.json(), { delivery: 'not-sent' })
  }
  const twice = new FormData()
  for (const caption of ['one', 'two']) twice.append('caption', caption)
  twice.append('file', new Blob([png]), 'a.png')
  const repeated = await fetch(`${proxy.url}${path}`, { method: 'POST', headers, body: twice })
  t.match(await repeated.json(), { errors: [{ path: '/caption', message: 'must be given once' }] })
  t.match(await proxy.call('GET', `${path}/v1/a.PNG?dryRun=maybe`), { status: 400 })
  for (const bad of ['a%0ab', 'a%20b', 'a%2F..%2Fb', 'a%3fb', 'a%23b']) {
    t.match(await proxy.call('GET', `${path}/v1/${bad}`), {
      status: 400,
      body: { code: 'invalid-request', delivery: 'not-sent' },
    })
  }
  t.match(await upload(proxy, { file: png }, '?dryRun=maybe'), {
    status: 400,
    body: { errors: [{ path: 'query:dryRun' }] },
  })
  t.strictSame(proxy.sandbox.calls(), [])
})

test('a dry run shows the first call of an upload and of a download, and stores nothing', async (t) => {
  const proxy = await start(t)
  t.match(await upload(proxy, { file: png }, '?dryRun=true'), {
    status: 200,
    body: { body: { type: 'ms.GenerateURLForUploadFile', body: { fileType: 'PNG' } } },
  })
  for (const relativePath of ['/v1/a.PNG', '//v1/a.PNG', '/%2Fv1/a.PNG']) {
    t.match(await proxy.call('GET', `${path}${relativePath}?dryRun=true`), {
      status: 200,
      body: {
        body: { type: 'ms.GenerateURLForDownloadFile', body: { relativePath: '/v1/a.PNG' } },
      },
    })
  }
  t.ok(proxy.sandbox.calls().every(({ url }) => url.includes('/service/')))
  for (const nowhere of ['/', '//', '///v1/a.PNG', '/%2F', '/%2F..', '/..%2Fa']) {
    const answer = await proxy.call('GET', `${path}${nowhere}?dryRun=true`)
    t.match(answer, { status: 400, body: { errors: [{ path: 'path:relativePath' }] } }, nowhere)
  }
})

const temporary = {
  relativePath: '/v1/AUTH/a.PNG',
  queryParams: { temp_url_sig: 'PlantedSignature', temp_url_expires: '1' },
}

/** A LiveEngage whose three steps of an upload can be scripted one by one. */
async function startSteps(t: Parameters<typeof startUpstream>[0]) {
  const steps: { question: Script; store: Script; publish: Script } = {
    question: (seen, ...rest) =>
      json(200, { code: 'OK', reqId: JSON.parse(seen.body).id, body: temporary })(seen, ...rest),
    store: (_seen, response) => response.writeHead(201).end(),
    publish: ok,
  }
  const upstream: Upstream = await startUpstream(t)
  upstream.script.domain = (seen, ...rest) => {
    const service = /service\/(\w+)/.exec(seen.url)?.[1]
    json(200, { service, account: '12345678', baseURI: upstream.host })(seen, ...rest)
  }
  upstream.script.send = (seen, ...rest) => {
    if (seen.url.startsWith('/v1/')) return steps.store(seen, ...rest)
    return seen.body.includes('GenerateURL')
      ? steps.question(seen, ...rest)
      : steps.publish(seen, ...rest)
  }
  const proxy = await startProxy(t, upstream.origin)
  const published = () =>
    upstream.sends().filter(({ body }) => body.includes('PublishEvent')).length
  return { steps, upstream, proxy, published }
}

test('each step’s failure says what was done: an upload that failed was not sent', async (t) => {
  const { steps, proxy, published, upstream } = await startSteps(t)
  const { question, store, publish } = steps
  const broken: Script = (_seen, _response, request) => request.socket.destroy()
  for (const [step, script, status, code, delivery] of [
    ['question', json(500, 'no'), 503, 'storage-failed', 'not-sent'],
    ['question', broken, 503, 'storage-failed', 'not-sent'],
    ['question', json(200, { code: 'OK', body: {} }), 503, 'storage-failed', 'not-sent'],
    [
      'question',
      json(400, { code: 'BAD_REQUEST', body: { msg: 'Conversation is close' } }),
      409,
      'conversation-closed',
      'not-sent',
    ],
    ['store', json(401, ''), 503, 'storage-failed', 'not-sent'],
    ['store', json(500, ''), 503, 'storage-failed', 'not-sent'],
    ['store', broken, 503, 'storage-failed', 'not-sent'],
    ['publish', json(500, 'no'), 502, 'liveengage-failed', 'unknown'],
    ['publish', broken, 502, 'liveengage-failed', 'unknown'],
  ] as const) {
    Object.assign(steps, { question, store, publish }, { [step]: script })
    const before = published()
    const reply = await upload(proxy, { file: png })
    t.match(reply, { status, body: { code, delivery } }, `${step} ${status}`)
    t.equal(published() - before, step === 'publish' ? 1 : 0)
    if (code === 'storage-failed') t.equal(reply.headers.get('retry-after'), '1')
    t.notMatch(JSON.stringify(reply.body), /Planted/)
  }
  t.ok(upstream.seen.some(({ url }) => url.includes('PlantedSignature')))
  t.notMatch(JSON.stringify(proxy.logs), /Planted/, 'a temporary URL is in no log line')
})

test('a file that the storage does not have is a 404, any other failure a 502', async (t) => {
  const { steps, proxy } = await startSteps(t)
  const { question } = steps
  const get = () => proxy.call('GET', `${path}/v1/AUTH/a.PNG`)
  for (const [script, status, code] of [
    [json(404, ''), 404, 'file-not-found'],
    [json(401, ''), 502, 'liveengage-failed'],
    [json(500, ''), 502, 'liveengage-failed'],
  ] as const) {
    steps.store = script
    t.match(await get(), { status, body: { code } })
  }
  steps.store = (_seen, _response, request) => request.socket.destroy()
  t.match(await get(), {
    status: 502,
    body: { code: 'liveengage-failed', delivery: 'unknown', retryable: true },
  })
  steps.store = () => undefined
  t.match(
    await proxy.call('GET', `${path}/v1/AUTH/a.PNG`, undefined, { 'x-request-timeout-ms': '300' }),
    {
      status: 504,
      body: { code: 'liveengage-timeout', retryable: true },
    },
  )
  steps.store = (_seen, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<script>')
  t.match(await get(), {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    body: '<script>',
  })
  steps.question = json(200, { code: 'OK', body: {} })
  t.match(await get(), { status: 502, body: { code: 'liveengage-failed' } })
  steps.question = question
})

test('only MAX_UPLOADS files are taken at a time, and one more is refused before its body', async (t) => {
  const { steps, upstream } = await startSteps(t)
  const proxy = await startProxy(t, upstream.origin, { MAX_UPLOADS: '2' })
  const { store } = steps
  const held: (() => void)[] = []
  const bothAreHeld = new Promise<void>((resolve) => {
    steps.store = (...args) => {
      held.push(() => store(...args))
      if (held.length === 2) resolve()
    }
  })
  const first = [upload(proxy, { file: png }), upload(proxy, { file: png })]
  await bothAreHeld
  const refused = await upload(proxy, { file: png })
  t.match(refused, {
    status: 503,
    body: { code: 'overloaded', delivery: 'not-sent', retryable: true },
  })
  t.match(refused.headers.get('retry-after'), /^[123]$/)
  for (const release of held) release()
  for (const reply of await Promise.all(first)) t.equal(reply.status, 201)
  steps.store = store
  t.equal((await upload(proxy, { file: png })).status, 201)
})

test('a refused request does not keep a place among the uploads', async (t) => {
  const proxy = await start(t, { MAX_UPLOADS: '1' })
  for (const _ of [1, 2, 3]) {
    t.equal((await upload(proxy, { file: Buffer.from('x') })).status, 400)
    t.equal((await proxy.call('POST', path, '{}', { authorization: 'no' })).status, 401)
  }
  t.equal((await upload(proxy, { file: png })).status, 201)
})

test('a storage host outside LP_ALLOWED_HOSTS gets nothing', async (t) => {
  const { upstream, proxy } = await startSteps(t)
  upstream.script.domain = (seen, ...rest) => {
    const isStorage = seen.url.includes('/swift/')
    const baseURI = isStorage ? 'storage.example.com' : upstream.host
    const service = isStorage ? 'swift' : 'asyncMessagingEnt'
    json(200, { service, account: '1', baseURI })(seen, ...rest)
  }
  t.match(await upload(proxy, { file: png }), {
    status: 503,
    body: { code: 'domain-lookup-failed' },
  })
})

test('a storage that moved is found by a new look-up, and one that nobody serves is told', async (t) => {
  const { upstream, steps } = await startSteps(t)
  const { domain } = upstream.script
  const away = 'localhost:1'
  const { call } = await startProxy(t, upstream.origin, {
    LP_ALLOWED_HOSTS: `${upstream.host},${away}`,
  })
  steps.store = (_seen, response) =>
    response.writeHead(200, { 'content-type': 'image/gif' }).end('GIF')
  upstream.script.domain = (seen, ...rest) => {
    const lookups = upstream.lookups().filter(({ url }) => url.includes('/swift/')).length
    if (lookups === 1) json(200, { service: 'swift', account: '1', baseURI: away })(seen, ...rest)
    else domain(seen, ...rest)
  }
  const file = await call('GET', `${path}/v1/AUTH/a.GIF`)
  t.match(file, { status: 200, headers: { 'content-type': 'image/gif' }, body: 'GIF' })

  upstream.script.domain = (seen, ...rest) => {
    if (seen.url.includes('/swift/')) {
      json(200, { service: 'swift', account: '1', baseURI: away })(seen, ...rest)
    } else domain(seen, ...rest)
  }
  const other = await startProxy(t, upstream.origin, {
    LP_ALLOWED_HOSTS: `${upstream.host},${away}`,
  })
  t.match(await other.call('GET', `${path}/v1/AUTH/a.GIF`), {
    status: 503,
    body: { code: 'liveengage-unreachable', delivery: 'not-sent' },
  })
  t.match(await upload(other, { file: png }), {
    status: 503,
    body: { code: 'storage-failed', delivery: 'not-sent' },
  })
})

test('an upload of which the caller hangs up keeps its place until its file is let go', async (t) => {
  const { steps, upstream } = await startSteps(t)
  const proxy = await startProxy(t, upstream.origin, { MAX_UPLOADS: '1' })
  const { store } = steps
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    steps.store = (...args) => {
      release = () => void store(...args)
      resolve()
    }
  })
  const abort = new AbortController()
  const form = new FormData()
  form.append('file', new Blob([png]), 'a.png')
  const gone = fetch(`${proxy.url}${path}`, {
    method: 'POST',
    headers,
    body: form,
    signal: abort.signal,
  }).catch(() => undefined)
  await held
  abort.abort()
  await gone
  t.match(await upload(proxy, { file: png }), { status: 503, body: { code: 'overloaded' } })
  steps.store = store
  release()
  let status = 503
  for (let tries = 0; status === 503 && tries < 50; tries += 1) {
    status = (await upload(proxy, { file: png })).status
  }
  t.equal(status, 201)
})

test('a picture of exactly the limit is taken, announced by its length or in chunks', async (t) => {
  const proxy = await start(t, { FILE_LIMIT_BYTES: '1024' })
  const form = (bytes: number) =>
    Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'),
      png.subarray(0, 8),
      Buffer.alloc(bytes - 8),
      Buffer.from('\r\n--x--\r\n'),
    ])
  for (const [bytes, status] of [
    [1_024, 201],
    [1_025, 413],
    [200_000, 413],
  ] as const) {
    for (const isChunked of [false, true]) {
      const response = await fetch(`${proxy.url}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'multipart/form-data; boundary=x' },
        body: isChunked ? new Blob([form(bytes)]).stream() : form(bytes),
        duplex: 'half',
      })
      t.equal(response.status, status, `${bytes} ${isChunked}`)
      await response.arrayBuffer()
    }
  }
})

test('a refused form leaves the connection of its answer closed and the next one free', async (t) => {
  const proxy = await start(t)
  const big = Buffer.concat([png, Buffer.alloc(2_500_000)])
  t.match(await upload(proxy, { metadata: '{', file: big }), { status: 400 })
  const next = await proxy.call('POST', '/conversations/demo/messages', { text: 'Hi' })
  t.equal(next.status, 201)
})

test('a download that breaks off breaks off for the caller too, and is logged', async (t) => {
  const { steps, proxy } = await startSteps(t)
  steps.store = (_seen, response, request) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': '1000' })
    response.write('half', () => request.socket.destroy())
  }
  const response = await fetch(`${proxy.url}${path}/v1/AUTH/a.PNG`, { headers })
  t.equal(response.status, 200)
  await t.rejects(response.arrayBuffer())
  t.ok(proxy.logs.some(({ msg }) => msg === 'the download broke off'))
})

test('a caller who leaves a download ends it at the storage as well', async (t) => {
  const { steps, proxy } = await startSteps(t)
  const ended = new Promise<void>((resolve) => {
    steps.store = (_seen, response) => {
      response.writeHead(200, { 'content-type': 'image/png' })
      response.write(Buffer.alloc(1_000_000))
      response.once('close', resolve)
    }
  })
  const abort = new AbortController()
  const response = await fetch(`${proxy.url}${path}/v1/AUTH/a.PNG`, {
    headers,
    signal: abort.signal,
  })
  t.equal(response.status, 200)
  abort.abort()
  await ended
  t.pass('the storage saw the end')
})
