/**
 * A whole conversation, with nothing but Node: open it, type, send a text and a picture, read, close.
 *
 *   npm run sandbox                  in one terminal
 *   node examples/conversation.js    in another
 *
 * PROXY_URL   where the proxy listens, http://127.0.0.1:3000 by default
 * API_KEY     one of the proxy's keys, if it has any
 */
import process from 'node:process'

const proxyUrl = process.env.PROXY_URL ?? 'http://127.0.0.1:3000'
const consumerId = `example-${Date.now()}`
const headers = {
  'X-LP-Consumer-Id': consumerId,
  ...(process.env.API_KEY && { 'X-API-Key': process.env.API_KEY }),
}

/** The smallest PNG there is: one black pixel. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

/** Makes one call. A problem becomes an error with its code, and whether the request may have been delivered. */
async function call(method, path, body) {
  const isForm = body instanceof FormData
  const response = await fetch(`${proxyUrl}${path}`, {
    method,
    headers: { ...headers, ...(body && !isForm && { 'Content-Type': 'application/json' }) },
    body: isForm || body === undefined ? body : JSON.stringify(body),
  }).catch((error) => {
    if (error.cause?.code === undefined) throw error
    const { host } = new URL(proxyUrl)
    console.error(`No answer from ${host}: ${error.cause.code}. Is the proxy running?`)
    process.exit(1)
  })
  const answer = response.status === 204 ? undefined : await response.json()
  console.log(`${method} ${path} -> ${response.status}`, answer ?? '')
  if (!response.ok) throw new Error(`${answer.code}, delivery: ${answer.delivery}`)
  return answer
}

const { conversationId } = await call('POST', '/conversations', {
  profile: { personal: { firstname: 'Ada', lastname: 'Lovelace' }, customer: { ctype: 'vip' } },
})
const conversation = `/conversations/${conversationId}`

// Typing ends with the text, or by itself if no text follows.
await call('POST', `${conversation}/typing`, { expiresInSeconds: 20 })
const { sequence } = await call('POST', `${conversation}/messages`, {
  text: 'Hi, this does not fit.',
})

const form = new FormData()
form.set('caption', 'What I got')
form.set('file', new Blob([picture], { type: 'image/png' }), 'what-i-got.png')
const { file } = await call('POST', `${conversation}/files`, form)

const download = await fetch(`${proxyUrl}${conversation}/files${file.relativePath}`, { headers })
const bytes = Buffer.from(await download.arrayBuffer())
console.log(`GET the picture -> ${download.status}, ${bytes.length} bytes`)
if (!bytes.equals(picture)) throw new Error('a different picture came back')

await call('POST', `${conversation}/receipts`, { status: 'read', sequences: [sequence] })
await call('PUT', `${conversation}/chat-state`, { state: 'gone' })
await call('POST', `${conversation}/close`)
await call('PUT', `${conversation}/csat`, { rating: 5, resolved: true })
