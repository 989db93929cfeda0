import { Webhook } from 'standardwebhooks'
import { test } from 'tap'
import { standardHeaders } from '../../src/webhooks/standard-webhooks.ts'
import { outbound } from './vectors.ts'

const next = 'whsec_bmV4dC1zZWNyZXQtb2YtYXQtbGVhc3QtMjQtYnl0ZXM='

test('every event is signed as Standard Webhooks wants it', async (t) => {
  t.equal(outbound.events.length, 15)
  for (const { event, headers, bytes } of outbound.events) {
    const body = JSON.stringify(event)
    t.equal(Buffer.byteLength(body), bytes)
    const timestamp = Number(headers['webhook-timestamp'])
    t.strictSame(standardHeaders(event.id, timestamp, body, [outbound.secret]), headers)
  }
})

test('while the secret is replaced, apps with either secret find their signature', async (t) => {
  const body = '{"text":"👋"}'
  const now = Math.floor(Date.now() / 1000)
  const headers = standardHeaders('lp-1-d-0', now, body, [outbound.secret, next])
  for (const secret of [outbound.secret, next]) {
    t.strictSame(new Webhook(secret).verify(body, headers), { text: '👋' })
  }
  t.throws(() => new Webhook(next).verify(`${body} `, headers), 'another body')
  t.throws(() => new Webhook(next).verify(body, { ...headers, 'webhook-id': 'x' }), 'another id')
  const old = standardHeaders('lp-1-d-0', now - 301, body, [next])
  t.throws(() => new Webhook(next).verify(body, old), 'an old one')
})

test('without a secret there is no signature', async (t) => {
  t.strictSame(standardHeaders('lp-1-d-0', 1790000005, '{}', []), {
    'webhook-id': 'lp-1-d-0',
    'webhook-timestamp': '1790000005',
  })
})
