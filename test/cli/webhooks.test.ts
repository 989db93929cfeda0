import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Test, test } from 'tap'
import { startProcess } from '../process.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { inbound, rawOf } from '../webhooks/vectors.ts'

const credentials = {
  LP_ACCOUNT_ID: inbound.account,
  LP_CLIENT_ID: inbound.client,
  LP_CLIENT_SECRET: inbound.secret,
  WEBHOOK_HOST: '127.0.0.1',
  WEBHOOK_PORT: '0',
}

/** LivePerson's call. */
function notify(origin: string): Promise<Response> {
  const body = rawOf('text_emoji')
  const signature = createHmac('sha1', inbound.secret).update(body).digest('base64')
  const headers = {
    'x-liveperson-account-id': inbound.account,
    'x-liveperson-client-id': inbound.client,
    'x-liveperson-signature': `sha1=${signature}`,
  }
  return fetch(`${origin}/webhooks/liveperson`, { method: 'POST', headers, body })
}

/** A process that is told to stop while the app is taking an event. */
async function stopDuringNotification(t: Test, times: Record<string, string>) {
  const app = createServer()
  t.teardown(() => app.close())
  const EVENTS_URL = `http://127.0.0.1:${await listen(app)}/`
  const run = startProcess(t, { ...credentials, EVENTS_URL, ...times })
  const printed = await run.until(/taking notifications at \S+"/)
  const origin = /taking notifications at (http:\/\/[^/]+)\//.exec(printed)?.[1] ?? ''
  const answer = notify(origin)
  const [socket] = await once(app, 'connection')
  await once(socket, 'data')
  run.child.kill('SIGTERM')
  return { run, answer, socket }
}

test('the process takes notifications, and ends once those under way have the app’s answer', async (t) => {
  const { run, answer, socket } = await stopDuringNotification(t, { EVENTS_TIMEOUT_MS: '4000' })
  await run.until(/"stopping"/)
  socket.end('HTTP/1.1 204 No Content\r\n\r\n')
  const { status, headers } = await answer
  t.equal(status, 200)
  t.equal(headers.get('connection'), 'close')
  t.equal((await run.exit).code, 0)
})

test('a notification that is still under way when the time is up gets an answer, or its connection ends', async (t) => {
  const { run, answer, socket } = await stopDuringNotification(t, {
    EVENTS_TIMEOUT_MS: '4500',
    SHUTDOWN_TIMEOUT_MS: '1000',
  })
  t.equal((await answer).status, 502)
  t.equal((await run.exit).code, 0)
  socket.destroy()
})

test('a webhook port in use ends it with 1 and the reason', async (t) => {
  const other = createServer()
  t.teardown(() => other.close())
  const WEBHOOK_PORT = String(await listen(other))
  const run = startProcess(t, { ...credentials, WEBHOOK_PORT, EVENTS_URL: 'http://127.0.0.1:9/' })
  const { code, stderr } = await run.exit
  t.equal(code, 1)
  t.match(stderr, `127.0.0.1:${WEBHOOK_PORT} (WEBHOOK_HOST, WEBHOOK_PORT)`)
})

test('an account whose events have nowhere to go ends it with 1 and the account', async (t) => {
  const { account, client, secret } = inbound
  const entry = { clientId: client, clientSecret: secret }
  const folder = t.testdir({
    credentials: JSON.stringify({
      [account]: { ...entry, eventsUrl: 'http://127.0.0.1:9/' },
      other: entry,
    }),
  })
  const LP_CREDENTIALS_FILE = `${folder}/credentials`
  const run = startProcess(t, { ...credentials, LP_CREDENTIALS_FILE })
  const { code, stderr } = await run.exit
  t.equal(code, 1)
  t.match(stderr, /LP_CREDENTIALS_FILE: account other \(line 1\): its eventsUrl must be set/)
  t.notMatch(stderr, new RegExp(`${secret}|127\\.0\\.0\\.1:9`))
})
