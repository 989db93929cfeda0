/** What the load sends: a consumer's message, with tokens of the size that LiveEngage's have. */
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'

export const account = '12345678'
export const text = 'Hello, I would like to know where my order is'

const base64url = (value) => Buffer.from(value).toString('base64url')

/** About 900 bytes: header, claims, and a signature as long as RS256's. It opens nothing. */
function makeToken(claims) {
  const header = base64url(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'bench-key-00001' }))
  const padded = { ...claims, padding: 'p'.repeat(240) }
  return `${header}.${base64url(JSON.stringify(padded))}.${base64url(Buffer.alloc(256, 'signature'))}`
}

const now = Math.floor(Date.now() / 1000)
export const appJwt = makeToken({ aud: account, iss: 'Sentinel', iat: now, exp: now + 86_400 })
export const consumerJws = makeToken({ account_id: account, ext_consumer_id: 'ada' })

const tokens = { Authorization: appJwt, 'X-LP-ON-BEHALF': consumerJws }
const sendPath = `/api/account/${account}/messaging/consumer/conversation/send?v=3`

export function envelopeOf(message) {
  const event = { type: 'ContentEvent', contentType: 'text/plain', message }
  const id = '5e2ad0fd-4a61-4f83-9c41-5f3bb1f0a6f4'
  return { kind: 'req', id, type: 'ms.PublishEvent', body: { dialogId: 'conversation-1', event } }
}

function post(path, status, headers, body) {
  return {
    path,
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    isAnswer: (answer) => /"sequence":17\b/.test(answer),
  }
}

export const clientSecret = 'bench-secret'

/** LivePerson's notification of an agent's text, signed. */
function notify(message) {
  const change = {
    sequence: 17,
    originatorId: '29c3019d-0000-5200-afe8-737abfea0001',
    originatorMetadata: { id: '29c3019d-0000-5200-afe8-737abfea0001', role: 'ASSIGNED_AGENT' },
    serverTimestamp: 1_790_000_002_000,
    event: { type: 'ContentEvent', message, contentType: 'text/plain' },
    conversationId: 'conversation-1',
    dialogId: 'conversation-1',
    messageAudience: 'ALL',
  }
  const type = 'ms.MessagingEventNotification'
  const body = { kind: 'notification', body: { changes: [change] }, type }
  const digest = createHmac('sha1', clientSecret).update(JSON.stringify(body)).digest('base64')
  const headers = {
    'X-LivePerson-Account-Id': account,
    'X-LivePerson-Client-Id': 'bench',
    'X-LivePerson-Signature': `sha1=${digest}`,
  }
  return { ...post('/webhooks/liveperson', 200, headers, body), isAnswer: (text) => text === '' }
}

/** The messages of one conversation wait for each other, so the load rotates over many. */
const messages = '/conversations/conversation-{conversation}/messages'

/** The kinds of a request, each with the status of its success. */
export const requests = {
  /** The REST call with both tokens. */
  translated: (message = text) => post(messages, 201, tokens, { text: message }),
  /** The REST call that leaves the tokens to the proxy. */
  consumer: (message = text) =>
    post(messages, 201, { 'X-LP-Consumer-Id': 'consumer-{id}' }, { text: message }),
  /** The REST call for one of many accounts. */
  account: (message = text) =>
    post(messages, 201, { ...tokens, 'X-LP-Account-Id': 'account{id}' }, { text: message }),
  /** The REST call with a key, another one for each message. */
  keyed: (message = text) =>
    post(messages, 201, { ...tokens, 'Idempotency-Key': 'key-{unique}' }, { text: message }),
  /** LiveEngage's own call, for whatever passes it through. */
  native: (message = text) => post(sendPath, 200, tokens, envelopeOf(message)),
  /** LivePerson's notification. */
  notification: (message = text) => notify(message),
}

/** How many conversations a load has: enough that hardly two of its requests under way are of one. */
export const conversations = 1_024

/** @param number of the conversation, if the path names one */
export function pathOf({ path }, number) {
  return path.replace('{conversation}', number)
}

/** For wrk's script: the path, a header a line, an empty line, the body. */
export function writeRequest(file, { path, headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  writeFileSync(file, `${path}\n${lines.join('')}\n${body}`)
}
