import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Caller } from '../../src/liveengage/caller.ts'
import type { Command } from '../../src/liveengage/client.ts'
import { Client } from '../../src/liveengage/client.ts'
import { Domains } from '../../src/liveengage/domains.ts'
import { createHostAllowlist } from '../../src/liveengage/host-allowlist.ts'
import { preview } from '../../src/liveengage/preview.ts'
import { Credentials } from '../../src/liveengage/tokens/credentials.ts'
import { documented } from '../documented.ts'
import { openHosts, termsOf } from '../transport/fixtures/hosts.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { hostIs, json, ok, type Script, startUpstream, type Upstream } from '../upstream.ts'

const caller: Caller = {
  accountId: '12345678',
  credentials: undefined,
  appJwt: 'app.jwt.one',
  consumerJws: 'consumer.jws.one',
  consumerId: undefined,
  clientProperties: undefined,
}

const text: Command = {
  type: 'ms.PublishEvent',
  body: {
    dialogId: 'dialog-1',
    event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Grüße, 😀' },
  },
}

type Options = { clientFeatures?: string[]; others?: Upstream[] }

function connect(t: Test, upstream: Upstream, { clientFeatures = [], others = [] }: Options = {}) {
  const hosts = openHosts(t)
  const allowed = [upstream, ...others].map(({ host }) => host)
  const domains = new Domains({
    hosts,
    domainApiUrl: upstream.origin,
    allowlist: createHostAllowlist(allowed, 'http:'),
    ttlMs: 300_000,
    staleMs: 300_000,
    callTimeoutMs: 1_000,
  })
  const credentials = new Credentials({
    hosts,
    domains,
    callTimeoutMs: 1_000,
    onRenewalFailure: () => t.fail('nothing is renewed'),
  })
  const client = new Client({ hosts, domains, credentials, clientFeatures })
  const send = (command: Command = text, as: Caller = caller, timeoutMs = 5_000) =>
    client
      .send(command, { caller: as, terms: termsOf(timeoutMs) })
      .then(({ sequence }) => ({ sequence }))
  return { client, domains, send }
}

const sent = (upstream: Upstream) => upstream.sends().map(({ body }) => JSON.parse(body))

t.test('a command goes out in an envelope of its own, with the two bare tokens', async (t) => {
  let rawHeaders: string[] = []
  const upstream = await startUpstream(t, {
    send: (seen, response, request) => {
      rawHeaders = request.rawHeaders
      ok(seen, response, request)
    },
  })
  const { send } = connect(t, upstream)
  t.strictSame(await send(), { sequence: 0 })
  const [call] = upstream.sends()
  t.equal(call?.method, 'POST')
  t.equal(call?.url, '/api/account/12345678/messaging/consumer/conversation/send?v=3')
  const { id, ...envelope } = JSON.parse(call?.body ?? '')
  t.match(id, /^[A-Za-z0-9_-]{8,64}$/)
  t.strictSame(envelope, {
    kind: 'req',
    type: 'ms.PublishEvent',
    body: {
      dialogId: 'dialog-1',
      event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Grüße, 😀' },
    },
  })
  t.strictSame(rawHeaders, [
    'host',
    upstream.host,
    'connection',
    'keep-alive',
    'Authorization',
    'app.jwt.one',
    'X-LP-ON-BEHALF',
    'consumer.jws.one',
    'Content-Type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(call?.body ?? '')),
  ])
})

t.test(
  'a documented payload goes out as it is documented, metadata at the top level',
  async (t) => {
    const upstream = await startUpstream(t)
    const { send } = connect(t, upstream)
    const names = ['01-seed-send-text-message', '20-close-conversation-with-response']
    for (const name of names) {
      const { kind, id, ...command } = documented(name).upstream.body
      await send({ ...command, metadata: [{ type: 'ExternalId', id: 'order-1' }] })
      const [{ id: fresh, ...envelope }] = sent(upstream).slice(-1)
      t.not(fresh, id)
      t.strictSame(envelope, {
        kind,
        ...command,
        metadata: [{ type: 'ExternalId', id: 'order-1' }],
      })
    }
  },
)

t.test('each envelope has an id of its own', async (t) => {
  const upstream = await startUpstream(t)
  const { send } = connect(t, upstream)
  await Promise.all(Array.from({ length: 20 }, () => send()))
  t.equal(new Set(sent(upstream).map(({ id }) => id)).size, 20)
})

t.test('Client-Properties are the caller’s, else made of the features, else absent', async (t) => {
  const upstream = await startUpstream(t)
  const properties = (index: number) => upstream.sends()[index]?.headers['client-properties']
  const own = '{"type":".ClientProperties","features":["CO_BROWSE"]}'
  await connect(t, upstream).send()
  t.equal(properties(0), undefined)
  const { send } = connect(t, upstream, { clientFeatures: ['AUTO_MESSAGES', 'RICH_CONTENT'] })
  await send()
  t.equal(properties(1), '{"type":".ClientProperties","features":["AUTO_MESSAGES","RICH_CONTENT"]}')
  await send(text, { ...caller, clientProperties: own })
  t.equal(properties(2), own)
})

t.test('a preview is the call without its tokens, and sends nothing', async (t) => {
  const upstream = await startUpstream(t)
  const { client } = connect(t, upstream, { clientFeatures: ['AUTO_MESSAGES'] })
  const shown = await preview(client, text, { caller, terms: termsOf(1_000) })
  const { id, ...body } = Object(shown.body)
  t.match(id, /^[A-Za-z0-9_-]{8,64}$/)
  t.strictSame(
    { ...shown, body },
    {
      method: 'POST',
      url: `${upstream.origin}/api/account/12345678/messaging/consumer/conversation/send?v=3`,
      headers: {
        Authorization: '[redacted]',
        'X-LP-ON-BEHALF': '[redacted]',
        'Content-Type': 'application/json',
        'Client-Properties': '{"type":".ClientProperties","features":["AUTO_MESSAGES"]}',
      },
      body: { kind: 'req', ...text },
    },
  )
  t.strictSame(upstream.sends(), [])
  t.equal(upstream.lookups().length, 1)
})

t.test('the host is looked up once, and the look-up gets no token', async (t) => {
  const upstream = await startUpstream(t)
  const { send } = connect(t, upstream)
  await send()
  await send()
  t.equal(upstream.lookups().length, 1)
  t.notMatch(JSON.stringify(upstream.lookups()), /jwt|jws/)
})

t.test('two accounts at once keep their hosts, tokens and answers apart', async (t) => {
  const answerLate: Script = (seen, response, request) => {
    const { id, body } = JSON.parse(seen.body)
    const sequence = Number(body.dialogId)
    void delay(sequence % 5).then(() =>
      json(200, { reqId: id, code: 'OK', body: { sequence } })(seen, response, request),
    )
  }
  const second = await startUpstream(t, { send: answerLate })
  const first = await startUpstream(t, {
    send: answerLate,
    domain: (seen, ...rest) =>
      hostIs(seen.url.includes('/account/b/') ? second.host : first.host)(seen, ...rest),
  })
  const { send } = connect(t, first, { others: [second] })
  await Promise.all(
    Array.from({ length: 200 }, async (_, sequence) => {
      const accountId = sequence % 2 === 0 ? 'a' : 'b'
      const as = {
        ...caller,
        accountId,
        appJwt: `${accountId}.app.jwt`,
        consumerJws: `${sequence}.c.j`,
      }
      const event = { type: 'ContentEvent', contentType: 'text/plain', message: accountId } as const
      const command: Command = {
        type: 'ms.PublishEvent',
        body: { dialogId: String(sequence), event },
      }
      t.strictSame(await send(command, as), { sequence })
    }),
  )
  for (const [upstream, account] of [
    [first, 'a'],
    [second, 'b'],
  ] as const) {
    t.equal(upstream.sends().length, 100)
    for (const { url, headers, body } of upstream.sends()) {
      const { dialogId, event } = JSON.parse(body).body
      t.strictSame(
        [url.split('/')[3], headers.authorization, headers['x-lp-on-behalf'], event.message],
        [account, `${account}.app.jwt`, `${dialogId}.c.j`, account],
      )
    }
  }
})

t.test('a success, a refusal, a server error, a hang and a reset are each sent once', async (t) => {
  const cases: [string, Script, object][] = [
    ['a refusal', json(400, ''), { code: 'rejected-by-liveengage', delivery: 'not-sent' }],
    ['a refused token', json(401, ''), { code: 'rejected-by-liveengage', delivery: 'not-sent' }],
    ['an unhealed 404', json(404, ''), { code: 'rejected-by-liveengage', delivery: 'not-sent' }],
    ['a server error', json(503, ''), { code: 'liveengage-failed', delivery: 'unknown' }],
    ['HTML', json(200, '<html>'), { code: 'liveengage-failed', delivery: 'unknown' }],
    ['silence', () => undefined, { code: 'liveengage-timeout', delivery: 'unknown' }],
    [
      'a reset',
      (_seen, _response, request) => void request.socket.resetAndDestroy(),
      { code: 'liveengage-failed', delivery: 'unknown' },
    ],
    [
      'the answer to another',
      json(200, { reqId: 'another', code: 'OK', body: { sequence: 1 } }),
      { code: 'liveengage-failed', delivery: 'unknown' },
    ],
  ]
  for (const [name, script, problem] of cases) {
    const upstream = await startUpstream(t, { send: script })
    const { send } = connect(t, upstream)
    const failure = await send(text, caller, 200).catch((error) => error)
    t.match(failure, problem, name)
    t.equal(upstream.sends().length, 1, name)
  }
})

t.test('a 429 is sent again after its Retry-After, once, and as the same envelope', async (t) => {
  let calls = 0
  const upstream = await startUpstream(t, {
    send: (...call) => {
      calls += 1
      if (calls === 1) json(429, '', { 'retry-after': '1' })(...call)
      else ok(...call)
    },
  })
  const { send } = connect(t, upstream)
  const started = performance.now()
  t.strictSame(await send(), { sequence: 0 })
  t.ok(performance.now() - started >= 990)
  const [first, second] = upstream.sends()
  t.equal(first?.body, second?.body)
  t.equal(calls, 2)
})

t.test('all who are sent away from a host find the new one', async (t) => {
  for (const status of [404, 421]) {
    const successor = await startUpstream(t)
    const upstream = await startUpstream(t, { send: json(status, '') })
    const { send } = connect(t, upstream, { others: [successor] })
    await t.rejects(send(text, caller, 500), { code: 'rejected-by-liveengage' }, 'nowhere to go')
    const moved = connect(t, upstream, { others: [successor] })
    await moved.domains.find('12345678', 'asyncMessagingEnt')
    upstream.script.domain = hostIs(successor.host)
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => moved.send()))
    t.strictSame(outcomes, Array(20).fill({ sequence: 0 }))
    t.equal(successor.sends().length, 20)
  }
})

t.test('a host that takes no connections is looked up again', async (t) => {
  const closed = createServer()
  const port = await listen(closed)
  closed.close()
  const upstream = await startUpstream(t)
  const gone = { ...upstream, host: `localhost:${port}` }
  const { send } = connect(t, upstream, { others: [gone] })
  upstream.script.domain = hostIs(gone.host)
  await t.rejects(send(), { code: 'liveengage-unreachable', delivery: 'not-sent' })
  t.equal(upstream.lookups().length, 2)

  const healed = connect(t, upstream, { others: [gone] })
  await healed.domains.find('12345678', 'asyncMessagingEnt')
  upstream.script.domain = hostIs(upstream.host)
  t.strictSame(await healed.send(), { sequence: 0 })
  t.equal(upstream.sends().length, 1)
})

t.test(
  'a look-up that takes too long is the end of the request, before anything is sent',
  async (t) => {
    const upstream = await startUpstream(t, { domain: () => undefined })
    const { client, send } = connect(t, upstream)
    const started = performance.now()
    await t.rejects(send(text, caller, 80), { code: 'deadline-exceeded', delivery: 'not-sent' })
    await t.rejects(preview(client, text, { caller, terms: termsOf(20) }), {
      code: 'deadline-exceeded',
    })
    t.ok(performance.now() - started < 2_000)
    t.strictSame(upstream.sends(), [])
  },
)
