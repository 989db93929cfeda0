/** Notifications in docker-compose.yml: what the sandbox sends comes to an app, the stand-in or one of this host. */
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { Secrets } from '../../src/config/secrets.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { scrapeUntil } from '../scrape.ts'
import { startProxy } from '../start.ts'
import { portOf } from '../upstream.ts'

const text = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8')

test('what the agent says in the composed sandbox comes to its stand-in for an app', async (t) => {
  const { proxy, sandbox: composed } = parse(text).services
  const webhookUrl = new URL(composed.environment.SANDBOX_WEBHOOK_URL)
  t.equal(webhookUrl.port, proxy.environment.WEBHOOK_PORT)
  const sandbox = await startSandbox({ port: 0 })
  t.teardown(() => sandbox.close())
  const environment: Record<string, string> = JSON.parse(
    JSON.stringify(proxy.environment).replaceAll(':3001', `:${sandbox.port}`),
  )
  const { webhooks, url, call } = await startProxy(t, sandbox.origin, {
    ...environment,
    LOG_LEVEL: 'info',
  })
  if (webhooks === undefined) throw new Error('there is no webhook listener')
  await webhooks.server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => webhooks.server.server.closeAllConnections())
  webhookUrl.port = String(portOf(webhooks.server.server))
  sandbox.setWebhookUrl(String(webhookUrl))
  const consumer = {
    authorization: undefined,
    'x-lp-on-behalf': undefined,
    'x-lp-consumer-id': 'a',
  }
  const { body } = await call('POST', '/conversations', {}, consumer)
  const said = await fetch(
    `${sandbox.origin}/sandbox/conversations/${body.conversationId}/messages`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'How can I help?' }),
    },
  )
  t.equal(said.ok, true)
  const taken = { type: 'message.created', outcome: 'taken' }
  await scrapeUntil(url, (now) => now.value('events_total', taken) === 1)
})

test('with the lines for it, the composed proxy sends events to an app of this host', async (t) => {
  const { proxy } = parse(
    text.replace(/^ +EVENTS_URL: .*\n/m, '').replaceAll(/^( +)#~/gm, '$1'),
  ).services
  const config = loadConfig({ ...proxy.environment, LOG_LEVEL: '' })
  const { eventsUrl = '', webhookPort } = config
  t.equal(webhookPort, 9080)
  const { hostname } = new URL(eventsUrl)
  t.strictSame(proxy.extra_hosts, [`${hostname}:host-gateway`])
  const secrets = new Secrets(config, () => undefined)
  t.teardown(() => secrets.close())
  t.equal(secrets.eventSecrets.length, 1)
})
