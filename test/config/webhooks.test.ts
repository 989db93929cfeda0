import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { faultsOf } from './faults.ts'

const credentials = { LP_ACCOUNT_ID: '1', LP_CLIENT_ID: 'a', LP_CLIENT_SECRET: 'b' }
const secret = `whsec_${Buffer.alloc(24).toString('base64')}`
const webhooks = {
  ...credentials,
  WEBHOOK_PORT: '9080',
  EVENTS_URL: 'http://127.0.0.1:8080/events',
}

t.test('webhooks are off unless WEBHOOK_PORT is set, and have these defaults', async (t) => {
  t.match(loadConfig({}), {
    webhookHost: '0.0.0.0',
    webhookPort: undefined,
    webhookBodyLimitBytes: 1_048_576,
    webhookMaxInFlight: 64,
    eventsUrl: undefined,
    eventsTimeoutMs: 2_000,
  })
  t.match(
    loadConfig({ ...webhooks, EVENTS_INCLUDE: 'internal', EVENTS_EXCLUDE: 'message.created' }),
    {
      webhookPort: 9080,
      eventsUrl: 'http://127.0.0.1:8080/events',
      eventsInclude: new Set(['internal']),
      eventsExclude: new Set(['message.created']),
    },
  )
})

t.test('a webhook port needs credentials, an app, and a number of its own', async (t) => {
  t.strictSame(faultsOf(webhooks), [])
  t.strictSame(faultsOf({ WEBHOOK_PORT: '9080' }), [
    'WEBHOOK_PORT: must be set together with credentials, which verify notifications',
    'EVENTS_URL: must be set together with WEBHOOK_PORT',
  ])
  t.strictSame(faultsOf({ ...webhooks, ADMIN_PORT: '9080', PORT: '9080' }), [
    'ADMIN_PORT: must not be PORT',
    'WEBHOOK_PORT: must not be PORT',
    'WEBHOOK_PORT: must not be ADMIN_PORT',
  ])
  t.strictSame(faultsOf({ ...webhooks, WEBHOOK_PORT: '0', ADMIN_PORT: '0', PORT: '0' }), [])
  const listed = { ...webhooks, LP_CLIENT_ID: '', LP_CLIENT_SECRET: '', LP_CREDENTIALS_FILE: '/a' }
  t.strictSame(faultsOf(listed), [])
  const alone = { ...webhooks, EVENTS_URL: '' }
  t.strictSame(faultsOf(alone), ['EVENTS_URL: must be set together with WEBHOOK_PORT'])
  t.strictSame(faultsOf({ ...alone, LP_CREDENTIALS_FILE: '/a' }), [], 'the file may have it')
})

t.test(
  'with the sandbox the webhook listener is on loopback, unless WEBHOOK_HOST is set',
  async (t) => {
    const webhookHostOf = (env: Record<string, string>) => loadConfig(env).webhookHost
    const sandboxed = { SANDBOX: 'true', WEBHOOK_PORT: '9080' }
    t.equal(webhookHostOf(sandboxed), '127.0.0.1')
    t.equal(webhookHostOf({ ...sandboxed, WEBHOOK_HOST: '' }), '127.0.0.1')
    t.equal(webhookHostOf({ ...sandboxed, HOST: '0.0.0.0' }), '127.0.0.1')
    t.equal(webhookHostOf({ ...sandboxed, WEBHOOK_HOST: '0.0.0.0' }), '0.0.0.0')
    t.equal(webhookHostOf(webhooks), '0.0.0.0')
  },
)

t.test('the sandbox has credentials, and needs no app', async (t) => {
  t.strictSame(faultsOf({ SANDBOX: 'true', WEBHOOK_PORT: '9080' }), [])
})

t.test(
  'events go over TLS, or over plain HTTP to loopback and to hosts that were named',
  async (t) => {
    const signed = { ...webhooks, EVENTS_SECRET: secret }
    const named = { EVENTS_ALLOWED_HTTP_HOSTS: 'App,.svc.cluster.local,other:8080' }
    for (const url of [
      'https://app.example/x?y=1',
      'http://localhost',
      'http://[::1]:1/',
      'http://127.1.2.3',
    ]) {
      t.strictSame(faultsOf({ ...signed, EVENTS_URL: url }), [], url)
    }
    for (const url of [
      'http://app/',
      'http://app:9000/',
      'http://my.svc.cluster.local/x',
      'http://other:8080/',
    ]) {
      t.strictSame(faultsOf({ ...signed, ...named, EVENTS_URL: url }), [], url)
    }
    const fault =
      'EVENTS_URL: must be https, or http to a loopback host or one of EVENTS_ALLOWED_HTTP_HOSTS'
    for (const url of [
      'http://app.example/',
      'http://localhost.example/',
      'http://other/',
      'http://svc.cluster.local.example/',
    ]) {
      t.strictSame(faultsOf({ ...signed, ...named, EVENTS_URL: url }), [fault], url)
    }
    t.strictSame(faultsOf({ ...signed, EVENTS_URL: 'https://:x' }), ['EVENTS_URL: must be a URL'])
    for (const url of [
      'https://user@app.example/',
      'https://:pass@app.example/',
      'http://localhost:80@app.example',
    ]) {
      t.strictSame(faultsOf({ ...signed, EVENTS_URL: url }), [
        'EVENTS_URL: must not hold a user or a password',
      ])
    }
  },
)

t.test('an app beyond loopback needs signatures', async (t) => {
  const env = { ...webhooks, EVENTS_URL: 'https://app.example/' }
  const fault = 'EVENTS_SECRET: must be set if EVENTS_URL is beyond loopback'
  t.strictSame(faultsOf(env), [fault])
  t.strictSame(faultsOf({ ...env, EVENTS_SECRET: secret }), [])
  t.strictSame(faultsOf({ ...env, EVENTS_SECRET_FILE: '/a' }), [])
})

t.test('a secret comes by variable or by file, and a previous one needs its client', async (t) => {
  for (const name of ['EVENTS_SECRET', 'LP_PREVIOUS_CLIENT_SECRET']) {
    const fault = `${name}: must not be set together with ${name}_FILE`
    t.strictSame(faultsOf({ ...webhooks, [name]: secret, [`${name}_FILE`]: '/a' }), [fault])
  }
  for (const name of ['LP_PREVIOUS_CLIENT_SECRET', 'LP_PREVIOUS_CLIENT_SECRET_FILE']) {
    t.strictSame(faultsOf({ [name]: '/a' }), [
      'LP_CLIENT_ID: must be set together with LP_PREVIOUS_CLIENT_SECRET',
    ])
  }
})

t.test('what is out of bounds is refused', async (t) => {
  for (const [name, value] of [
    ['EVENTS_TIMEOUT_MS', '99'],
    ['EVENTS_TIMEOUT_MS', '4501'],
    ['EVENTS_INCLUDE', 'agents'],
    ['EVENTS_EXCLUDE', 'message.deleted'],
    ['WEBHOOK_MAX_IN_FLIGHT', '0'],
    ['WEBHOOK_BODY_LIMIT_BYTES', '1'],
    ['EVENTS_ALLOWED_HTTP_HOSTS', 'http://a'],
  ] as const) {
    const faults = faultsOf({ ...webhooks, [name]: value })
    t.match(faults, [new RegExp(`^${name}: must be `)], name)
  }
})
