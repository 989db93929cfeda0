import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import { atMostOf } from '../../at-most.ts'
import type { ReceivedCall } from '../interface.ts'
import { bodyBytes, isJson, parseJson } from '../services/json.ts'

const maxCalls = 10_000
const maxTotalBytes = 32 * 2 ** 20
const maxAnswerBytes = 16 * 2 ** 10

/** What else the sandbox knows of a call: the service it was for, and the outcome. */
export type Call = ReceivedCall & {
  id: string
  /** How many calls came before. */
  number: number
  service: string
  conversationId: string | undefined
  remarks: readonly string[]
  /** The rule that a refused call broke. */
  rule: string | undefined
  /** `status` 0: the connection ended without an answer. Undefined: still under way. */
  answer: { status: number; body: unknown; ms: number } | undefined
}

type RawCall = Omit<Call, 'body' | 'answer'> & {
  bytes: Buffer
  answer: { status: number; ms: number } | undefined
  answerBytes: Buffer
  answerType: string
}

export type Calls = {
  /** Oldest first. */
  all: () => Call[]
  /** The newest first, at most so many, from before a number. Only these are parsed. */
  newest: (limit: number, before: number) => Call[]
  withId: (id: string) => Call | undefined
  size: () => number
  remark: (request: FastifyRequest, remarks: readonly string[]) => void
  /** The rule for which this call is refused. */
  refuse: (request: FastifyRequest, rule: string) => void
  concern: (request: FastifyRequest, conversationId: string) => void
  clear: () => void
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The LivePerson service that a route simulates. */
    sandboxService?: string
    /** A page or route of the sandbox itself, which LivePerson does not have. */
    isSandboxPage?: boolean
  }
}

/** Keeps what arrives, refused or not: the newest 10,000 calls or 32 MiB of URLs, headers, bodies and answers. */
export function recordCalls(
  app: FastifyInstance,
  now: () => number,
  changed: (id: string) => void = () => {},
): Calls {
  const calls = new LRUCache<string, RawCall>(
    atMostOf(
      maxCalls,
      maxTotalBytes,
      ({ url, headers, bytes, answerBytes }) =>
        url.length + JSON.stringify(headers).length + bytes.length + answerBytes.length,
    ),
  )
  let count = 0

  function isRecorded({ routeOptions }: FastifyRequest): boolean {
    return routeOptions.config?.isSandboxPage !== true
  }

  function amend(request: FastifyRequest, known: Partial<RawCall>): void {
    const call = calls.peek(request.id)
    if (call === undefined) return
    const amended = { ...call, ...known }
    calls.delete(request.id)
    calls.set(request.id, amended)
  }

  app.addHook('onRequest', async (request, reply) => {
    if (!isRecorded(request)) return
    const { id, method, url, headers } = request
    const service = request.routeOptions.config?.sandboxService ?? 'unknown'
    const started = performance.now()
    const received = { id, number: count++, method, url, headers, service, receivedAt: now() }
    calls.set(id, {
      ...received,
      bytes: Buffer.alloc(0),
      conversationId: undefined,
      remarks: [],
      rule: undefined,
      answer: undefined,
      answerBytes: Buffer.alloc(0),
      answerType: '',
    })
    changed(id)
    reply.raw.once('close', () => {
      amend(request, { answer: answerOf(reply, started) })
      changed(id)
    })
  })
  app.addHook('preHandler', async (request) => {
    if (isRecorded(request)) amend(request, { bytes: bodyBytes(request) })
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isRecorded(request)) return
    const answerType = String(reply.getHeader('content-type'))
    const answerBytes = bytesOf(payload).subarray(0, maxAnswerBytes)
    // A copy, since a part would keep the whole in memory.
    amend(request, { answerType, answerBytes: Buffer.from(answerBytes) })
  })

  return {
    all: () => [...calls.values()].map(shown).sort((one, other) => one.number - other.number),
    newest: (limit, before) =>
      [...calls.values()]
        .filter(({ number }) => number < before)
        .sort((one, other) => other.number - one.number)
        .slice(0, limit)
        .map(shown),
    withId(id) {
      const call = calls.peek(id)
      return call === undefined ? undefined : shown(call)
    },
    size: () => calls.size,
    remark: (request, remarks) => amend(request, { remarks }),
    refuse: (request, rule) => amend(request, { rule }),
    concern: (request, conversationId) => amend(request, { conversationId }),
    clear: () => calls.clear(),
  }
}

function answerOf(reply: FastifyReply, started: number): RawCall['answer'] {
  const ms = Math.round(performance.now() - started)
  return { status: reply.raw.writableFinished ? reply.raw.statusCode : 0, ms }
}

function bytesOf(payload: unknown): Buffer {
  if (typeof payload === 'string') return Buffer.from(payload)
  return Buffer.isBuffer(payload) ? payload : Buffer.alloc(0)
}

function shown({ bytes, answer, answerBytes, answerType, ...call }: RawCall): Call {
  return {
    ...call,
    body: contentOf(bytes, String(call.headers['content-type'])),
    answer:
      answer === undefined ? undefined : { ...answer, body: contentOf(answerBytes, answerType) },
  }
}

function contentOf(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return undefined
  const text = bytes.toString()
  return isJson(contentType) ? (parseJson(text) ?? text) : text
}
