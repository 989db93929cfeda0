import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { explainAnswer, judge } from '../../src/doctor/webhook-advice.ts'
import { manifestFragment } from '../../src/doctor/webhook-manifest.ts'
import { postNotification } from '../../src/doctor/webhook-post.ts'
import { blocks, readPage } from '../docs/page.ts'
import { startEgressProxy } from '../egress-proxy.ts'
import { listen } from '../transport/fixtures/raw.ts'
import { startApp, startListener } from '../webhooks/start-listener.ts'
import { inbound } from '../webhooks/vectors.ts'
import { makeCertificate, validity } from './fixtures/certificate.ts'
import { examine, pointedTo, startLivePerson } from './fixtures/examine.ts'

const own = {
  LP_ACCOUNT_ID: inbound.account,
  LP_CLIENT_ID: inbound.client,
  LP_CLIENT_SECRET: inbound.secret,
}

/** What the doctor finds at this URL. */
async function find(t: Test, webhookUrl: string, env: Record<string, string> = own) {
  const times = { REQUEST_TIMEOUT_MS: '500', CONNECT_TIMEOUT_MS: '1000' }
  const all = { ...pointedTo(await startLivePerson(t)), ...times, ...env }
  const { printed, findings } = await examine(all, { webhookUrl })
  t.notMatch(printed, inbound.secret)
  return findings['webhook-url']
}

type Passed = { headers: Record<string, string>; body: string }

/** What stands before the proxy. It changes a notification on its way, or answers itself. @returns its URL */
async function startIngress(
  t: Test,
  origin: string,
  pass: (passed: Passed, response: ServerResponse) => Partial<Passed> | undefined,
): Promise<string> {
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers)
        .filter(([name]) => name.startsWith('x-liveperson-'))
        .map(([name, value]) => [name, String(value)]),
    )
    const body = await text(request)
    const passed = pass({ headers, body }, response)
    if (passed === undefined) return
    const init = { method: 'POST', headers, body, ...passed }
    const answer = await fetch(`${origin}/webhooks/liveperson`, init)
    response.writeHead(answer.status).end(await answer.text())
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${await listen(server)}/webhooks/liveperson`
}

const withBody =
  (change: (body: string) => string) =>
  ({ body }: Passed) => ({ body: change(body) })

t.test('a self-test arrives at the proxy, and the app gets nothing of it', async (t) => {
  const app = await startApp(t)
  const { origin, logs } = await startListener(t, app.url)
  t.match(await find(t, `${origin}/webhooks/liveperson`), {
    status: 'ok',
    detail:
      /^bytes and headers arrive as they are; the slowest of five notifications took \d+ ms; a wrong signature is refused$/,
    remedy: null,
  })
  t.strictSame(
    logs.flatMap(({ status }) => status ?? []),
    [200, 200, 200, 200, 200, 401],
  )
  t.equal(logs.filter(({ type }) => type === 'doctor.SelfTest').length, 1)
  t.strictSame(app.taken, [])
})

t.test('what is changed on the way is told', async (t) => {
  const { origin } = await startListener(t, (await startApp(t)).url)
  const cases: [Parameters<typeof startIngress>[2], RegExp, RegExp][] = [
    [
      withBody((body) => JSON.stringify(JSON.parse(body))),
      /^plain text arrives as it is, but not spaces \(401\), escaped characters \(401\)$/,
      /changes the bytes/,
    ],
    [
      withBody((body) => body.replace(/[^\p{ASCII}]/gu, '?')),
      /but not characters beyond ASCII \(401\)$/,
      /changes the bytes/,
    ],
    [
      ({ body }, response) => (body.length < 65_536 ? {} : void response.writeHead(413).end()),
      /but not a body of 64 KiB \(413\)$/,
      /1 MiB/,
    ],
    [
      () => ({ headers: {} }),
      /answered 401 webhook-signature-invalid, requestId [0-9a-f-]{36}$/,
      /headers x-liveperson-/,
    ],
    [
      (_passed, response) => void response.writeHead(401).end('{}'),
      /answered 401$/,
      /asks for a login/,
    ],
    [
      (_passed, response) => void response.writeHead(301, { location: '/' }).end('[]'),
      /answered 301$/,
      /without a redirect/,
    ],
    [
      (_passed, response) => void response.writeHead(200).end(),
      /^a wrong signature was answered 200 in place of 401$/,
      /Something other than the proxy/,
    ],
    [(_passed, response) => void response.destroy(), /\(ECONNRESET\)$/, /./],
    [
      (_passed, response) => {
        response.writeHead(500, { 'content-length': 9 }).write('x', () => response.destroy())
        return undefined
      },
      /answered 500$/,
      /200 and 201/,
    ],
    [() => undefined, /no answer within 1500 ms \(ETIMEDOUT\)$/, /./],
  ]
  for (const [pass, detail, remedy] of cases) {
    const url = await startIngress(t, origin, pass)
    t.match(await find(t, url), { status: 'fail', detail, remedy })
  }
})

t.test('a way that breaks in the middle of the self-test is told', async (t) => {
  const { origin } = await startListener(t, (await startApp(t)).url)
  for (const broken of [2, 6]) {
    let posts = 0
    const url = await startIngress(t, origin, (_passed, response) => {
      posts += 1
      return posts < broken ? {} : void response.destroy()
    })
    t.match(await find(t, url), { status: 'fail', detail: /\(ECONNRESET\)$/ })
    t.equal(posts, broken)
  }
})

t.test('a self-test needs a secret, an account and a host that answers', async (t) => {
  const url = 'http://127.0.0.1:1/webhooks/liveperson'
  t.match(await find(t, url), { status: 'fail', detail: /ECONNREFUSED/ })
  t.match(await find(t, url, {}), { status: 'skip', detail: /no client secret/ })
  t.match(await find(t, url, { LP_ACCOUNT_ID: '' }), { status: 'skip', detail: /no account/ })
})

t.test('a self-test goes over verified TLS alone', async (t) => {
  const server = createTlsServer(makeCertificate({ host: 'localhost', ...validity(-1, 9) }))
  t.teardown(() => server.close())
  const url = `https://localhost:${await listen(server)}`
  const way = { connectTimeoutMs: 1_000, egress: {} }
  const answer = await postNotification(url, {}, '', way, 1_000)
  t.match(answer, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
})

t.test('where the network has an egress proxy, a self-test goes through it', async (t) => {
  const { origin } = await startListener(t, (await startApp(t)).url)
  const egress = await startEgressProxy(t)
  egress.ports.set('hooks.example.com:80', Number(new URL(origin).port))
  const post = () => {
    const way = { connectTimeoutMs: 1_000, egress: { httpProxy: egress.url } }
    return postNotification('http://hooks.example.com/webhooks/liveperson', {}, '', way, 1_000)
  }
  t.match(await post(), { status: 401, code: 'webhook-signature-invalid' })
  egress.status = 407
  t.match(await post(), { code: 'EGRESS_PROXY_407' })
})

t.test('a slow way, and one without TLS, are warnings', async (t) => {
  t.match(judge(401, 2_501, true), { status: 'warn', detail: /2501 ms/, remedy: /slow/ })
  t.match(judge(401, 2_500, true), { status: 'ok' })
  t.match(judge(401, 20, false), { status: 'warn', remedy: /TLS only/ })
})

t.test('each status that an ingress is known for has a remedy of its own', async (t) => {
  const remedies = [401, 404, 405, 415, 503, 302, 204].map(
    (status) => explainAnswer({ status, ms: 1 }).remedy,
  )
  t.equal(new Set(remedies).size, remedies.length)
})

t.test('the manifest that LivePerson needs is shown where there are webhooks', async (t) => {
  const env = { ...pointedTo(await startLivePerson(t)), ...own, EVENTS_URL: 'http://localhost:1' }
  const without = await examine(env)
  t.match(without.findings['webhook-manifest'], {
    status: 'skip',
    detail: 'WEBHOOK_PORT is not set',
  })
  t.match(without.findings['webhook-url'], { status: 'skip', detail: /--webhook-url URL/ })
  const { findings } = await examine({ ...env, WEBHOOK_PORT: '9080' })
  const { status, detail = '' } = findings['webhook-manifest'] ?? {}
  t.equal(status, 'skip', 'nothing was checked')
  t.match(detail, /^LivePerson does not show an app its manifest.*without retry\.retention_time/is)
  const endpoint = 'https://YOUR-HOST/webhooks/liveperson'
  t.strictSame(JSON.parse(detail.split('\n').slice(1, -1).join('')), {
    capabilities: {
      webhooks: {
        retry: { retention_time: 259_200 },
        'ms.MessagingEventNotification.ContentEvent': { endpoint },
        'ms.MessagingEventNotification.RichContentEvent': { endpoint },
        'ms.MessagingEventNotification.AcceptStatusEvent': { endpoint },
        'ms.MessagingEventNotification.ChatStateEvent': { endpoint, max_retries: 0 },
        'cqm.ExConversationChangeNotification': { endpoint },
      },
    },
  })
  const page = blocks(readPage('docs/webhooks.md')).find(({ language }) => language === 'json')
  t.equal(page?.text, manifestFragment('https://hooks.example.com/webhooks/liveperson'))
  t.match(manifestFragment('https://a.example/"'), '"endpoint":"https://a.example/\\""')
})
