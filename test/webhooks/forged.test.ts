/** Forgeries at the listener: none is taken, and what one costs depends on its length alone. */
import crypto, { createHmac } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Test, test } from 'tap'
import { notify, startApp, startListener } from './start-listener.ts'
import { inbound, rawOf } from './vectors.ts'

const seed = Number(process.env['FAST_CHECK_SEED'] ?? Math.trunc(Math.random() * 2 ** 31))
const forgeries = 500
const limitBytes = 65_536

type Algorithm = 'sha1' | 'sha256'

function digestOf(raw: string | Buffer, secret: string, algorithm: Algorithm = 'sha1'): string {
  return createHmac(algorithm, secret).update(raw).digest('base64')
}

const names = fc.constantFrom(...Object.keys(inbound.notifications))
const algorithm = fc.constantFrom<Algorithm>('sha1', 'sha256')
const other = { sha1: 'sha256', sha256: 'sha1' } as const

type Forgery = {
  raw: string | Buffer
  headers: Record<string, string | undefined>
  status: number
  /** Bytes of the body that may be hashed for it. */
  hashed: number
}

const signed = (raw: string, signature: string | undefined, hashed: number): Forgery => ({
  raw,
  headers: { 'x-liveperson-signature': signature },
  status: 401,
  hashed,
})

/** Of one notification, under one algorithm; `noise` makes each another. */
function forge(kind: string, raw: string, by: Algorithm, noise: number): Forgery {
  const whole = digestOf(raw, inbound.secret, by)
  const size = Buffer.byteLength(raw)
  const right = { 'x-liveperson-signature': `${by}=${whole}` }
  switch (kind) {
    case 'wrong':
      return signed(raw, `${by}=${digestOf(raw, `secret-${noise}`, by)}`, size)
    case 'of another body':
      return signed(raw, `${by}=${digestOf(`${raw}${noise}`, inbound.secret, by)}`, size)
    case 'missing':
      return signed(raw, undefined, 0)
    case 'truncated':
      return signed(raw, `${by}=${whole.slice(0, noise % whole.length)}`, 0)
    case 'other algorithm':
      return signed(raw, `${other[by]}=${whole}`, 0)
    case 'unknown algorithm':
      return signed(raw, `sha${noise}x=${whole}`, 0)
    case 'body changed':
      return { ...signed(`${raw} `, right['x-liveperson-signature'], size + 1) }
    case 'other account':
      return {
        ...signed(raw, undefined, 0),
        headers: { ...right, 'x-liveperson-account-id': `${noise}` },
      }
    case 'other client':
      return {
        ...signed(raw, undefined, 0),
        headers: { ...right, 'x-liveperson-client-id': `${noise}` },
      }
    case 'encoded': {
      const headers = { ...right, 'content-encoding': noise % 2 === 0 ? 'gzip' : 'br' }
      return { raw: gzipSync(raw), headers, status: 415, hashed: 0 }
    }
    default: {
      const large = raw.padEnd(limitBytes + 1 + (noise % 10_000))
      const signature = `${by}=${digestOf(large, inbound.secret, by)}`
      const headers = { 'x-liveperson-signature': signature }
      return { raw: large, headers, status: 413, hashed: 0 }
    }
  }
}

const kinds = [
  'wrong',
  'of another body',
  'missing',
  'truncated',
  'other algorithm',
  'unknown algorithm',
  'body changed',
  'other account',
  'other client',
  'encoded',
  'oversized',
]

/** Counts what the program hashes with a key, and what JSON it reads. */
function watch(t: Test): { bytes: number; read: string[] } {
  const seen: { bytes: number; read: string[] } = { bytes: 0, read: [] }
  const { createHmac: original } = crypto
  const { parse } = JSON
  crypto.createHmac = (...args: Parameters<typeof original>) => {
    const hmac = original(...args)
    const update = hmac.update.bind(hmac)
    hmac.update = (data: crypto.BinaryLike) => {
      seen.bytes += Buffer.from(String(data)).length
      return update(data)
    }
    return hmac
  }
  JSON.parse = (text, reviver) => {
    seen.read.push(String(text))
    return parse(text, reviver)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    crypto.createHmac = original
    JSON.parse = parse
    syncBuiltinESMExports()
  })
  return seen
}

test('no forgery is taken, none is read as JSON, and none is hashed more than its body is long', async (t) => {
  const app = await startApp(t)
  const { origin } = await startListener(t, app.url, {
    WEBHOOK_BODY_LIMIT_BYTES: String(limitBytes),
  })
  // The signatures are made here too: all of them before anything is counted.
  const made = fc
    .sample(fc.tuple(names, algorithm, fc.nat()), { numRuns: forgeries, seed })
    .map(([name, by, noise], index) => {
      const kind = kinds[index % kinds.length] ?? ''
      return { kind, ...forge(kind, rawOf(name), by, noise) }
    })
  const seen = watch(t)
  for (const { kind, raw, headers, status, hashed } of made) {
    seen.bytes = 0
    seen.read.length = 0
    const signature = { 'x-liveperson-signature': undefined, ...headers }
    const answer = await notify(origin, raw, signature)
    if (answer.status !== status) t.fail(`${kind}: ${answer.status}; FAST_CHECK_SEED=${seed}`)
    if (seen.bytes !== hashed) t.fail(`${kind}: ${seen.bytes} bytes hashed instead of ${hashed}`)
    if (seen.read.includes(raw.toString())) t.fail(`${kind}: the body was read as JSON`)
  }
  t.equal(made.length, forgeries)
  t.equal(app.taken.length, 0)
})
