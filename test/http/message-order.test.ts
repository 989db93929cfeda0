import t, { type Test } from 'tap'
import { MessageOrder } from '../../src/http/message-order.ts'
import { type StartedProxy, start, startProxy } from '../start.ts'
import { json, ok, type Script, type Seen, startUpstream, type Upstream } from '../upstream.ts'
import { openWire, post } from '../wire.ts'

const messages = '/conversations/c1/messages'
const count = 20

type Held = { text: string; answer: (script?: Script) => void }

/** A LiveEngage that answers a message when the test says so. */
async function startHolding(t: Test, env: Record<string, string> = {}) {
  const upstream = await startUpstream(t)
  const held: Held[] = []
  let news = () => {}
  upstream.script.send = (...call) => {
    held.push({ text: textOf(call[0]), answer: (script = ok) => script(...call) })
    news()
  }
  const proxy = await startProxy(t, upstream.origin, env)
  // The account's host is known from here on.
  const warm = proxy.call('POST', '/conversations/warm/messages', { text: 'warm' })
  await until(() => held.length === 1)
  held.shift()?.answer()
  await warm
  upstream.seen.length = 0
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        news = resolve
      })
    }
  }
  return { ...proxy, upstream, held, until }
}

function textOf({ body }: Seen): string {
  const { type, body: command } = JSON.parse(body)
  if (type === 'cm.UpdateConversationField') return 'close'
  const { event } = command
  if (event === undefined) return type
  return typeof event.message === 'string' ? event.message : event.type
}

const sentTexts = (upstream: Upstream) => upstream.sends().map(textOf)

/** Resolves once this many requests wait for a slot or for their turn. */
async function waiting({ call }: Pick<StartedProxy, 'call'>, wanted: number): Promise<void> {
  for (;;) {
    const { body } = await call('GET', '/metrics')
    if (new RegExp(`^liveengage_proxy_queue_depth ${wanted}$`, 'm').test(body)) return
  }
}

const texts = Array.from({ length: count }, (_, index) => `text ${index}`)

/** All of them at once on one connection. */
async function sendPipelined(t: Test, url: string): Promise<void> {
  const bytes = texts.map((text, index) =>
    post(messages, JSON.stringify({ text }), `X-Request-Id: number-${index}\r\n`),
  )
  const wire = await openWire(t, url, bytes.join(''))
  const received = await wire.until(new RegExp(`x-request-id: number-${count - 1}\\b`))
  t.equal(received.match(/HTTP\/1.1 201/g)?.length, count)
}

t.test('pipelined messages of a conversation arrive in their order', async (t) => {
  const upstream = await startUpstream(t)
  let [atOnce, most] = [0, 0]
  upstream.script.send = (...call) => {
    atOnce += 1
    most = Math.max(most, atOnce)
    setImmediate(() => {
      atOnce -= 1
      ok(...call)
    })
  }
  const { url } = await startProxy(t, upstream.origin)
  await sendPipelined(t, url)
  t.strictSame(sentTexts(upstream), texts)
  t.equal(most, 1, 'each after the answer to the one before it')
})

t.test('pipelined messages keep their order while single ones fail', async (t) => {
  const faults: Record<string, Script> = {
    'text 1': json(500, ''),
    'text 5': (_seen, _response, request) => void request.socket.destroy(),
    'text 9': () => undefined,
    'text 13': json(200, '<html>'),
    'text 17': json(400, { code: 'BAD_REQUEST', body: { msg: 'no' } }),
  }
  const upstream = await startUpstream(t)
  upstream.script.send = (...call) => (faults[textOf(call[0])] ?? ok)(...call)
  const { url } = await startProxy(t, upstream.origin)
  const bytes = texts.map((text, index) => {
    const patience = index === 9 ? 'X-Request-Timeout-Ms: 1000\r\n' : ''
    const headers = `X-Request-Id: number-${index}\r\n${patience}`
    return post(messages, JSON.stringify({ text }), headers)
  })
  const wire = await openWire(t, url, bytes.join(''))
  const received = await wire.until(/x-request-id: number-19\b[\s\S]*"requestId"/)
  t.strictSame(sentTexts(upstream), texts)
  t.strictSame(received.match(/(?<=HTTP\/1.1 )\d+/g), [
    ...['201', '502', '201', '201', '201', '502', '201', '201', '201', '504'],
    ...['201', '201', '201', '502', '201', '201', '201', '400', '201', '201'],
  ])
})

t.test('parallel messages arrive in their order, one after the answer to the other', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const replies: Promise<{ status: number }>[] = []
  for (const [index, text] of texts.entries()) {
    replies.push(call('POST', messages, { text }))
    // The first is with LiveEngage, the others wait: each is there before the next one is written.
    if (index === 0) await until(() => held.length === 1)
    else await waiting({ call }, index)
  }
  t.equal(upstream.sends().length, 1, 'nothing is written before the answer')
  for (let index = 0; index < count; index += 1) {
    await until(() => held.length > index)
    t.equal(held.length, index + 1)
    held[index]?.answer()
  }
  t.strictSame(
    (await Promise.all(replies)).map(({ status }) => status),
    texts.map(() => 201),
  )
  t.strictSame(sentTexts(upstream), texts)
})

t.test('one that fails does not stop the next', async (t) => {
  const failures: Record<string, Script> = {
    'a refusal': json(400, { code: 'BAD_REQUEST', body: { msg: 'no' } }),
    'a server error': json(500, ''),
    'a reset': (_seen, _response, request) => void request.socket.destroy(),
    garbage: json(200, '<html>'),
  }
  for (const [name, script] of Object.entries(failures)) {
    await t.test(name, async (t) => {
      const { call, upstream, held, until } = await startHolding(t)
      const first = call('POST', messages, { text: 'first' })
      await until(() => held.length === 1)
      const second = call('POST', messages, { text: 'second' })
      await waiting({ call }, 1)
      held[0]?.answer(script)
      await until(() => held.length === 2)
      held[1]?.answer()
      t.not((await first).status, 201)
      t.equal((await second).status, 201)
      t.strictSame(sentTexts(upstream), ['first', 'second'])
    })
  }
})

t.test('a message keeps its turn across its resends', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const second = call('POST', messages, { text: 'second' })
  await waiting({ call }, 1)
  held[0]?.answer(json(429, '', { 'retry-after': '0' }))
  await until(() => held.length === 2)
  held[1]?.answer()
  await until(() => held.length === 3)
  held[2]?.answer()
  t.equal((await first).status, 201)
  t.equal((await second).status, 201)
  t.strictSame(sentTexts(upstream), ['first', 'first', 'second'])
})

t.test('a stuck one delays its own conversation by its deadline, and no other', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const stuck = call('POST', messages, { text: 'stuck' }, { 'x-request-timeout-ms': '1000' })
  await until(() => held.length === 1)
  const impatient = call('POST', messages, { text: 'no time' }, { 'x-request-timeout-ms': '100' })
  const next = call('POST', messages, { text: 'next' })
  const other = call('POST', '/conversations/c2/messages', { text: 'other' })
  await until(() => held.length === 2)
  held[1]?.answer()
  t.equal((await other).status, 201)
  t.match(await impatient, {
    status: 503,
    body: { code: 'deadline-exceeded', delivery: 'not-sent', retryable: true },
  })
  t.strictSame(sentTexts(upstream), ['stuck', 'other'])
  t.match(await stuck, { status: 504, body: { code: 'liveengage-timeout', delivery: 'unknown' } })
  await until(() => held.length === 3)
  held[2]?.answer()
  t.equal((await next).status, 201)
  t.strictSame(sentTexts(upstream), ['stuck', 'other', 'next'])
})

t.test('waiting for a turn may take longer than MAX_QUEUE_MS', async (t) => {
  const { call, held, until } = await startHolding(t, { MAX_QUEUE_MS: '1' })
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const second = call('POST', messages, { text: 'second' })
  await waiting({ call }, 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  held[0]?.answer()
  await until(() => held.length === 2)
  held[1]?.answer()
  t.equal((await first).status, 201)
  t.equal((await second).status, 201)
})

t.test('who waits for a turn has a place in the queue, and there are only so many', async (t) => {
  const { call, upstream, held, until } = await startHolding(t, { MAX_QUEUE: '2' })
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const second = call('POST', messages, { text: 'second' })
  await waiting({ call }, 1)
  const third = call('POST', messages, { text: 'third' })
  await waiting({ call }, 2)
  t.match(await call('POST', messages, { text: 'too many' }), {
    status: 503,
    body: { code: 'overloaded', delivery: 'not-sent' },
  })
  for (let index = 0; index < 3; index += 1) {
    await until(() => held.length > index)
    held[index]?.answer()
  }
  for (const reply of await Promise.all([first, second, third])) t.equal(reply.status, 201)
  t.strictSame(sentTexts(upstream), ['first', 'second', 'third'])
  await waiting({ call }, 0)
})

t.test('a caller who hangs up before the turn sends nothing, and the next one goes', async (t) => {
  const { call, url, upstream, held, until } = await startHolding(t)
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const gone = await openWire(t, url, post(messages, '{"text":"gone"}'))
  await waiting({ call }, 1)
  const third = call('POST', messages, { text: 'third' })
  await waiting({ call }, 2)
  const closed = new Promise((resolve) => gone.socket.once('close', resolve))
  gone.socket.resetAndDestroy()
  await closed
  held[0]?.answer()
  await until(() => held.length === 2)
  held[1]?.answer()
  t.equal((await first).status, 201)
  t.equal((await third).status, 201)
  t.strictSame(sentTexts(upstream), ['first', 'third'])
})

t.test('the close waits for what was said before it', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const last = call('POST', messages, { text: 'bye' })
  await until(() => held.length === 1)
  const close = call('POST', '/conversations/c1/close')
  await waiting({ call }, 1)
  t.equal(upstream.sends().length, 1)
  held[0]?.answer()
  await until(() => held.length === 2)
  held[1]?.answer(json(200, { code: 'OK', body: {} }))
  t.equal((await last).status, 201)
  t.equal((await close).status, 204)
  t.strictSame(sentTexts(upstream), ['bye', 'close'])
})

t.test('what has no place in a conversation does not wait', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const typing = call('POST', '/conversations/c1/typing')
  await until(() => held.length === 2)
  held[1]?.answer(json(200, { code: 'OK', body: {} }))
  t.equal((await typing).status, 204)
  const elsewhere = { 'x-lp-account-id': '87654321' }
  const dry = await call('POST', `${messages}?dryRun=true`, { text: 'dry' })
  t.equal(dry.status, 200)
  t.match(await call('POST', messages, { text: '' }), { status: 400 })
  t.match(await call('POST', messages, { text: 'a' }, elsewhere), { status: 403 })
  held[0]?.answer()
  t.equal((await first).status, 201)
  t.strictSame(sentTexts(upstream), ['first', 'ChatStateEvent'])
})

t.test('a key is claimed before the turn: a repetition is told at once', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const key = { 'idempotency-key': 'one' }
  const second = call('POST', messages, { text: 'second' }, key)
  await waiting({ call }, 1)
  t.match(await call('POST', messages, { text: 'second' }, key), {
    status: 409,
    body: { code: 'idempotency-key-in-use' },
  })
  t.match(await call('POST', messages, { text: 'other' }, key), {
    status: 422,
    body: { code: 'idempotency-key-reused' },
  })
  held[0]?.answer()
  await until(() => held.length === 2)
  held[1]?.answer()
  t.equal((await first).status, 201)
  t.equal((await second).status, 201)
  const replay = await call('POST', messages, { text: 'second' }, key)
  t.equal(replay.status, 201)
  t.equal(replay.headers['idempotency-replayed'], 'true')
  t.strictSame(sentTexts(upstream), ['first', 'second'])
  const third = call('POST', messages, { text: 'third' })
  await until(() => held.length === 3)
  held[2]?.answer()
  t.equal((await third).status, 201, 'the refused and the replayed ones hold nobody up')
})

t.test('a deadline that passes before the turn frees the key', async (t) => {
  const { call, held, until } = await startHolding(t)
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const key = { 'idempotency-key': 'one' }
  const late = await call(
    'POST',
    messages,
    { text: 'second' },
    { ...key, 'x-request-timeout-ms': '100' },
  )
  t.match(late, { status: 503, body: { code: 'deadline-exceeded', delivery: 'not-sent' } })
  held[0]?.answer()
  t.equal((await first).status, 201)
  const again = call('POST', messages, { text: 'second' }, key)
  await until(() => held.length === 2)
  held[1]?.answer()
  t.equal((await again).status, 201)
})

t.test('the order begins with the very first message, whose host is not known yet', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin)
  await sendPipelined(t, url)
  t.strictSame(sentTexts(upstream), texts)
  t.equal(upstream.lookups().length, 1)
})

t.test('a picture keeps its place while it is uploaded, whatever becomes of it', async (t) => {
  const { call, upstream, held, until } = await startHolding(t)
  const picture = call('POST', '/conversations/c1/files', aPicture())
  await until(() => held.length === 1)
  const text = call('POST', messages, { text: 'after the picture' })
  await waiting({ call }, 1)
  t.strictSame(sentTexts(upstream), ['ms.GenerateURLForUploadFile'])
  held[0]?.answer(json(500, ''))
  await until(() => held.length === 2)
  held[1]?.answer()
  t.match(await picture, { status: 503, body: { delivery: 'not-sent' } })
  t.equal((await text).status, 201)
})

t.test('a picture is uploaded at once and published in its turn', async (t) => {
  const { call, sandbox } = await start(t)
  const slow = call('POST', messages, { text: 'sandbox:slow=1000' })
  const isSent = () => sandbox.calls().some(({ url }) => url.includes('/conversation/send'))
  while (!isSent()) await new Promise((resolve) => setImmediate(resolve))
  const [text, picture] = await Promise.all([
    slow,
    call('POST', '/conversations/c1/files', aPicture()),
  ])
  t.equal(text.status, 201)
  t.equal(picture.status, 201)
  t.equal(picture.body.sequence, text.body.sequence + 1)
})

function aPicture(): FormData {
  const form = new FormData()
  const bytes = Buffer.from('iVBORw0KGgo=', 'base64')
  form.set('file', new Blob([bytes], { type: 'image/png' }), 'a.png')
  return form
}

t.test('MESSAGE_ORDER=none: messages do not wait for each other', async (t) => {
  const { call, held, until } = await startHolding(t, { MESSAGE_ORDER: 'none' })
  const first = call('POST', messages, { text: 'first' })
  await until(() => held.length === 1)
  const second = call('POST', messages, { text: 'second' })
  await until(() => held.length === 2)
  held[1]?.answer()
  t.equal((await second).status, 201)
  held[0]?.answer()
  t.equal((await first).status, 201)
})

t.test('thirty conversations at once, with faults among them, keep their order each', async (t) => {
  const upstream = await startUpstream(t)
  const { url } = await startProxy(t, upstream.origin, { MAX_QUEUE: '1000' })
  const atOnce = new Map<string, number>()
  const arrived = new Map<string, number[]>()
  let mostAtOnce = 0
  const faults = [
    json(500, ''),
    json(429, '', { 'retry-after': '0' }),
    (_seen, _response, request) => void request.socket.destroy(),
  ] satisfies Script[]
  let sends = 0
  upstream.script.send = (seen, response, request) => {
    const [conversation = '', number = ''] = textOf(seen).split(' ')
    const count = (atOnce.get(conversation) ?? 0) + 1
    atOnce.set(conversation, count)
    mostAtOnce = Math.max(mostAtOnce, count)
    arrived.set(conversation, [...(arrived.get(conversation) ?? []), Number(number)])
    response.once('close', () => atOnce.set(conversation, (atOnce.get(conversation) ?? 0) - 1))
    sends += 1
    // Every seventh of them meets a fault, so that the circuit breaker stays closed.
    const script = sends % 7 === 0 ? (faults[(sends / 7) % faults.length] ?? ok) : ok
    setTimeout(() => script(seen, response, request), sends % 5)
  }
  const conversations = Array.from({ length: 30 }, (_, index) => `c${index}`)
  await Promise.all(
    conversations.map(async (conversation) => {
      const bytes = texts.map((_, index) => {
        const headers = `X-Request-Id: ${conversation}-${index}\r\n`
        const body = JSON.stringify({ text: `${conversation} ${index}` })
        return post(`/conversations/${conversation}/messages`, body, headers)
      })
      const wire = await openWire(t, url, bytes.join(''))
      await wire.until(new RegExp(`"requestId":"${conversation}-${count - 1}"`))
    }),
  )
  for (const [conversation, numbers] of arrived) {
    // One that was sent again comes twice in a row.
    const once = numbers.filter((number, index) => number !== numbers[index - 1])
    t.strictSame(once, [...texts.keys()], conversation)
  }
  t.equal(mostAtOnce, 1)
})

t.test('conversations that share a place in the table do not wait for each other', (t) => {
  const order = new MessageOrder()
  const turns = Array.from({ length: 5_000 }, (_, index) => order.take('1', `c${index}`))
  t.ok(turns.every(({ hasCome }) => hasCome))
  t.notOk(order.take('1', 'c4999').hasCome)
  for (const turn of turns) turn.end()
  t.equal(order.size, 1)
  t.end()
})

t.test('nothing is kept of a conversation without a request', (t) => {
  const order = new MessageOrder()
  const [one, two, three] = ['one', 'two', 'three'].map(() => order.take('1', 'c'))
  if (one === undefined || two === undefined || three === undefined) throw new Error('none taken')
  const other = order.take('2', 'c')
  t.equal(order.size, 2)
  t.strictSame(
    [one, two, three, other].map(({ hasCome }) => hasCome),
    [true, false, false, true],
  )
  two.end()
  two.end()
  t.notOk(three.hasCome)
  three.end()
  const four = order.take('1', 'c')
  t.notOk(four.hasCome, 'who gives up at the end leaves the first one first')
  one.end()
  t.ok(four.hasCome)
  four.end()
  other.end()
  t.equal(order.size, 0)
  t.end()
})
