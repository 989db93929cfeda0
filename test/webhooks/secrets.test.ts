import { test } from 'tap'
import { scrape } from '../scrape.ts'
import { notify, startApp, startListener } from './start-listener.ts'
import { inbound, outbound, rawOf } from './vectors.ts'

type Node = unknown
type Replaced = { key: string; raw: string }

/** The notification once for each of its values, with the marker in its place. */
function* replaceEach(root: Node, marker: string): Iterable<Replaced> {
  for (const [key, made] of variants(root, '', marker)) yield { key, raw: JSON.stringify(made) }
}

function* variants(node: Node, key: string, marker: string): Iterable<[key: string, made: Node]> {
  if (Array.isArray(node)) {
    for (const [index, each] of node.entries()) {
      for (const [name, made] of variants(each, key, marker)) yield [name, node.with(index, made)]
    }
  } else if (typeof node === 'object' && node !== null) {
    for (const [name, each] of Object.entries(node)) {
      for (const [at, made] of variants(each, name, marker)) yield [at, { ...node, [name]: made }]
    }
  } else yield [key, marker]
}

/** A name of a type that is not known here is logged, where it looks like one: it tells what LivePerson has new. */
const namesOfTypes = ['type', 'status', 'chatState']

const env = {
  EVENTS_INCLUDE: 'consumer,internal',
  EVENTS_TIMEOUT_MS: '100',
  LP_PREVIOUS_CLIENT_SECRET: 'planted-former',
}

const secrets = [inbound.secret, outbound.secret, outbound.secret.replace('whsec_', '')]

test('no word of a notification reaches a log line or a metric, whatever the app says', async (t) => {
  for (const status of [204, 500]) {
    const app = await startApp(t, new Array(2_000).fill(status))
    const { origin, url, logs } = await startListener(t, `${app.url}?token=planted-query`, env)
    let sent = 0
    for (const { raw } of Object.values(inbound.notifications)) {
      const root: Node = JSON.parse(raw)
      for (const marker of ['planted words', 'plantedword']) {
        for (const { key, raw: made } of replaceEach(root, marker)) {
          if (marker === 'plantedword' && namesOfTypes.includes(key)) continue
          const { headers } = await notify(origin, made)
          sent += 1
          if (logs.some((line) => JSON.stringify(line).includes('planted'))) {
            t.fail(`${key} is logged: ${made}`)
          }
          if (sent % 100 === 0) logs.length = 0
          t.notMatch(JSON.stringify([...headers]), /planted/)
        }
      }
    }
    t.ok(sent > 400, `${sent} notifications`)
    t.ok(
      app.taken.some(({ body }) => body.includes('planted words')),
      'the app has them',
    )
    t.notMatch((await scrape(url)).text, /planted/)
    t.notMatch(JSON.stringify(logs), /planted/)
  }
})

test('neither does a secret, nor what a call that is refused has in it', async (t) => {
  const { origin, url, logs } = await startListener(
    t,
    'http://127.0.0.1:9/planted-path?token=planted-query',
    { ...env, API_KEYS: 'planted-key' },
  )
  const text = rawOf('text_emoji')
  for (const [raw, headers, status] of [
    [text, {}, 503],
    [text, { 'user-agent': 'planted-agent', authorization: 'planted' }, 503],
    [text, { 'x-liveperson-signature': 'planted' }, 401],
    [text, { 'x-liveperson-signature': 'sha1=planted' }, 401],
    [text, { 'x-liveperson-client-id': 'planted' }, 401],
    [text, { 'x-liveperson-account-id': 'planted words' }, 401],
    ['{"planted', {}, 400],
    ['["planted"]', {}, 400],
    ['planted', { 'content-type': 'planted/type' }, 400],
    ['planted', { 'content-encoding': 'planted' }, 415],
  ] as const) {
    const answer = await notify(origin, raw, headers)
    t.equal(answer.status, status)
    t.notMatch(JSON.stringify(answer.body), /planted/)
  }
  const { text: metrics } = await scrape(url, { 'x-api-key': 'planted-key' })
  const lines = logs.map((line) => JSON.stringify(line)).join('\n')
  t.ok(logs.length >= 10, 'each has its line')
  for (const told of [lines, metrics]) {
    t.notMatch(told, /planted/)
    for (const secret of secrets) t.notOk(told.includes(secret))
  }
  t.notOk(metrics.includes(inbound.account), 'a metric names no account')
})
