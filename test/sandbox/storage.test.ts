import t from 'tap'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { announce, at, call, send, startBox } from './fixtures/box.ts'

const BYTES = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff])

async function urlFor(sandbox: Sandbox, type: string, body: object): Promise<string> {
  const answer = await send(sandbox, { kind: 'req', id: 3, type, body })
  const query = new URLSearchParams(Object(at(answer.body, 'body', 'queryParams')))
  return `${at(answer.body, 'body', 'relativePath')}?${query}`
}

function uploadUrl(sandbox: Sandbox, fileSize: number = BYTES.length, fileType = 'PNG') {
  const body = { fileSize: String(fileSize), fileType }
  return urlFor(sandbox, 'ms.GenerateURLForUploadFile', body)
}

function downloadUrl(sandbox: Sandbox, upload: string) {
  const [relativePath = ''] = upload.split('?')
  return urlFor(sandbox, 'ms.GenerateURLForDownloadFile', { relativePath })
}

t.test('an upload URL has the documented form', async (t) => {
  const sandbox = await startBox(t, { now: () => Date.UTC(2018, 5, 4, 4, 10, 59, 845) })
  const answer = await send(sandbox, {
    kind: 'req',
    id: 3,
    type: 'ms.GenerateURLForUploadFile',
    body: { fileSize: '1000', fileType: 'PNG' },
  })
  const relativePath = at(answer.body, 'body', 'relativePath')
  t.match(
    relativePath,
    /^\/v1\/AUTH_async-images\/acme\/[0-9a-f]{64}_uuid_[0-9a-f-]{36}_04-06-2018_04-10-59-845\.PNG$/,
  )
  const sig = at(answer.body, 'body', 'queryParams', 'temp_url_sig')
  t.match(sig, /^[0-9a-f]{40}$/)
  const queryParams = { temp_url_sig: sig, temp_url_expires: '1528085519' }
  t.strictSame(answer.body, { reqId: '3', code: 'OK', body: { relativePath, queryParams } })
})

t.test('what was uploaded can be downloaded, with the content type of its kind', async (t) => {
  const sandbox = await startBox(t)
  const kinds = { PNG: 'image/png', GIF: 'image/gif', JPG: 'image/jpeg', JPEG: 'image/jpeg' }
  for (const [fileType, contentType] of Object.entries(kinds)) {
    const upload = await uploadUrl(sandbox, BYTES.length, fileType)
    t.equal((await call(sandbox, upload, { method: 'PUT', body: BYTES })).status, 201)
    const file = await call(sandbox, await downloadUrl(sandbox, upload), { method: 'GET' })
    t.equal(file.status, 200)
    t.equal(file.headers['content-type'], contentType)
    t.same(Buffer.from(file.text, 'latin1'), BYTES)
  }
})

t.test('the picture of the documentation’s example is there, in every account', async (t) => {
  const sandbox = await startBox(t)
  const path = '/v1/AUTH_async-images/acme/5f3aab9e_uuid_5c68d4e8_07-06-2018.JPEG'
  const file = await call(sandbox, await downloadUrl(sandbox, path), { method: 'GET' })
  t.equal(file.status, 200)
  t.equal(file.headers['content-type'], 'image/jpeg')
  t.ok(file.text.startsWith('\xff\xd8\xff'))
  t.equal((await call(sandbox, `/sandbox/files${path}`, { method: 'GET' })).status, 200)
})

t.test('a temporary URL is good for its path, method and time only', async (t) => {
  let milliseconds = 1_000_000
  const sandbox = await startBox(t, { now: () => milliseconds })
  const upload = await uploadUrl(sandbox)
  const another = await uploadUrl(sandbox)
  const [path] = upload.split('?')
  const [, query] = another.split('?')
  const put = async (url: string) =>
    (await call(sandbox, url, { method: 'PUT', body: BYTES })).status
  t.equal(await put(`${path}?temp_url_sig=bad&temp_url_expires=1`), 401)
  t.equal(await put(`${path}`), 401)
  t.equal(await put(`${path}?${query}`), 401)
  t.equal(await put(upload.replace(/expires=\d+/, 'expires=9999999999')), 401)
  t.equal(await put(await downloadUrl(sandbox, upload)), 401)
  t.equal((await call(sandbox, upload, { method: 'GET' })).status, 401)
  milliseconds += 59_999
  t.equal(await put(upload), 201)
  milliseconds += 1
  t.equal(await put(upload), 401)
})

t.test('a file has to be as large as announced, and may be empty', async (t) => {
  const sandbox = await startBox(t)
  const put = async (url: string, body?: Buffer) =>
    (await call(sandbox, url, { method: 'PUT', body: body ?? '' })).status
  t.equal(await put(await uploadUrl(sandbox, 5), BYTES), 422)
  t.equal(await put(await uploadUrl(sandbox, 0), BYTES), 422)
  t.equal(await put(await uploadUrl(sandbox, 0)), 201)
})

t.test('a file has at most 3 MB, by announcement and by bytes', async (t) => {
  const sandbox = await startBox(t)
  const limit = 3 * 2 ** 20
  const announcement = (fileSize: number) => ({
    kind: 'req',
    id: '3',
    type: 'ms.GenerateURLForUploadFile',
    body: { fileSize: String(fileSize), fileType: 'PNG' },
  })
  const refused = await send(sandbox, announcement(limit + 1))
  t.equal(refused.status, 400)
  t.strictSame(refused.body, { code: 'BAD_REQUEST', body: { msg: 'Bad Request' }, reqId: '3' })
  const url = await uploadUrl(sandbox, limit)
  t.equal((await call(sandbox, url, { method: 'PUT', body: Buffer.alloc(limit) })).status, 201)

  const headers = { 'content-length': String(limit + 1) }
  t.equal(await announce(sandbox, url, { method: 'PUT', headers }), 413)
})

t.test(
  'a download URL is given for any path of the account, the storage knows what exists',
  async (t) => {
    const sandbox = await startBox(t)
    const unknown = await downloadUrl(sandbox, '/v1/AUTH_async-images/acme/nothing.PNG')
    t.equal((await call(sandbox, unknown, { method: 'GET' })).status, 404)
    const foreign = {
      kind: 'req',
      id: '3',
      type: 'ms.GenerateURLForDownloadFile',
      body: { relativePath: '/v1/AUTH_async-images/another/nothing.PNG' },
    }
    t.equal((await send(sandbox, foreign)).status, 400)
  },
)

t.test('the oldest file goes when there are more than 100 or more than 64 MB', async (t) => {
  const store = async (sandbox: Sandbox, bytes: Buffer) => {
    const url = await uploadUrl(sandbox, bytes.length)
    t.equal((await call(sandbox, url, { method: 'PUT', body: bytes })).status, 201)
    return url
  }
  const found = async (sandbox: Sandbox, url: string) =>
    (await call(sandbox, await downloadUrl(sandbox, url), { method: 'GET' })).status === 200

  for (const { bytes, count } of [
    { bytes: BYTES, count: 101 },
    { bytes: Buffer.alloc(3 * 2 ** 20), count: 22 },
  ]) {
    const sandbox = await startBox(t)
    const urls: string[] = []
    for (let i = 0; i < count; i++) urls.push(await store(sandbox, bytes))
    t.notOk(await found(sandbox, String(urls.at(0))))
    t.ok(await found(sandbox, String(urls.at(1))))
    t.ok(await found(sandbox, String(urls.at(-1))))
  }
})
