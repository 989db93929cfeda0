import { request as send } from 'node:http'
import { gzipSync } from 'node:zlib'
import { Webhook } from 'standardwebhooks'
import { test } from 'tap'
import type { RequestTrace } from '../../src/http/request-spans.ts'
import { start } from '../start.ts'
import { openWire } from '../wire.ts'
import { notify, sign, startApp, startListener } from './start-listener.ts'
import { inbound, outbound, rawOf } from './vectors.ts'

const text = rawOf('text_emoji')

test('a notification becomes a signed event at the app, and is answered 200 once the app has it', async (t) => {
  const app = await startApp(t)
  const { origin, logs } = await startListener(t, app.url)
  const answer = await notify(origin, text, { 'x-request-id': 'from-liveperson' })
  t.equal(answer.status, 200)
  t.equal(answer.body, undefined)
  t.equal(answer.headers.get('x-request-id'), 'from-liveperson')
  const [event] = app.taken
  if (event === undefined) throw new Error('the app got nothing')
  const headers = Object.fromEntries(
    Object.entries(event.headers).map(([name, value]) => [name, String(value)]),
  )
  t.strictSame(new Webhook(outbound.secret).verify(event.body, headers), outbound.events[0]?.event)
  t.match(event.headers, {
    'content-type': 'application/json',
    'x-lp-account-id': inbound.account,
    'x-request-id': 'from-liveperson',
  })
  const line = logs.find(({ requestId }) => requestId === 'from-liveperson')
  t.match(line, { status: 200, accountId: inbound.account, taken: 1, leftOut: 0, dropped: 0 })
})

test('every form of signature is taken, whatever the content type', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url)
  for (const { raw, signatures } of Object.values(inbound.notifications)) {
    for (const signature of Object.values(signatures)) {
      for (const type of ['application/json', 'text/plain', 'nonsense;;', undefined]) {
        const headers = { 'x-liveperson-signature': signature, 'content-type': type }
        const answer = await notify(origin, Buffer.from(raw), headers)
        t.equal(answer.status, 200)
      }
    }
  }
  t.equal(app.taken.length, 13 * 16)
})

test('what is not proved is one 401, whose reason only the log tells', async (t) => {
  const app = await startApp(t)
  const { origin, logs } = await startListener(t, app.url)
  for (const [headers, cause] of [
    [{ 'x-liveperson-account-id': 'other' }, 'the account is unknown'],
    [{ 'x-liveperson-account-id': undefined }, 'the account is unknown'],
    [{ 'x-liveperson-account-id': 'not an account' }, 'the account is unknown'],
    [{ 'x-liveperson-client-id': 'other' }, 'the app installation is unknown'],
    [{ 'x-liveperson-client-id': undefined }, 'the app installation is unknown'],
    [{ 'x-liveperson-signature': sign('other') }, 'the signature does not match the body'],
    [{ 'x-liveperson-signature': undefined }, 'the signature does not match the body'],
    [{ 'x-liveperson-signature': sign(text, 'other') }, 'the signature does not match the body'],
  ] as const) {
    logs.length = 0
    const { status, body, headers: answered } = await notify(origin, text, headers)
    t.equal(status, 401)
    t.match(answered.get('content-type'), /^application\/problem\+json/)
    t.strictSame(body, {
      type: '/problems/webhook-signature-invalid',
      title: 'The notification could not be verified',
      status: 401,
      detail:
        'This proxy does not know the account or the app installation of the notification, or the signature does not match the bytes of the body.',
      instance: `urn:request:${body.requestId}`,
      code: 'webhook-signature-invalid',
      requestId: body.requestId,
    })
    t.match(logs, [{ code: 'webhook-signature-invalid', cause }])
    t.notMatch(JSON.stringify(logs), /not an account/)
  }
  t.equal(app.taken.length, 0)
})

test('a previous secret counts', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url, { LP_PREVIOUS_CLIENT_SECRET: 'former' })
  const headers = { 'x-liveperson-signature': sign(text, 'former') }
  t.equal((await notify(origin, text, headers)).status, 200)
})

test('nothing but POST /webhooks/liveperson is served, and the checks come in their order', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url, { WEBHOOK_BODY_LIMIT_BYTES: '65536' })
  for (const path of ['/', '/livez', '/conversations', '/webhooks/liveperson/x']) {
    const response = await fetch(`${origin}${path}`, { method: 'POST' })
    t.equal(response.status, 404, path)
    t.notMatch(await response.json(), { delivery: String })
  }
  const wrongMethod = await fetch(`${origin}/webhooks/liveperson`)
  t.equal(wrongMethod.status, 405)
  t.equal(wrongMethod.headers.get('allow'), 'POST')
  const unproved = { 'x-liveperson-signature': 'x' }
  const large = Buffer.alloc(65_537, 'x')
  const encoded = { 'content-encoding': 'gzip', ...unproved }
  t.equal((await notify(origin, gzipSync(large), encoded)).status, 415)
  t.equal((await notify(origin, large, { ...unproved, 'content-encoding': 'br' })).status, 415)
  t.equal((await notify(origin, large, unproved)).status, 413)
  t.equal((await notify(origin, '')).status, 400, 'proved, and no JSON object')
  t.equal((await notify(origin, 'no JSON', unproved)).status, 401)
  t.equal(app.taken.length, 0)
})

test('any Content-Encoding is 415, even identity, and even of no body', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url)
  for (const encoding of ['gzip', 'identity', 'IDENTITY', 'identity, identity', '']) {
    for (const raw of [text, '']) {
      const answer = await notify(origin, raw, { 'content-encoding': encoding })
      t.equal(answer.status, 415, `${encoding} of ${raw.length} bytes`)
      t.equal(answer.body.code, 'unsupported-media-type')
      t.match(answer.body.detail, /without a Content-Encoding/)
      t.equal(answer.headers.get('accept-encoding'), 'identity')
    }
  }
  t.equal(app.taken.length, 0)
  t.equal((await notify(origin, text)).status, 200)
})

test('what is signed and no JSON object is 400, and any JSON object is 200', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url)
  for (const raw of ['', 'no JSON', '[]', 'null', '7', '"x"']) {
    t.equal((await notify(origin, raw)).status, 400, raw)
  }
  for (const raw of ['{}', '{"type":7}', '{"type":"ms.MessagingEventNotification","body":null}']) {
    t.equal((await notify(origin, raw)).status, 200, raw)
  }
  t.equal(app.taken.length, 0)
})

test('what the app says is what LivePerson is told', async (t) => {
  for (const [statuses, status, code] of [
    [[500], 502, 'app-refused'],
    [[302], 502, 'app-refused'],
    [[0], 504, 'app-timeout'],
  ] as const) {
    const app = await startApp(t, [...statuses])
    const { origin } = await startListener(t, app.url, { EVENTS_TIMEOUT_MS: '300' })
    const answer = await notify(origin, text)
    t.equal(answer.status, status)
    t.equal(answer.body.code, code)
    t.notOk('delivery' in answer.body || 'retryable' in answer.body)
  }
  const { origin } = await startListener(t, 'http://127.0.0.1:9/', { EVENTS_TIMEOUT_MS: '300' })
  const answer = await notify(origin, text)
  t.equal(answer.status, 503)
  t.equal(answer.body.code, 'app-unreachable')
  t.ok(Number(answer.headers.get('retry-after')) >= 1)
})

test('past WEBHOOK_MAX_IN_FLIGHT the next notification is told to come back', async (t) => {
  const app = await startApp(t, [0])
  const { origin } = await startListener(t, app.url, {
    WEBHOOK_MAX_IN_FLIGHT: '1',
    EVENTS_TIMEOUT_MS: '1000',
  })
  const first = notify(origin, text)
  while (app.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const second = await notify(origin, text)
  t.equal(second.status, 503)
  t.ok(Number(second.headers.get('retry-after')) >= 1)
  t.equal((await first).status, 504)
  t.equal((await notify(origin, text)).status, 200)
})

test('memory for bodies is bounded, and an Idempotency-Key buys none', async (t) => {
  const app = await startApp(t)
  const { origin, webhooks } = await startListener(t, app.url, { WEBHOOK_MAX_IN_FLIGHT: '1' })
  const { port, hostname } = new URL(origin)
  const half = send({
    port,
    hostname,
    method: 'POST',
    path: '/webhooks/liveperson',
    headers: { 'content-length': 1_000_000 },
  })
  half.on('error', () => undefined)
  t.teardown(() => half.destroy())
  half.flushHeaders()
  while (webhooks.drain.unanswered === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const large = JSON.stringify({ padding: 'x'.repeat(100_000) })
  for (const headers of [{}, { 'idempotency-key': 'x' }]) {
    t.equal((await notify(origin, large, headers)).status, 503)
  }
  t.equal((await notify(origin, text)).status, 200)
})

test('a large notification is taken, and leaves its memory to the next one', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url, { WEBHOOK_MAX_IN_FLIGHT: '1' })
  const notification = JSON.parse(text)
  notification.body.changes[0].event.message = 'x'.repeat(900_000)
  for (let each = 0; each < 3; each += 1) {
    t.equal((await notify(origin, JSON.stringify(notification))).status, 200)
  }
  t.equal(app.taken.length, 3)
  t.ok(app.taken.every(({ body }) => body.length > 900_000))
})

test('a file has the address that PUBLIC_URL gives it, else a path of this API', async (t) => {
  const path = 'conversations/5c0761b0-860c-4db4-afff-e0c8b88a0001/files/v1/'
  for (const [env, href] of [
    [{}, `/${path}`],
    [{ PUBLIC_URL: 'https://api.example.com/lp' }, `https://api.example.com/lp/${path}`],
  ] as const) {
    const app = await startApp(t)
    const { origin } = await startListener(t, app.url, env)
    t.equal((await notify(origin, rawOf('file'))).status, 200)
    const { data } = JSON.parse(app.taken[0]?.body ?? '{}')
    t.ok(data.file.href.startsWith(href), data.file.href)
  }
})

test('an account’s own app gets its events', async (t) => {
  const common = await startApp(t)
  const own = await startApp(t)
  const dir = t.testdir({
    'credentials.json': JSON.stringify({
      [inbound.account]: {
        clientId: inbound.client,
        clientSecret: inbound.secret,
        eventsUrl: own.url,
      },
    }),
  })
  const listed = {
    LP_CLIENT_ID: '',
    LP_CLIENT_SECRET: '',
    LP_CREDENTIALS_FILE: `${dir}/credentials.json`,
  }
  for (const eventsUrl of [common.url, '']) {
    const { origin } = await startListener(t, eventsUrl, listed)
    t.equal((await notify(origin, text)).status, 200)
    t.equal(own.taken.splice(0).length, 1)
  }
  t.equal(common.taken.length, 0)
})

test('on the sandbox there need not be an app', async (t) => {
  const { webhooks, sandbox } = await start(t, {
    LP_ACCOUNT_ID: '',
    SANDBOX: 'true',
    WEBHOOK_PORT: '0',
    LP_DOMAIN_API_URL: '',
  })
  t.ok(webhooks !== undefined)
  t.ok(sandbox.origin)
})

test('the trace of a notification goes on to the app', async (t) => {
  const app = await startApp(t)
  const ended: unknown[] = []
  const startCall: RequestTrace['startCall'] = ({ service }) => ({
    headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    end: (status) => void ended.push([service, status]),
  })
  const { origin } = await startListener(
    t,
    app.url,
    {},
    {
      startRequest: ({ route }) => ({
        id: 'trace-1',
        startCall,
        end: ({ status }) => void ended.push([route, status]),
      }),
      background: { startCall },
      stop: async () => undefined,
    },
  )
  t.equal((await notify(origin, text)).status, 200)
  t.match(app.taken, [{ headers: { traceparent: /^00-0af7/ } }])
  while (ended.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  t.strictSame(ended, [
    ['app', 204],
    ['/webhooks/liveperson', 200],
  ])
})

test('bytes that are no HTTP get a short problem', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url)
  const wire = await openWire(t, origin, 'nonsense\r\n\r\n')
  const answer = await wire.ended()
  t.match(answer, /^HTTP\/1\.1 400 /)
  t.notMatch(answer, /delivery|retryable/)
})

test('a type that is not known is warned of once', async (t) => {
  const app = await startApp(t)
  const { origin, logs } = await startListener(t, app.url)
  const raw = '{"type":"ms.New","body":{"changes":[{},{}]}}'
  t.equal((await notify(origin, raw)).status, 200)
  t.equal((await notify(origin, raw)).status, 200)
  t.equal(logs.filter(({ type }) => type === 'ms.New').length, 1)
})

test('while it stops, those under way get the app’s answer', async (t) => {
  const app = await startApp(t, [0])
  const { origin, webhooks } = await startListener(t, app.url, { EVENTS_TIMEOUT_MS: '2000' })
  const first = notify(origin, text)
  while (app.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const stopped = webhooks.drain.run(0)
  t.equal((await first).status, 504)
  await stopped
  await t.rejects(notify(origin, text))
})
