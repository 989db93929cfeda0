import { type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { type Test, test } from 'tap'
import { mountErrorHandler } from '../../src/http/error-handler.ts'
import { claimKey, readIdempotencyKey, settleKeys } from '../../src/http/idempotency-key.ts'
import { RequestState } from '../../src/http/request-state.ts'
import { MemoryStore } from '../../src/idempotency/memory-store.ts'
import type { Outcome } from '../../src/idempotency/store.ts'
import { Problem } from '../../src/problems/problem.ts'

type Step = (request: FastifyRequest, reply: FastifyReply) => unknown

/** A route that takes a key and ends as a test says. @returns one request to it, always with the same key */
async function startRoute(
  t: Test,
  handler: Step,
  {
    onSend = (): unknown => undefined,
    store = new MemoryStore(),
  }: { onSend?: Step; store?: MemoryStore } = {},
) {
  const app = fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request) => {
    request.state = new RequestState()
  })
  settleKeys(app)
  app.addHook('onSend', async (request, reply) => void onSend(request, reply))
  mountErrorHandler(app)
  const admit = async (request: FastifyRequest) => {
    const own = { credentials: undefined, appJwt: undefined, consumerJws: undefined }
    const caller = { ...own, accountId: 'a', consumerId: 'c', clientProperties: undefined }
    request.state.call = { caller, terms: { accountId: 'a', priority: 'high', deadline: 0 } }
  }
  app.post('/', {
    schema: { response: { 201: { type: 'object', properties: { n: { type: 'integer' } } } } },
    onRequest: [admit, readIdempotencyKey],
    preHandler: claimKey(store),
    handler: async (request, reply) => handler(request, reply),
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return async () => {
    const headers = { 'idempotency-key': 'k', connection: 'close' }
    const response = await fetch(url, { method: 'POST', headers })
    const replayed = response.headers.get('idempotency-replayed') === 'true'
    return { status: response.status, replayed, text: await response.text() }
  }
}

/** Counts how often a handler is asked. */
function count(handler: Step): Step & { times: number } {
  const counted = Object.assign<Step, { times: number }>(
    (request, reply) => {
      counted.times += 1
      return handler(request, reply)
    },
    { times: 0 },
  )
  return counted
}

test('what fails before anything may be sent frees its key, whatever it fails with', async (t) => {
  for (const thrown of [new Error('broken'), new Problem('overloaded'), 'a text']) {
    const handler = count(() => {
      throw thrown
    })
    const post = await startRoute(t, handler)
    for (const times of [1, 2]) {
      const { status, replayed } = await post()
      t.ok(status >= 500 && !replayed)
      t.equal(handler.times, times)
    }
  }
})

test('what fails once it may be sent is answered again and not done again', async (t) => {
  for (const [name, fail] of [
    ['an exception', () => Promise.reject(new Error('broken'))],
    ['an answer that cannot be serialized', () => ({ n: 'no number' })],
  ] as const) {
    const handler = count((request, reply) => {
      request.state.mayBeSent = true
      reply.code(201)
      return fail()
    })
    const post = await startRoute(t, handler)
    const first = await post()
    t.match(JSON.parse(first.text), { code: 'internal-error', delivery: 'unknown' }, name)
    t.strictSame(await post(), { ...first, replayed: true })
    t.equal(handler.times, 1)
  }
})

test('an answer that another hook keeps from being sent is not the outcome; what was sent is', async (t) => {
  const handler = count((request, reply) => {
    request.state.mayBeSent = true
    return reply.code(201).send({ n: 1 })
  })
  const onSend: Step = (_request, reply) => {
    if (reply.statusCode === 201) throw new Error('broken')
  }
  const post = await startRoute(t, handler, { onSend })
  const first = await post()
  t.match(JSON.parse(first.text), { status: 500, code: 'internal-error', delivery: 'unknown' })
  t.strictSame(await post(), { ...first, replayed: true })
  t.equal(handler.times, 1)
})

test('a hook that fails on every answer leaves no key in use', async (t) => {
  const handler = count((request, reply) => {
    request.state.mayBeSent = true
    return reply.code(201).send({ n: 1 })
  })
  const onSend = () => {
    throw new Error('broken')
  }
  const post = await startRoute(t, handler, { onSend })
  for (const _ of [1, 2, 3]) t.equal((await post()).status, 500)
  t.equal(handler.times, 1, 'and the message is not sent again')
})

test('a hijacked answer is not known: its key says so, or is free if nothing was sent', async (t) => {
  for (const mayBeSent of [true, false]) {
    const handler = count((request, reply) => {
      request.state.mayBeSent = mayBeSent
      reply.hijack()
      reply.raw.end('raw')
    })
    const post = await startRoute(t, handler)
    t.match(await post(), { status: 200, text: 'raw' })
    let again = await post()
    // The answer is there a moment before its connection is closed.
    for (let tries = 0; again.status === 409 && tries < 1_000; tries += 1) again = await post()
    if (mayBeSent) {
      t.match(again, { status: 500, replayed: true })
      t.match(JSON.parse(again.text), { code: 'internal-error', delivery: 'unknown' })
    } else t.match(again, { status: 200, replayed: false, text: 'raw' })
    t.equal(handler.times, mayBeSent ? 1 : 2)
  }
})

test('what is kept of an answer is its own bytes, not the chunk that they came in', async (t) => {
  const settled: (Outcome | undefined)[] = []
  class WatchedStore extends MemoryStore {
    override async claim(...args: Parameters<MemoryStore['claim']>) {
      const claim = await super.claim(...args)
      if (claim.state !== 'claimed') return claim
      const settle = async (outcome: Outcome | undefined) => {
        settled.push(outcome)
        await claim.lease.settle(outcome)
      }
      return { ...claim, lease: { settle } }
    }
  }
  const chunk = Buffer.alloc(65_536, 'a')
  const post = await startRoute(t, (_request, reply) => reply.send(chunk.subarray(0, 5)), {
    store: new WatchedStore(),
  })
  t.equal((await post()).text, 'aaaaa')
  const [outcome] = settled
  t.type(outcome?.payload, Uint8Array)
  t.equal(new Uint8Array(Buffer.from(outcome?.payload ?? '')).length, 5)
  t.equal(outcome?.payload instanceof Uint8Array && outcome.payload.buffer.byteLength, 5)
})
