/** What the agent of the embedded sandbox says, on its way through the proxy to the app. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { startProcess } from '../process.ts'
import { listen } from '../transport/fixtures/raw.ts'

/** An app that takes everything. */
async function startApp(t: Test) {
  const received: { url: string | undefined; headers: object; body: unknown }[] = []
  const app = createServer(async (request, response) => {
    received.push({ url: request.url, headers: request.headers, body: await readJson(request) })
    response.end()
    app.emit('received')
  })
  t.teardown(() => {
    app.closeAllConnections()
    app.close()
  })
  const origin = `http://127.0.0.1:${await listen(app)}`
  const find = async (isWanted: (body: unknown) => boolean) => {
    for (;;) {
      const found = received.find(({ body }) => isWanted(body))
      if (found !== undefined) return found
      await once(app, 'received')
    }
  }
  return { origin, find }
}

/** A process with a sandbox, in which the agent has answered a conversation. */
async function startTalk(t: Test, env: Record<string, string>) {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0', ...env })
  const url = await run.url()
  await run.until(/talking to the embedded sandbox/)
  const sandbox = /"sandbox":"([^"]+)"/.exec(run.printed())?.[1] ?? ''
  const ask = async (address: string, body?: object) => {
    const headers = { 'content-type': 'application/json', 'x-lp-consumer-id': 'ada' }
    const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(address, init)
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return JSON.parse(text)
  }
  const { conversationId } = await ask(`${url}/conversations`, {})
  await ask(`${sandbox}/sandbox/conversations/${conversationId}/messages`, { text: 'How can I?' })
  return { run, sandbox, conversationId, ask }
}

const isAgentsText = (text: string) => (body: unknown) => JSON.stringify(body).includes(text)

test('what the agent says goes through the proxy to EVENTS_URL', async (t) => {
  const app = await startApp(t)
  const { sandbox, conversationId, ask } = await startTalk(t, {
    EVENTS_URL: `${app.origin}/events`,
    SANDBOX_STRICT: 'true',
  })
  t.match(await app.find(isAgentsText('How can I?')), {
    url: '/events',
    headers: { 'x-lp-account-id': 'sandbox' },
    body: { type: 'message.created', data: { conversationId, text: 'How can I?' } },
  })
  t.match(await ask(`${sandbox}/sandbox`), {
    isStrict: true,
    webhook: { url: /^http:\/\/127\.0\.0\.1:\d+\/webhooks\/liveperson$/ },
  })
})

test('without an app the sandbox shows what the app would get', async (t) => {
  const { sandbox, conversationId, ask } = await startTalk(t, {})
  let call: { id: string } | undefined
  for (let tries = 0; call === undefined && tries < 400; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { calls } = await ask(`${sandbox}/sandbox/calls`)
    call = calls.find(
      ({ what, status }: Record<string, unknown>) => what === 'message.created' && status !== null,
    )
  }
  t.match(call, { service: 'app', conversationId, status: 204 })
  t.match(await ask(`${sandbox}/sandbox/calls/${call?.id}`), {
    body: { type: 'message.created', data: { text: 'How can I?' } },
  })
})

test('SANDBOX_WEBHOOK_URL takes the notifications in the place of the proxy', async (t) => {
  const app = await startApp(t)
  const { run } = await startTalk(t, { SANDBOX_WEBHOOK_URL: `${app.origin}/raw` })
  t.match(await app.find(isAgentsText('How can I?')), {
    url: '/raw',
    headers: { 'x-liveperson-account-id': 'sandbox' },
    body: { type: 'ms.MessagingEventNotification' },
  })
  t.notMatch(run.printed(), /taking notifications/)
})

test('SANDBOX_WEBHOOK_URL goes before the webhook listener that WEBHOOK_PORT opens', async (t) => {
  const app = await startApp(t)
  const { run } = await startTalk(t, {
    SANDBOX_WEBHOOK_URL: `${app.origin}/raw`,
    WEBHOOK_HOST: '127.0.0.1',
    WEBHOOK_PORT: '0',
  })
  await app.find(isAgentsText('How can I?'))
  t.match(run.printed(), /taking notifications/)
})
