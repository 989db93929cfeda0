import { Webhook } from 'standardwebhooks'
import { test } from 'tap'
import { type EventSecrets, readEvent, readRawEvent } from '../../src/client/index.ts'
import { notify, startApp, startListener } from '../webhooks/start-listener.ts'
import { outbound, rawOf } from '../webhooks/vectors.ts'
import { failureOf } from './recorded.ts'

const next = 'whsec_bmV4dC1zZWNyZXQtb2YtYXQtbGVhc3QtMjQtYnl0ZXM='
const body = '{"type":"message.created","data":{"text":"👋"}}'
const invalid = { name: 'InvalidEventError' }

/** What a library of others makes of it: one signature for each secret. */
function signed(secrets: readonly string[], ageSeconds = 0): Record<string, string> {
  const at = new Date(Date.now() - ageSeconds * 1000)
  const signatures = secrets.map((secret) => new Webhook(secret).sign('lp-1-d-0', at, body))
  return {
    'webhook-id': 'lp-1-d-0',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  }
}

function requestOf(headers: Record<string, string>, text: string): Request {
  return new Request('http://app/events', { method: 'POST', headers, body: text })
}

test('every event of the vectors is read at its time', async (t) => {
  t.equal(outbound.events.length, 15)
  for (const { event, headers } of outbound.events) {
    const now = Number(headers['webhook-timestamp']) * 1000
    t.intercept(Date, 'now', { value: () => now })
    const request = requestOf(headers, JSON.stringify(event))
    t.strictSame(await readEvent(request, outbound.secret), event)
  }
})

test('one right signature by one of the secrets is enough', async (t) => {
  const both = [outbound.secret, next]
  for (const [signers, secrets] of [
    [both, outbound.secret],
    [both, next],
    [[next], both],
    [[next], both.join()],
    [[next], ` ${next}\n`],
    [[next], next.slice('whsec_'.length)],
  ] as const) {
    t.match(await readEvent(requestOf(signed(signers), body), secrets), { data: { text: '👋' } })
  }
  const headers = signed(both)
  const more = `v1a,AAAA v1,!! v1, ${headers['webhook-signature']}`
  const request = requestOf({ ...headers, 'webhook-signature': more }, body)
  t.match(await readEvent(request, next), { type: 'message.created' })
})

test('what is not signed so is no event', async (t) => {
  const headers = signed([next])
  const signature = headers['webhook-signature'] ?? ''
  for (const [label, changed, text, secrets] of [
    ['another body', headers, `${body} `, next],
    ['another secret', headers, body, outbound.secret],
    ['another id', { ...headers, 'webhook-id': 'x' }, body, next],
    ['another time', { ...headers, 'webhook-timestamp': '1790000005' }, body, next],
    ['too old', signed([next], 310), body, next],
    ['from the future', signed([next], -310), body, next],
    ['another version', { ...headers, 'webhook-signature': `v2${signature.slice(2)}` }, body, next],
    ['a part of it', { ...headers, 'webhook-signature': signature.slice(0, -8) }, body, next],
    ['none', { ...headers, 'webhook-signature': '' }, body, next],
    ['no header', {}, body, next],
  ] as const) {
    t.match(await failureOf(readEvent(requestOf({ ...changed }, text), secrets)), invalid, label)
  }
  t.ok(await readEvent(requestOf(signed([next], 280), body), next), 'it may take a while')
})

test('a secret that is none is an error, and never lets everybody in', async (t) => {
  const none: EventSecrets[] = ['', 'whsec_', [], 'whsec_***', [next, ''], `${next},`]
  for (const secrets of none) {
    const error = await failureOf(readEvent(requestOf(signed([next]), body), secrets))
    t.match(error, { name: 'TypeError' }, JSON.stringify(secrets))
    const unsigned = new Request('http://app/', { method: 'POST', body })
    t.match(await failureOf(readEvent(unsigned, secrets)), { name: 'TypeError' }, 'said first')
  }
})

test('a body that was read already is taken as bytes or text, with headers of any form', async (t) => {
  const headers = signed([next])
  const upper = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
  )
  for (const each of [
    headers,
    upper,
    new Headers(headers),
    { ...headers, a: ['b'], c: undefined },
  ]) {
    for (const form of [body, new TextEncoder().encode(body), Buffer.from(body)]) {
      t.match(await readRawEvent(form, each, next), { data: { text: '👋' } })
    }
  }
})

test('an app reads what the proxy relays', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url, {
    EVENTS_SECRET: `${outbound.secret},${next}`,
  })
  t.match(await notify(origin, rawOf('text_emoji')), { status: 200 })
  const [{ headers, body } = { headers: {}, body: '' }, ...more] = app.taken
  t.strictSame(more, [])
  const expected = outbound.events.find(({ from }) => from === 'text_emoji')
  for (const secret of [outbound.secret, next]) {
    t.strictSame(await readRawEvent(body, headers, secret), expected?.event)
  }
})
