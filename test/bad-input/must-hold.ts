/** What must hold of the answer to any request, however bad; validity is known from how the request was made. */
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { ConversationRequest, SendRequest } from '../../src/liveengage/protocol/requests.ts'
import { ProblemDetails } from '../../src/problems/details.ts'
import { mustBeDocumented } from '../openapi/documented-problems.ts'
import { type StartedProxy, token } from '../start.ts'
import type { Upstream } from '../upstream.ts'
import { commandsOf } from './always-ok.ts'
import { holds } from './holds.ts'
import { marker } from './text.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export type Case = {
  method: Method
  url: string
  headers?: Record<string, string | undefined>
  payload?: string | Buffer
  /** `either`: where the specification is silent; all else must hold all the same. */
  expected: 'accepted' | 'refused' | 'either'
  /** Where the fault is, for an `invalid-request`: one of `errors` names it. */
  at?: string
  /** What the caller gave, all of which must reach LiveEngage. */
  given?: unknown
}

export type Reply = { status: number; contentType: string; body: string }

type Subject = { proxy: StartedProxy; upstream: Upstream }

const isProblem = TypeCompiler.Compile(ProblemDetails)
const isSend = TypeCompiler.Compile(SendRequest)
const isConversation = TypeCompiler.Compile(ConversationRequest)

/** Numbers that are planted like the marker. */
const planted = [marker, '987654321987']

export function headersOf({ headers, payload }: Case): Record<string, string> {
  const all = {
    host: 'proxy',
    authorization: token,
    'x-lp-on-behalf': token,
    ...(payload !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Without a socket, which is ten times as fast. */
export async function inject({ server }: StartedProxy, each: Case): Promise<Reply> {
  const { method, url, payload } = each
  const headers = headersOf(each)
  const response = await server.inject({
    method,
    url,
    headers,
    ...(payload !== undefined && { payload }),
  })
  const { statusCode, body } = response
  return { status: statusCode, contentType: String(response.headers['content-type']), body }
}

/** Over a socket, as a caller does. */
export async function call({ url: origin }: StartedProxy, each: Case): Promise<Reply> {
  const { hostname, port } = new URL(origin)
  const { method, url: path, payload } = each
  const body = Buffer.from(payload ?? '')
  const headers = {
    ...headersOf(each),
    ...(payload !== undefined && { 'content-length': body.length }),
  }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
      const contentType = String(response.headers['content-type'])
      const status = response.statusCode ?? 0
      buffer(response).then((all) => resolve({ status, contentType, body: all.toString() }), reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Makes one request and throws where something does not hold. */
export async function mustHold(
  { proxy, upstream }: Subject,
  each: Case,
  send: (proxy: StartedProxy, each: Case) => Promise<Reply> = inject,
): Promise<Reply> {
  upstream.seen.length = 0
  proxy.logs.length = 0
  const reply = await send(proxy, each)
  const isAccepted = reply.status >= 200 && reply.status < 300
  const shown = `${reply.status} ${reply.body.slice(0, 400)}`
  assert.ok(reply.status < 500, shown)
  if (each.expected !== 'either') assert.equal(isAccepted, each.expected === 'accepted', shown)
  if (isAccepted) checkSent(each, reply, upstream)
  else mustRefuse(each, reply, upstream)
  const log = JSON.stringify(proxy.logs)
  for (const words of planted) assert.ok(!log.includes(words), `the log has a value: ${log}`)
  return reply
}

/** A problem, which names where the fault is and shows no value; LiveEngage heard nothing. */
export function mustRefuse(
  { at, method, url }: Case,
  { status, contentType, body }: Reply,
  upstream: Upstream,
): void {
  assert.ok(status >= 400 && status < 500, `${status} ${body}`)
  assert.match(contentType, /^application\/problem\+json/)
  const problem: unknown = JSON.parse(body)
  assert.ok(isProblem.Check(problem), body)
  assert.equal(problem.status, status)
  assert.equal(problem.delivery, 'not-sent')
  mustBeDocumented(method, url, status, problem.code)
  for (const words of planted) assert.ok(!body.includes(words), `a value is shown: ${body}`)
  if (at !== undefined && problem.code === 'invalid-request') {
    const paths = (problem.errors ?? []).map(({ path }) => path)
    assert.ok(paths.includes(at), `${at} is not in ${JSON.stringify(paths)}: ${body}`)
  }
  assert.deepEqual(commandsOf(upstream), [])
}

/** One call, or with `inReplyTo` two: envelopes as documented, the last with all that the caller gave. A dry run shows the first. */
function checkSent(
  { given, method, url }: Case,
  { status, body }: Reply,
  upstream: Upstream,
): void {
  const { expiresInSeconds: _proxysOwn, inReplyTo, ...passedOn } = Object(given)
  const isReply = inReplyTo !== undefined
  // An earlier call's typing may end meanwhile.
  const commands = commandsOf(upstream).filter(
    ({ body }) => method !== 'POST' || !/\/typing\b/.test(url) || !body.includes('PAUSE'),
  )
  const isDryRun = url.includes('dryRun=true')
  assert.equal(commands.length, isDryRun ? 0 : isReply ? 2 : 1)
  if (isDryRun) assert.equal(status, 200)
  // The receipt, which comes first, has no text.
  if (isDryRun && isReply) passedOn.text = undefined
  const sent: unknown = isDryRun ? JSON.parse(body).body : JSON.parse(commands.at(-1)?.body ?? '')
  assert.ok(isSend.Check(sent) || isConversation.Check(sent), JSON.stringify(sent))
  if (given !== undefined) {
    const asJson: unknown = JSON.parse(JSON.stringify(passedOn))
    assert.ok(
      holds(sent, asJson),
      `${JSON.stringify(sent)} lacks something of ${JSON.stringify(asJson)}`,
    )
  }
}
