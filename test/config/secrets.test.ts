import t from 'tap'
import { startProcess } from '../process.ts'
import { startProxy } from '../start.ts'
import { hostIs, json, type Script, startUpstream } from '../upstream.ts'
import { openWire } from '../wire.ts'

/** One planted text for each place; none of them may come out. */
const planted = {
  appJwt: 'eyJhbGciOiJub25lIn0.PlantedAppJwt.c2FtcGxl',
  consumerJws: 'PlantedConsumer.jws-like_but.short',
  text: 'PlantedText',
  metadata: 'PlantedMetadata',
  key: 'Planted key of metadata',
  caption: 'PlantedCaption',
  name: 'PlantedName',
  query: 'PlantedQuery',
  path: 'PlantedPath',
  cookie: 'PlantedCookie',
  consumerId: 'PlantedConsumerId',
  apiKey: 'PlantedApiKey',
  upstream: 'PlantedUpstream',
}

const headers = {
  authorization: `Bearer ${planted.appJwt}`,
  'x-lp-on-behalf': planted.consumerJws,
  cookie: planted.cookie,
  'x-lp-consumer-id': planted.consumerId,
  'x-api-key': planted.apiKey,
}

const metadata = [{ type: 'ExternalId', id: planted.metadata, [planted.key]: planted.metadata }]

/** A form with a picture, which fetch knows how to send. */
function picture(caption: string): FormData {
  const form = new FormData()
  form.set('caption', caption)
  form.set('file', new Blob([Buffer.from('89504e470d0a1a0a', 'hex')]), `${caption}.png`)
  return form
}

/** Every route with words in every place that takes some, each also in ways that are refused. */
const calls: [string, string, unknown][] = [
  ['POST', '/conversations/c1/messages', { text: planted.text, metadata }],
  [
    'POST',
    '/conversations/c1/messages',
    { file: { relativePath: planted.path, fileType: 'PNG', caption: planted.caption } },
  ],
  ['POST', '/conversations/c1/messages', { text: [planted.text], metadata: planted.metadata }],
  ['POST', '/conversations/c1/messages', { message: planted.text, [planted.key]: 1 }],
  ['POST', '/conversations/c1/messages', { kind: 'req', type: planted.text, body: planted.text }],
  ['POST', '/conversations/c1/messages', `{"text":"${planted.text}`],
  [
    'POST',
    '/conversations/c1/messages',
    `{"text":"${planted.text}\\u0000","${planted.key}\\u0000":1}`,
  ],
  ['POST', '/conversations/c1/messages', `{"text":"${'a'.repeat(70_000)}${planted.text}"}`],
  ['POST', '/conversations/c1/messages', `{"__proto__":{"${planted.key}":"${planted.text}"}}`],
  ['POST', `/conversations/c1/messages?dryRun=${planted.query}`, { text: planted.text }],
  ['POST', `/conversations/c1/messages?q=${planted.query}`, { text: planted.text }],
  [
    'POST',
    `/conversations/${planted.path}.%20/messages?q=${planted.query}`,
    { text: planted.text },
  ],
  ['POST', `/conversations/%zz${planted.path}/messages?q=${planted.query}`, { text: planted.text }],
  ['POST', `/conversations/${planted.path.repeat(20)}/messages`, { text: planted.text }],
  ['POST', '/conversations', { profile: { personal: { firstname: planted.name } } }],
  ['POST', '/conversations', { profile: { personal: { [planted.key]: planted.name } } }],
  ['POST', '/conversations/c1/files', picture(planted.caption)],
  ['POST', '/conversations/c1/files', picture(`${planted.caption}\u0007`)],
  ['POST', '/conversations/c1/files', { text: planted.text }],
  ['GET', `/conversations/c1/files/${planted.path}?q=${planted.query}`, undefined],
  ['GET', `/conversations/c1/files/${planted.path}`, undefined],
  [
    'POST',
    `/api/account/12345678/messaging/consumer/conversation/send?v=3&q=${planted.query}`,
    { text: planted.text },
  ],
  ['POST', '/conversations/c1/typing', { dialogId: `${planted.text} ` }],
  ['DELETE', `/conversations/c1/typing?dialogId=${planted.query}.`, undefined],
  ['DELETE', '/conversations/c1/typing', { text: planted.text }],
  ['PUT', '/conversations/c1/chat-state', { state: planted.text }],
  ['PUT', '/conversations/c1/chat-state', { state: 'gone' }],
  ['POST', '/conversations/c1/receipts', { status: 'action', sequences: [1], metadata }],
  [
    'POST',
    '/conversations/c1/receipts',
    { status: planted.text, sequences: [planted.text], metadata },
  ],
  ['POST', '/conversations/c1/close', { survey: planted.text }],
  ['POST', '/conversations/c1/close', undefined],
  ['PUT', '/conversations/c1/csat', { rating: planted.text, resolved: true }],
  ['PUT', '/conversations/c1/csat', { rating: 5, resolved: true }],
  ['PUT', '/conversations/c1/urgency', { level: planted.text, targetSeconds: 1 }],
  ['PUT', '/consumer/profile', { personal: { name: planted.name, firstname: planted.name } }],
  ['PUT', '/consumer/profile', { customer: { [planted.key]: planted.name } }],
  ['GET', `/${planted.path}?q=${planted.query}`, undefined],
  ['GET', `/livez?q=${planted.query}`, undefined],
  ['POST', `/livez?q=${planted.query}`, { text: planted.text }],
  ['GET', `/problems/${planted.path}?q=${planted.query}`, undefined],
]

const failures: [string, Script][] = [
  ['500 with words', json(500, { code: 'ERROR', body: { other: planted.upstream } })],
  ['words that are no JSON', json(200, `{"code": ${planted.upstream}`)],
  ['HTML', json(502, `<html>${planted.upstream}</html>`)],
  [
    'an answer that is no HTTP',
    (_seen, _response, request) => void request.socket.end(`${planted.upstream}\r\n\r\n`),
  ],
  ['a reset', (_seen, _response, request) => void request.socket.destroy()],
  [
    'an echo of the request',
    (seen, response, request) => json(500, seen.body)(seen, response, request),
  ],
  ['silence', () => undefined],
]

t.test('no token and no word of a consumer is in any log line or problem', async (t) => {
  const upstream = await startUpstream(t)
  const env = { REQUEST_TIMEOUT_MS: '1000', API_KEYS: planted.apiKey }
  const { call, logs, url } = await startProxy(t, upstream.origin, env)
  const problems: unknown[] = []
  const run = async (method: string, path: string, body: unknown, extra = {}) => {
    const answer = await call(method, path, body, { ...headers, ...extra })
    if (answer.status >= 400) problems.push(answer)
  }
  for (const [method, path, body] of calls) await run(method, path, body)
  const [method, path, body] = calls[0] ?? ['', '', '']
  const tokens = Object.keys(headers).filter((name) => name !== 'cookie')
  for (const name of tokens) {
    for (const value of [`Planted ${planted.text}`, `${planted.appJwt}.${planted.text}`]) {
      await run(method, path, body, { [name]: value })
    }
  }
  await run(method, path, body, { 'x-lp-account-id': `${planted.text}/` })
  await run(method, path, body, { 'x-request-timeout-ms': planted.text })
  await run(method, path, body, { 'x-request-id': `${planted.text}/` })
  await run(method, path, body, { 'client-properties': planted.text, 'content-type': planted.text })
  for (const [, script] of failures) {
    upstream.script.send = script
    await run(method, path, body)
  }
  for (const bytes of [
    `${planted.text}\r\n\r\n`,
    `GET /livez HTTP/1.1\r\nHost: localhost\r\n${planted.text}\r\n\r\n`,
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${planted.appJwt}\r\nX-LP-ON-BEHALF: ${planted.consumerJws}\r\nTransfer-Encoding: chunked\r\n\r\n${planted.text}`,
  ]) {
    const wire = await openWire(t, url, bytes)
    problems.push(await wire.ended())
  }
  t.ok(problems.length > 30, 'most of these fail')
  t.ok(logs.length > calls.length)
  t.notMatch(JSON.stringify(logs), /planted/i)
  t.notMatch(JSON.stringify(problems), /planted/i)
})

t.test('nor where the Domain API fails', async (t) => {
  for (const domain of [...failures.map(([, script]) => script), hostIs(planted.upstream)]) {
    const upstream = await startUpstream(t, { domain })
    const proxy = await startProxy(t, upstream.origin, { REQUEST_TIMEOUT_MS: '300' })
    const { status, body } = await proxy.call(
      'POST',
      '/conversations/c1/messages',
      { text: planted.text },
      headers,
    )
    t.ok(status >= 400)
    t.notMatch(JSON.stringify(body), /planted/i)
    const lines = JSON.stringify(proxy.logs)
    // The operator has to know which host is not allowed; the caller has not.
    t.notMatch(lines.replace(`it named \\"${planted.upstream}\\"`, ''), /planted/i)
  }
})

t.test('nor in anything that the process prints, at its most talkative', async (t) => {
  const run = startProcess(t, { SANDBOX: 'true', SANDBOX_PORT: '0', LOG_LEVEL: 'trace' })
  const url = await run.url()
  for (const [method, path, body] of calls) {
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    const all = { ...headers, 'content-type': 'application/json' }
    await fetch(`${url}${path}`, { method, headers: all, body: payload ?? null }).then((answer) =>
      answer.text(),
    )
  }
  run.child.kill('SIGTERM')
  const { code, stdout, stderr } = await run.exit
  t.equal(code, 0)
  t.notMatch(stdout + stderr, /planted/i)
  const lines = stdout.split('\n').filter((line) => line.includes('"msg":"request"'))
  // The sandbox's notifications have lines of their own.
  const own = lines.filter((line) => !line.includes('"/webhooks/liveperson"'))
  t.equal(own.length, calls.length, 'one line each, none lost')
})
