import { renameSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { Secrets, type SecretsOptions } from '../../src/config/secrets.ts'

const first = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
const second = `whsec_${Buffer.alloc(64, 2).toString('base64')}`

const own: SecretsOptions = {
  accountId: '1',
  clientId: 'own',
  clientSecret: 'own-secret',
  clientSecretFile: undefined,
  credentialsFile: undefined,
  apiKeys: undefined,
  apiKeysFile: undefined,
  watchIntervalMs: 50,
}

function put(file: string, content: unknown): void {
  writeFileSync(`${file}.next`, typeof content === 'string' ? content : JSON.stringify(content))
  renameSync(`${file}.next`, file)
}

function read(t: Test, options: Partial<SecretsOptions>) {
  const waiting: (() => void)[] = []
  const news: string[] = []
  const secrets = new Secrets({ ...own, ...options }, ({ level, sentence }) => {
    news.push(`${level}: ${sentence}`)
    for (const resolve of waiting.splice(0)) resolve()
  })
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => {
    secrets.close()
    clearInterval(alive)
  })
  const after = async (file: string, content: unknown) => {
    // A file's first state is read in the background.
    await stat(file)
    const reported = new Promise<void>((resolve) => waiting.push(resolve))
    put(file, content)
    await reported
  }
  return { secrets, after, news }
}

test('notifications are verified with the account’s secret and the one before it', async (t) => {
  const file = join(t.testdir({ credentials: '{}' }), 'credentials')
  put(file, {
    1: { clientId: 'x', clientSecret: 'y', previousClientSecret: 'z' },
    2: { clientId: 'two', clientSecret: 'two-secret', previousClientSecret: 'two-former' },
    3: { clientId: 'three', clientSecret: 'three-secret' },
  })
  const { secrets } = read(t, { credentialsFile: file, previousClientSecret: 'own-former' })
  t.strictSame(secrets.webhookCredentialsOf('1'), {
    clientId: 'own',
    secrets: ['own-secret', 'own-former'],
  })
  t.strictSame(secrets.webhookCredentialsOf('2'), {
    clientId: 'two',
    secrets: ['two-secret', 'two-former'],
  })
  t.strictSame(secrets.webhookCredentialsOf('3'), { clientId: 'three', secrets: ['three-secret'] })
  t.equal(secrets.webhookCredentialsOf('4'), undefined)
})

test('a previous secret is read again when its file changes', async (t) => {
  const file = join(t.testdir({ previous: 'former\n' }), 'previous')
  const { secrets, after } = read(t, { previousClientSecretFile: file })
  t.strictSame(secrets.webhookCredentialsOf('1')?.secrets, ['own-secret', 'former'])
  await after(file, 'newer')
  t.strictSame(secrets.webhookCredentialsOf('1')?.secrets, ['own-secret', 'newer'])
})

test('events are signed with each of the secrets, which are read again when their file changes', async (t) => {
  t.strictSame(read(t, {}).secrets.eventSecrets, [])
  const both = read(t, { eventsSecret: `${first}, ${second}` })
  t.strictSame(both.secrets.eventSecrets, [first, second])
  const file = join(t.testdir({ events: `${first}\n` }), 'events')
  const { secrets, after } = read(t, { eventsSecretFile: file })
  t.strictSame(secrets.eventSecrets, [first])
  await after(file, `${first}\n${second}\n`)
  t.strictSame(secrets.eventSecrets, [first, second])
  await after(file, 'whsec_')
  t.strictSame(secrets.eventSecrets, [first, second])
})

test('a secret of another form is refused at start', async (t) => {
  const form = 'EVENTS_SECRET: a secret is not whsec_ and base64 of 24 to 64 bytes'
  for (const [eventsSecret, message] of [
    [',', 'EVENTS_SECRET: it has no secret'],
    [first.slice(6), form],
    [`whsec_${Buffer.alloc(23).toString('base64')}`, form],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, form],
    [`${first},whsec_!`, form],
  ] as const) {
    t.throws(() => new Secrets({ ...own, eventsSecret }, () => undefined), { message })
  }
})

test('an account may have an app of its own, under the same rules', async (t) => {
  const file = join(t.testdir({ credentials: '{}' }), 'credentials')
  const eventsUrl = 'http://127.0.0.1:1/default'
  const write = (url: string) =>
    put(file, { 2: { clientId: 'two', clientSecret: 'two-secret', eventsUrl: url } })
  write('http://127.0.0.1:2/two')
  const { secrets } = read(t, { credentialsFile: file, eventsUrl })
  t.equal(secrets.eventsUrlOf('1'), eventsUrl)
  t.equal(secrets.eventsUrlOf('2'), 'http://127.0.0.1:2/two')
  for (const [url, reason, options] of [
    ['x', 'account 2 (line 1): eventsUrl must be a URL', {}],
    [
      'https://app.example/',
      'account 2 (line 1): eventsUrl is beyond loopback, which needs EVENTS_SECRET',
      {},
    ],
    ['https://app.example/', undefined, { eventsSecret: first }],
    ['http://app/', undefined, { eventsSecret: first, eventsAllowedHttpHosts: ['app'] }],
  ] as const) {
    write(url)
    const open = () => {
      new Secrets({ ...own, credentialsFile: file, eventsUrl, ...options }, () => undefined).close()
    }
    if (reason === undefined) t.doesNotThrow(open)
    else t.throws(open, { message: `LP_CREDENTIALS_FILE: ${reason}` })
  }
})

const nobody = { accountId: undefined, clientId: undefined, clientSecret: undefined }
const missing = 'its eventsUrl must be set, since WEBHOOK_PORT is and EVENTS_URL is not'
const eventsUrl = 'http://127.0.0.1:2/'
const two = { clientId: 'two', clientSecret: 'two-secret' }

test('without EVENTS_URL, each account that gets notifications has to have an app of its own', async (t) => {
  const file = join(t.testdir({ credentials: '{}' }), 'credentials')
  const webhooks = { webhookPort: 0, credentialsFile: file }
  const whole = { 1: { ...two, eventsUrl }, 2: { ...two, eventsUrl } }
  for (const [content, options, fault] of [
    [whole, webhooks, undefined],
    [{ ...whole, 3: two }, webhooks, `account 3 (line 1): ${missing}`],
    [{ 2: whole[2] }, webhooks, `account 1 is not in it: ${missing}`],
    [{ ...whole, 1: two }, webhooks, `account 1 (line 1): ${missing}`],
    [{ 2: whole[2] }, { ...webhooks, ...nobody }, undefined],
    [{}, { ...webhooks, ...nobody }, undefined],
    [{ 2: two }, { ...webhooks, eventsUrl }, undefined],
    [{ 2: two }, { credentialsFile: file }, undefined],
    [{ 2: two }, { ...webhooks, sandboxPort: 0 }, undefined],
  ] as const) {
    put(file, content)
    const open = () => new Secrets({ ...own, ...options }, () => undefined).close()
    if (fault === undefined) t.doesNotThrow(open)
    else t.throws(open, { message: `LP_CREDENTIALS_FILE: ${fault}` })
  }
})

test('an account that comes later without an app of its own is not taken', async (t) => {
  const file = join(t.testdir({ credentials: '{}' }), 'credentials')
  put(file, { 2: { ...two, eventsUrl } })
  const { secrets, after, news } = read(t, { ...nobody, webhookPort: 0, credentialsFile: file })
  await after(file, { 2: { ...two, eventsUrl }, 3: two })
  t.strictSame(news, [
    `error: the file changed and account 3 (line 1): ${missing}; its previous content stays in use`,
  ])
  t.equal(secrets.webhookCredentialsOf('3'), undefined)
  t.equal(secrets.eventsUrlOf('2'), eventsUrl)
  await after(file, { 2: { ...two, eventsUrl }, 3: { ...two, eventsUrl } })
  t.equal(secrets.eventsUrlOf('3'), eventsUrl)
})
