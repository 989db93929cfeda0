/**
 * A two-way connector, with nothing but Node: it opens a conversation, echoes what the agent says, and closes at "bye".
 *   WEBHOOK_PORT=9080 EVENTS_URL=http://127.0.0.1:8080 npm run sandbox    in one terminal
 *   node examples/echo-bot.js    in another; then write to it as the agent, on the desk: http://127.0.0.1:3001
 * PROXY_URL, API_KEY: of the proxy. PORT: of this app. EVENTS_SECRET: the one of the proxy, if it has one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import process from 'node:process'
import { text } from 'node:stream/consumers'

const headers = { 'Content-Type': 'application/json' }
const { PROXY_URL = 'http://127.0.0.1:3000', API_KEY, PORT = '8080', EVENTS_SECRET } = process.env
if (API_KEY !== undefined) headers['X-API-Key'] = API_KEY

/** The consumers of our conversations, and the ids of events, which come at least once. Both belong in a database. */
const [consumers, known] = [new Map(), new Set()]

async function call(consumerId, path, body) {
  const init = { method: 'POST', headers: { ...headers, 'X-LP-Consumer-Id': consumerId } }
  init.body = JSON.stringify(body)
  const response = await fetch(`${PROXY_URL}/conversations${path}`, init)
  const answer = response.status === 204 ? {} : await response.json()
  if (!response.ok) throw new Error(`${answer.code}, delivery: ${answer.delivery}`)
  return answer
}

/** Standard Webhooks: the signature covers the id, a time that is not long ago, and the bytes of the body. */
function isSigned(headers, body) {
  if (EVENTS_SECRET === undefined) return true
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given = '' } = headers
  if (!(Math.abs(Date.now() / 1000 - at) < 300)) return false
  const key = Buffer.from(EVENTS_SECRET.slice('whsec_'.length), 'base64')
  const digest = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
  const [right, ...all] = [`v1,${digest}`, ...given.split(' ')].map((one) => Buffer.from(one))
  return all.some((one) => one.length === right.length && timingSafeEqual(one, right))
}

async function handle({ id, type, data }) {
  const { conversationId, dialogId, sequence, kind, sender } = data
  const consumerId = consumers.get(conversationId)
  // Notifications cover the whole account: most conversations may belong to other apps.
  if (known.has(id) || consumerId === undefined) return
  known.add(id)
  console.log(type, data.text ?? data.status ?? data.state)
  if (kind !== 'text' || sender.kind === 'consumer') return
  const post = (action, body) => call(consumerId, `/${conversationId}/${action}`, body)
  await post('receipts', { status: 'read', sequences: [sequence], dialogId })
  await post('typing', { expiresInSeconds: 20, dialogId })
  if (data.text === 'bye') await post('close', {})
  else await post('messages', { text: `You said: ${data.text}`, dialogId })
}

async function open() {
  const consumerId = `echo-${Date.now()}`
  const { conversationId } = await call(consumerId, '', {})
  consumers.set(conversationId, consumerId)
  console.log('opened', conversationId)
  await call(consumerId, `/${conversationId}/messages`, { text: 'Hi, I am a bot. Say "bye".' })
}

const advice = `Is the proxy at ${PROXY_URL}, with EVENTS_URL=http://127.0.0.1:${PORT} and the same EVENTS_SECRET?`
function fail({ message, code }) {
  console.error(message, code === 'EADDRINUSE' ? 'Set PORT here, and EVENTS_URL there.' : advice)
  process.exit(1)
}

// LivePerson reports a new conversation at once.
const silence = setTimeout(() => console.error('No event has come.', advice), 3000)
let last = Promise.resolve()
const server = createServer(async (request, response) => {
  const body = await text(request)
  if (!isSigned(request.headers, body)) return response.writeHead(401).end()
  // Any 2xx says that the event is ours now. If it must not be lost, store it before this line.
  response.writeHead(204).end()
  clearTimeout(silence)
  last = last.then(() => handle(JSON.parse(body))).catch(console.error)
})
server.on('error', fail).listen(Number(PORT), '127.0.0.1', () => open().catch(fail))
