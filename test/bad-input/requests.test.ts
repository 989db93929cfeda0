/** What is around the body: ids in the path, the query, the headers. The body is sound in all of them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { startProxy, start as startWithSandbox } from '../start.ts'
import { startAlwaysOk } from './always-ok.ts'
import { type Case, call, mustHold } from './must-hold.ts'
import { Runs } from './runs.ts'
import { marker } from './text.ts'

const runs = new Runs()

async function start(t: Test) {
  const upstream = await startAlwaysOk(t)
  return { upstream, proxy: await startProxy(t, upstream.origin) }
}

const payload = JSON.stringify({ text: 'Hi' })
const message = { method: 'POST', url: '/conversations/c1/messages', payload } as const

/** A message with one header more, or another one. */
function withHeader(name: string, expected: Case['expected']) {
  return (value: string): Case => ({ ...message, headers: { [name]: value }, expected })
}

/** Characters that a header's value may have on the wire: visible ones, and bytes that are no ASCII. */
const headerCharacter = fc
  .oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0xa1, max: 0xff }))
  .map((code) => String.fromCharCode(code))

const odd = fc.string({ unit: headerCharacter, maxLength: 40 }).map((text) => `${marker}${text}`)

const base64url = fc.string({
  unit: fc.constantFrom(...'ABCxyz019_-'),
  minLength: 1,
  maxLength: 60,
})
const jwt = fc.tuple(base64url, base64url, base64url).map((parts) => parts.join('.'))

/** Whatever has no three parts of base64url. */
const noJwt = fc.oneof(
  odd.map((text) => `${text.replaceAll('.', '')}.${text}`),
  jwt.map((each) => `${each}.${marker}`),
  jwt.map((each) => `${each}=`),
  jwt.map((each) => `${each}, ${each}`),
  jwt.map((each) => `Basic ${each}`),
  jwt.map((each) => `Bearer Bearer ${each}`),
  fc.constantFrom('', 'Bearer', 'a.b', '..', 'null', 'undefined', `${marker}.b.c d`),
  fc.constant(`${'a'.repeat(8_190)}.b.c`),
)

t.test('an id in the path is taken as it is, or refused', async (t) => {
  const subject = await start(t)
  const idCharacter = fc.constantFrom(...'ABCxyz019_-')
  const id = fc.oneof(
    fc.string({ unit: idCharacter, minLength: 1, maxLength: 128 }),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'undefined', 'null', '-', '0'),
    fc.constant('a'.repeat(128)),
  )
  // Each character as it is in a URL, and percent-encoded, which must not matter.
  const encoded = fc
    .tuple(id, fc.boolean())
    .map(([text, isEncoded]) => (isEncoded ? percent(text).slice(0, 384) : text))
    .filter((text) => decodeURIComponent(text).length <= (text.includes('%') ? 42 : 128))
  const valid = encoded.map((text): Case => {
    const given = { text: 'Hi', dialogId: decodeURIComponent(text) }
    return { ...message, url: `/conversations/${text}/messages`, expected: 'accepted', given }
  })
  await runs.of(t, 500, valid, (each) => mustHold(subject, each))

  const strange = fc.constantFrom(
    ...['%00', '%0a', '%0d%0a', '%20', '%2e%2e%2f', '%2f', '%5c', '%c3%a9', '%ef%bf%bd', '%22'],
    ...['%3f', '%23', '%25', '%252e', ';x=1', ':', '@', '+', '!', '*', '%f0%9f%98%80', '~', '.'],
  )
  const invalid = fc
    .tuple(
      id.filter((text) => text.length < 40),
      strange,
      fc.nat(),
    )
    .map(([text, more, place]): Case => {
      const index = place % (text.length + 1)
      const broken = `${text.slice(0, index)}${more}${text.slice(index)}`
      const url = `/conversations/${marker}${broken}/messages`
      return { ...message, url, expected: 'refused', at: 'path:id' }
    })
  await runs.of(t, 700, invalid, (each) => mustHold(subject, each))
  await runs.of(t, 30, invalid, (each) => mustHold(subject, each, call))

  const unreadable = fc
    .tuple(
      id.filter((text) => text.length < 40),
      fc.constantFrom('%', '%zz', '%c3', '%c0%af', '%ff', '%ed%a0%80', '%u0041'),
    )
    .map(([text, more]): Case => {
      const url = `/conversations/${marker}${text}${more}/messages`
      return { ...message, url, expected: 'refused' }
    })
  await runs.of(t, 300, unreadable, (each) => mustHold(subject, each))
  await runs.of(t, 30, unreadable, (each) => mustHold(subject, each, call))

  const long = fc.integer({ min: 129, max: 5_000 }).map((length): Case => {
    const url = `/conversations/${marker.repeat(900).slice(0, length)}/messages`
    return { ...message, url, expected: 'refused' }
  })
  await runs.of(t, 100, long, (each) => mustHold(subject, each))
})

t.test('a path or method that is none gets a problem', async (t) => {
  const subject = await start(t)
  const segment = fc.oneof(
    fc.constantFrom('conversations', 'c1', 'messages', 'typing', 'consumer', 'profile', 'api'),
    fc.constantFrom('', '..', '.', '%2e%2e', '%00', ';', 'docs', 'files', '__proto__', 'account'),
    fc.string({ maxLength: 12 }).map(encodeURIComponent),
  )
  const cases = fc
    .tuple(
      fc.constantFrom('POST' as const, 'PUT' as const, 'DELETE' as const),
      fc.array(segment, { maxLength: 6 }),
    )
    .map(([method, segments]): Case => {
      // The last segment is that of no route.
      const url = `/${[...segments, `${marker}-`].join('/')}`
      return { method, url, payload, expected: 'refused' }
    })
  await runs.of(t, 400, cases, (each) => mustHold(subject, each, call))
})

t.test('a query is known and well-formed, or refused by its key', async (t) => {
  const subject = await start(t)
  const wrongDryRun = fc.oneof(
    fc.constantFrom('', 'TRUE', '1', 'yes', 'null', 'true ', 'false,true', `${marker}`),
    odd,
  )
  const key = fc.constantFrom(
    'dryrun',
    'dryRun[]',
    'text',
    'v',
    'toString',
    '__proto__',
    marker.concat(' '),
  )
  const shown = (name: string) => (/^[\w$.@-]{1,64}$/.test(name) ? name : '?')
  const invalid = fc.oneof(
    wrongDryRun.map((value): [string, string] => [`dryRun=${encodeURIComponent(value)}`, 'dryRun']),
    fc.constant<[string, string]>(['dryRun', 'dryRun']),
    fc
      .constantFrom('dryRun=true&dryRun=true', 'dryRun=false&dryRun=true')
      .map((query): [string, string] => [query, 'dryRun']),
    fc
      .tuple(key, odd)
      .map(([name, value]): [string, string] => [
        `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
        shown(name),
      ]),
  )
  const cases = invalid.map(([query, at]): Case => {
    return { ...message, url: `${message.url}?${query}`, expected: 'refused', at: `query:${at}` }
  })
  await runs.of(t, 500, cases, (each) => mustHold(subject, each))
  await runs.of(t, 30, cases, (each) => mustHold(subject, each, call))

  const raw = fc
    .array(
      fc.constantFrom(
        '%',
        '%zz',
        '%c0%af',
        '&',
        '=',
        '?',
        '+',
        '/',
        'a',
        'dryRun',
        '%00',
        '[',
        `=${marker}`,
      ),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map(
      (parts): Case => ({
        ...message,
        url: `${message.url}?${parts.join('')}`,
        expected: 'either',
      }),
    )
  await runs.of(t, 300, raw, (each) => mustHold(subject, each, call))
})

t.test('the two tokens have three parts, after Bearer or bare', async (t) => {
  const subject = await start(t)
  const bearer = fc.constantFrom('', 'Bearer ', 'bearer ', 'BEARER  ', 'BeArEr   ')
  for (const name of ['authorization', 'x-lp-on-behalf']) {
    const valid = fc.tuple(bearer, jwt).map(([scheme, each]) => `${scheme}${each}`)
    await runs.of(t, 150, valid.map(withHeader(name, 'accepted')), (each) =>
      mustHold(subject, each),
    )
    const invalid = noJwt.map(withHeader(name, 'refused'))
    await runs.of(t, 250, invalid, async (each) => {
      assert.equal((await mustHold(subject, each)).status, 401)
    })
  }
})

t.test('the account, the deadline and the consumer have their forms', async (t) => {
  const subject = await start(t)
  const accounts = fc.oneof(
    odd,
    fc.constantFrom(
      'a b',
      '1'.repeat(33),
      '12345678,12345678',
      '12345678, 12345678',
      '../12345678',
    ),
  )
  const refusedAccount = accounts.map((value): Case => {
    return { ...withHeader('x-lp-account-id', 'refused')(value), at: 'header:X-LP-Account-Id' }
  })
  await runs.of(t, 200, refusedAccount, (each) => mustHold(subject, each))
  const otherAccount = fc
    .stringMatching(/^[A-Za-z]{1,32}$/)
    .map(withHeader('x-lp-account-id', 'refused'))
  await runs.of(t, 50, otherAccount, async (each) => {
    assert.equal((await mustHold(subject, each)).status, 403)
  })

  const timeouts = fc.oneof(fc.integer({ min: 1_000, max: 10_000 }).map(String), fc.constant(''))
  await runs.of(t, 100, timeouts.map(withHeader('x-request-timeout-ms', 'accepted')), (each) =>
    mustHold(subject, each),
  )
  const wrongTimeouts = fc
    .oneof(
      odd,
      fc.constantFrom(
        '0',
        '-1',
        '99',
        '10001',
        '1e3',
        '0x400',
        '1000.0',
        '1000ms',
        '+1000',
        ' ',
        'NaN',
      ),
      fc.constantFrom(
        'Infinity',
        '987654321987',
        '1'.repeat(400),
        '1000,1000',
        '1000, 1000',
        '\u00b2000',
      ),
    )
    .filter((value) => value.trim() !== '')
  const refusedTimeout = wrongTimeouts.map((value): Case => {
    return {
      ...withHeader('x-request-timeout-ms', 'refused')(value),
      at: 'header:X-Request-Timeout-Ms',
    }
  })
  await runs.of(t, 200, refusedTimeout, (each) => mustHold(subject, each))

  const refusedConsumer = fc
    .oneof(
      fc.string({ unit: headerCharacter, maxLength: 20 }).map((text) => `${marker}\u00e9${text}`),
      fc.constantFrom(`${marker} words`, marker.repeat(43), `${marker}\ttab`),
    )
    .map((value): Case => {
      return { ...withHeader('x-lp-consumer-id', 'refused')(value), at: 'header:X-LP-Consumer-Id' }
    })
  await runs.of(t, 150, refusedConsumer, (each) => mustHold(subject, each))
})

t.test('a JSON route takes one content type, uncompressed', async (t) => {
  const subject = await start(t)
  const json = fc.constantFrom(
    ...['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8'],
    ...['application/json;charset="UTF-8"', 'application/json; charset=utf8'],
  )
  await runs.of(t, 50, json.map(withHeader('content-type', 'accepted')), (each) =>
    mustHold(subject, each),
  )
  const others = fc.oneof(
    odd,
    fc.constantFrom(
      ...['text/plain', 'text/json', 'application/jsonp', 'application/json-seq', '*/*', 'json'],
      ...['application/x-www-form-urlencoded', 'multipart/form-data', 'application/octet-stream'],
      ...['multipart/form-data; boundary=x', 'application/json; charset=utf-16', 'text/html'],
      ...['application/json; charset=latin1', 'application/json;charset=utf-7', '/', 'a/b/c'],
      ...['application/json, text/plain', 'application /json', 'application/ json', 'null'],
    ),
  )
  await runs.of(t, 250, others.map(withHeader('content-type', 'refused')), (each) =>
    mustHold(subject, each),
  )
  await runs.of(t, 30, others.map(withHeader('content-type', 'refused')), (each) =>
    mustHold(subject, each, call),
  )
  const encodings = fc.oneof(
    odd,
    fc.constantFrom(
      'gzip',
      'br',
      'deflate',
      'identity, gzip',
      'x-gzip',
      'aes128gcm',
      'identity;q=1',
    ),
  )
  await runs.of(t, 100, encodings.map(withHeader('content-encoding', 'refused')), (each) =>
    mustHold(subject, each),
  )
})

t.test('headers that are not this proxy’s to judge change nothing', async (t) => {
  const subject = await start(t)
  const name = fc.constantFrom(
    ...['x-request-id', 'client-properties', 'accept', 'user-agent', 'cookie', 'x-forwarded-for'],
    ...['x-forwarded-host', 'x-http-method-override', 'x-original-url', 'x-rewrite-url', 'range'],
    ...['forwarded', 'referer', 'traceparent', 'accept-encoding', 'if-match', 'via'],
    ...['__proto__', 'constructor', 'x-api-key', 'content-language', 'proxy-authorization'],
  )
  // With an odd character, since a request id of plain ones is taken and shown.
  const cases = fc
    .tuple(name, odd)
    .map(([each, value]) => withHeader(each, 'accepted')(`${value}\u00e9`))
  await runs.of(t, 400, cases, (each) => mustHold(subject, each))
  await runs.of(t, 40, cases, (each) => mustHold(subject, each, call))
  const keys = fc.constant(null).map(() => withHeader('idempotency-key', 'accepted')(randomUUID()))
  await runs.of(t, 20, keys, (each) => mustHold(subject, each))
  // Each another one, or it would be a retry.
  let made = 0
  const oddKey = odd.map((value) => {
    made += 1
    return `${value}${made}`
  })
  const oddKeys = fc.oneof(oddKey, fc.constantFrom('', ' ', 'a'.repeat(256), 'a, a'))
  await runs.of(t, 100, oddKeys.map(withHeader('idempotency-key', 'either')), (each) =>
    mustHold(subject, each),
  )
})

t.test('the client’s properties reach LiveEngage byte for byte', async (t) => {
  const subject = await start(t)
  await runs.of(t, 50, odd, async (value) => {
    await mustHold(subject, withHeader('client-properties', 'accepted')(value), call)
    assert.equal(subject.upstream.seen.at(-1)?.headers['client-properties'], value)
  })
})

t.test('the caller’s own id of a consumer is one to 256 visible characters', async (t) => {
  const { call: send, logs } = await startWithSandbox(t, {
    LP_CLIENT_ID: 'sandbox-client',
    LP_CLIENT_SECRET: 'sandbox-secret',
  })
  const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
  const ids = fc.string({ unit: visible, minLength: 1, maxLength: 256 })
  await runs.of(t, 60, ids, async (id) => {
    const headers = {
      authorization: undefined,
      'x-lp-on-behalf': undefined,
      'x-lp-consumer-id': `${marker}${id}`.slice(0, 256),
    }
    const { status } = await send('POST', message.url, { text: 'Hi' }, headers)
    assert.equal(status, 201)
    assert.ok(!JSON.stringify(logs).includes(marker))
  })
})

/** Every character as its byte. */
function percent(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
