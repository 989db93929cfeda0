/**
 * A test of an app with LiveEngage and the proxy inside it. In this repository: npm run build && node --test examples/app.test.js
 * Here the app answers each text of the agent with "Thanks".
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { startProxy } from 'liveengage-proxy'
import { createClient, readRawEvent } from 'liveengage-proxy/client'
import { startSandbox } from 'liveengage-proxy/sandbox'

const secret = `whsec_${Buffer.alloc(32, 'only for tests').toString('base64')}`

/** The app, a server; it emits `answered` after each answer. */
async function startApp() {
  const app = createServer(async (request, response) => {
    const { type, data } = await readRawEvent(await buffer(request), request.headers, secret)
    response.writeHead(204).end()
    if (type !== 'message.created' || data.sender.kind !== 'agent') return
    await app.client.sendMessage(data.conversationId, { text: 'Thanks' })
    app.emit('answered')
  })
  await once(app.listen(0, '127.0.0.1'), 'listening')
  return app
}

test('the app thanks the agent', async (t) => {
  const sandbox = await startSandbox()
  t.after(() => sandbox.close())
  const app = await startApp()
  t.after(() => app.close())
  const proxy = await startProxy({
    env: {
      ...sandbox.proxyEnv,
      PORT: '0',
      WEBHOOK_HOST: '127.0.0.1',
      WEBHOOK_PORT: '0',
      EVENTS_URL: `http://127.0.0.1:${app.address().port}/`,
      EVENTS_SECRET: secret,
      LOG_LEVEL: 'error',
    },
  })
  t.after(() => proxy.stop())
  sandbox.setWebhookUrl(proxy.webhookUrl)
  app.client = createClient({ baseUrl: proxy.url, consumerId: 'ada' })

  const answered = once(app, 'answered')
  const { conversationId } = await app.client.openConversation()
  await fetch(`${sandbox.origin}/sandbox/conversations/${conversationId}/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ text: 'How can I help?' }),
  })
  await answered
  const sent = sandbox.calls().filter(({ url }) => url.includes('/conversation/send'))
  assert.deepEqual(
    sent.map(({ body }) => body.body.event.message),
    ['Thanks'],
  )
})
