import { createHmac } from 'node:crypto'
import { test } from 'tap'
import { isSigned } from '../../src/webhooks/signature.ts'
import { inbound } from './vectors.ts'

const { secret, notifications } = inbound
const { text_emoji: emoji } = notifications
if (emoji === undefined) throw new Error('there is no text_emoji')

test('a notification is proved by sha1 or sha256, in base64 or hex, over its raw bytes', async (t) => {
  for (const [name, { raw, signatures }] of Object.entries(notifications)) {
    for (const [form, signature] of Object.entries(signatures)) {
      t.ok(isSigned(Buffer.from(raw), signature, [secret]), `${name} ${form}`)
    }
  }
})

test('hex may be written in capitals', async (t) => {
  const { raw, signatures } = emoji
  const [algorithm, hex = ''] = signatures.sha256_hex.split('=')
  t.ok(isSigned(Buffer.from(raw), `${algorithm}=${hex.toUpperCase()}`, [secret]))
})

test('the former client secret counts beside the present one', async (t) => {
  const { raw, signatures } = emoji
  const body = Buffer.from(raw)
  t.ok(isSigned(body, signatures.sha1_base64, ['the next one', secret]))
  t.ok(isSigned(body, signatures.sha1_base64, [secret, 'the next one']))
  t.notOk(isSigned(body, signatures.sha1_base64, ['the next one']))
  t.notOk(isSigned(body, signatures.sha1_base64, []))
})

test('a body that was written again proves nothing, although it means the same', async (t) => {
  const escaped = '{"kind":"notification","body":{"changes":[]},"text":"\\ud83d\\udc4b"}'
  const signature = `sha1=${createHmac('sha1', secret).update(escaped).digest('base64')}`
  t.ok(isSigned(Buffer.from(escaped), signature, [secret]))
  t.notOk(isSigned(Buffer.from(JSON.stringify(JSON.parse(escaped))), signature, [secret]))
})

test('no forged signature proves anything', async (t) => {
  let tried = 0
  for (const { raw, signatures } of Object.values(notifications)) {
    const body = Buffer.from(raw)
    for (const signature of Object.values(signatures)) {
      const [algorithm = '', digest = ''] = signature.split(/=(.*)/s)
      const other = algorithm === 'sha1' ? 'sha256' : 'sha1'
      const flipped = `${digest[0] === 'a' ? 'b' : 'a'}${digest.slice(1)}`
      for (const forged of [
        '',
        digest,
        `${algorithm}=`,
        `${other}=${digest}`,
        `md5=${digest}`,
        `${algorithm}=${digest.slice(0, -1)}`,
        `${algorithm}=${digest.slice(0, 8)}`,
        `${algorithm}=${digest}A`,
        `${algorithm}= ${digest}`,
        `${algorithm}=${digest}, ${signature}`,
        `${algorithm.toUpperCase()}=${digest}`,
        `${algorithm}=${flipped}`,
        `${algorithm}=${digest.replace(/[A-Za-z0-9]/, '-')}`,
      ]) {
        tried += 1
        t.notOk(isSigned(body, forged, [secret]), forged)
      }
    }
  }
  t.ok(tried >= 500, `${tried} forgeries`)
})
