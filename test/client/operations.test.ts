import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import { createClient } from '../../src/client/index.ts'
import { start } from '../start.ts'
import { failureOf, recordedClient } from './recorded.ts'

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const document = JSON.parse(
  await readFile(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'),
)

/** The operations of the document that are the client's, as `POST /conversations` by name. */
function documented(): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [path, operations] of Object.entries<Record<string, unknown>>(document.paths)) {
    for (const [method, each] of Object.entries(operations)) {
      const { operationId, tags } = Object(each)
      if (['Native', 'Process', 'Documentation'].includes(tags[0])) continue
      own[operationId] = `${method.toUpperCase()} ${path}`
    }
  }
  return own
}

test('the client has the operations of the document, by their names, and each works', async (t) => {
  const { url, sandbox } = await start(t)
  const { client, attempts } = recordedClient(url)
  const { conversationId: id } = await client.openConversation({
    profile: { personal: { firstname: 'Ada' } },
  })
  t.match(await client.sendMessage(id, { text: 'Hi' }), { conversationId: id, sequence: 0 })
  t.equal(await client.startTyping(id, { expiresInSeconds: 20 }), undefined)
  t.equal(await client.stopTyping(id), undefined)
  t.equal(await client.setChatState(id, { state: 'active' }), undefined)
  t.match(await client.sendReceipt(id, { status: 'read', sequences: [0] }), { sequence: 1 })
  t.equal(await client.setUrgency(id, { level: 'urgent', targetSeconds: 300 }), undefined)
  t.equal(await client.setProfile({ customer: { ctype: 'vip' } }), undefined)
  const { file, sequence } = await client.sendFile(id, picture, { caption: 'One black dot' })
  t.equal(sequence, 2)
  const blob = await client.getFile(id, file.relativePath)
  t.strictSame(Buffer.from(await blob.arrayBuffer()), picture)
  t.equal(blob.type, 'image/png')
  t.equal(await client.setCsat(id, { rating: 5, resolved: true }), undefined)
  t.equal(await client.closeConversation(id), undefined)

  const byName = documented()
  t.strictSame(Object.keys(client).sort(), Object.keys(byName).sort())
  const called = attempts.map(({ method, path }) => {
    const of = path.replace(id, '{id}').replace(file.relativePath.slice(1), '{relativePath}')
    return `${method} ${of}`
  })
  t.strictSame(called.sort(), Object.values(byName).sort())
  const texts = sandbox.calls().map(({ body }) => JSON.stringify(body))
  for (const text of ['Ada', 'One black dot', 'CSATRate', 'TTRField', 'vip']) {
    t.ok(
      texts.some((each) => each?.includes(text)),
      text,
    )
  }
})

test('what sends something new has a key of its own, and what changes nothing by repetition has none', async (t) => {
  const { url } = await start(t)
  const { client, attempts } = recordedClient(url)
  await client.sendMessage('c', { text: 'Hi' })
  await client.sendMessage('c', { text: 'Hi' })
  await client.sendMessage('c', { text: 'Hi' }, { idempotencyKey: 'mine' })
  await client.startTyping('c')
  await client.closeConversation('c')
  const keys = attempts.map(({ headers }) => headers.get('idempotency-key'))
  t.match(keys, [uuid, uuid, 'mine', null, null])
  t.not(keys[0], keys[1])
})

test('a picture comes from a Blob, bytes, a buffer or a stream, with all its fields', async (t) => {
  const { url, sandbox } = await start(t)
  const { client } = recordedClient(url)
  const bytes = new Uint8Array(picture)
  const metadata = [{ type: 'ExternalId', id: 'receipt-7' }]
  const preview = 'data:image/png;base64,iVBORw0KGgo='
  for (const each of [new Blob([bytes]), bytes, bytes.buffer, new Blob([bytes]).stream()]) {
    const fields = { caption: 'A dot', preview, dialogId: 'd', metadata }
    t.match(await client.sendFile('c', each, fields), { dialogId: 'd', file: { fileType: 'PNG' } })
  }
  const published = JSON.stringify(sandbox.calls().at(-1)?.body)
  for (const text of ['A dot', preview, 'receipt-7']) t.match(published, text)
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('torn')) })
  const before = sandbox.calls().length
  await t.rejects(client.sendFile('c', broken), { message: 'torn' }, 'nothing was sent')
  t.equal(sandbox.calls().length, before)
})

test('who calls, and for whom, is said once for a client, or for one call', async (t) => {
  const { url } = await start(t, {
    API_KEYS: 'example-key-of-16',
    LP_CLIENT_ID: 'sandbox-client',
    LP_CLIENT_SECRET: 'sandbox-secret',
  })
  const { client, attempts } = recordedClient(`${url}`, {
    apiKey: 'example-key-of-16',
    accountId: '12345678',
    headers: { 'Client-Properties': '{"type":".ClientProperties"}', 'X-Request-Id': 'mine' },
  })
  t.match(await client.sendMessage('c', { text: 'Hi' }), { requestId: 'mine' })
  await client.sendMessage('c', { text: 'Hi' }, { consumerId: 'ada', headers: { 'X-Trace': '1' } })
  t.strictSame(
    attempts.map(({ headers }) => [headers.has('x-lp-on-behalf'), headers.get('x-lp-consumer-id')]),
    [
      [true, null],
      [false, 'ada'],
    ],
    'a consumer named for one call takes the place of the token',
  )
  t.match(Object.fromEntries(attempts[1]?.headers ?? []), {
    'x-lp-account-id': '12345678',
    'client-properties': /Client/,
    'x-trace': '1',
  })
  const keyless = createClient({ baseUrl: new URL(url), consumerId: 'ada' })
  t.match(await failureOf(keyless.openConversation()), { code: 'api-key-required', status: 401 })
})

test('a base may have a path, and no id leads out of its route', async (t) => {
  const urls: string[] = []
  const client = createClient({
    baseUrl: 'http://proxy/below/',
    fetch: async (url) => {
      urls.push(url)
      return new Response(null, { status: 204 })
    },
  })
  await client.stopTyping('a/b?c', { dialogId: 'd&e' })
  t.strictSame(urls, ['http://proxy/below/conversations/a%2Fb%3Fc/typing?dialogId=d%26e'])
  for (const path of ['../../../metrics', 'a/./b', 'a//b', '']) {
    t.match(await failureOf(client.getFile('c', path)), { name: 'TypeError' }, path)
  }
  t.match(await failureOf(client.closeConversation('..')), { name: 'TypeError' })
  t.equal(urls.length, 1)
})
