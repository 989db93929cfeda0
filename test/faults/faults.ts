/** The table of faults, by class. What the upstream does to a message; what happens to connections is in connection-faults.ts. */
import { gzipSync } from 'node:zlib'
import { answer, type Exchange } from './exchange.ts'
import { deniesProcessing, type Fault } from './fault.ts'

type Options = Partial<Omit<Fault, 'name' | 'play'>>

function fault(
  className: string,
  name: string,
  play: NonNullable<Fault['play']>,
  options: Options = {},
): Fault {
  return { class: className, name, deadline: 'normal', weight: 1, play, ...options }
}

/** Once where the message was processed before, once where it never is. */
function eitherWay(
  className: string,
  name: string,
  then: (exchange: Exchange) => void | Promise<void>,
  options: Options = {},
): Fault[] {
  const processed = async (exchange: Exchange) => {
    if (await exchange.process()) await then(exchange)
  }
  const unprocessed = async (exchange: Exchange) => {
    if (await exchange.read()) await then(exchange)
  }
  return [
    fault(className, `${name}, processed`, processed, options),
    fault(className, `${name}, not processed`, unprocessed, { ...options, isLie: false }),
  ]
}

const short = { deadline: 'short' } as const

const resets: Fault[] = [
  fault('reset', 'reset after the head', async (exchange) => exchange.reset()),
  fault('reset', 'reset after some of the body', async (exchange) => {
    await exchange.pause(1)
    exchange.reset()
  }),
  ...eitherWay('reset', 'reset after the request', (exchange) => exchange.reset()),
  ...eitherWay('reset', 'reset in the middle of the answer', async (exchange) => {
    exchange.write(answer(200, JSON.stringify(exchange.success())).subarray(0, 90))
    await exchange.pause(3)
    exchange.reset()
  }),
]

const closes: Fault[] = [
  fault('close', 'closed after the head', async (exchange) => exchange.close()),
  ...eitherWay('close', 'closed without an answer', (exchange) => exchange.close()),
  ...eitherWay('close', 'closed in the middle of the answer', async (exchange) => {
    exchange.write(answer(200, JSON.stringify(exchange.success())).subarray(0, 90))
    exchange.close()
  }),
]

const hangs: Fault[] = [
  fault('hang', 'silent after the head', (exchange) => exchange.hold(), short),
  ...eitherWay('hang', 'silent after the request', (exchange) => exchange.hold(), short),
  ...eitherWay(
    'hang',
    'silent in the head of the answer',
    async (exchange) => {
      exchange.write('HTTP/1.1 200 OK\r\ncontent-type: appl')
      await exchange.hold()
    },
    short,
  ),
  ...eitherWay(
    'hang',
    'silent in the body of the answer',
    async (exchange) => {
      exchange.write(answer(200, JSON.stringify(exchange.success())).subarray(0, -4))
      await exchange.hold()
    },
    short,
  ),
  fault(
    'hang',
    'processed after the proxy has given up',
    async (exchange) => {
      if (!(await exchange.read())) return
      await exchange.hold()
      await exchange.process()
    },
    short,
  ),
]

async function drip(exchange: Exchange, bytes: Buffer, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (exchange.isGone) return
    exchange.write(Buffer.of(byte))
    await exchange.pause(everyMs)
  }
}

const drips: Fault[] = [
  ...eitherWay(
    'drip',
    'one byte every 20 ms',
    (exchange) => drip(exchange, answer(200, JSON.stringify(exchange.success())), 20),
    short,
  ),
  fault(
    'drip',
    'one byte every millisecond, in time',
    async (exchange) => {
      if (!(await exchange.process())) return
      await drip(exchange, answer(200, JSON.stringify(exchange.success())), 1)
    },
    { weight: 0, deadline: 'long' },
  ),
]

const interim: Fault[] = [
  ...eitherWay(
    'endless 1xx',
    '103 for ever',
    async (exchange) => {
      while (!exchange.isGone) {
        exchange.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
        await exchange.pause(10)
      }
    },
    short,
  ),
  ...eitherWay(
    'endless 1xx',
    '102 for ever',
    async (exchange) => {
      while (!exchange.isGone) {
        exchange.write('HTTP/1.1 102 Processing\r\n\r\n')
        await exchange.pause(25)
      }
    },
    short,
  ),
  fault(
    'endless 1xx',
    'three times 103, then the answer',
    async (exchange) => {
      if (!(await exchange.process())) return
      for (let count = 0; count < 3; count += 1) exchange.write('HTTP/1.1 103 Early Hints\r\n\r\n')
      exchange.answer(200)
    },
    { weight: 0 },
  ),
]

/** The success with other framing. */
function framed(
  name: string,
  write: (exchange: Exchange, body: string) => void,
  options?: Options,
) {
  return fault(
    'length',
    `${name}, processed`,
    async (exchange) => {
      if (await exchange.process()) write(exchange, JSON.stringify(exchange.success()))
    },
    options,
  )
}

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

const lengths: Fault[] = [
  framed('length too long, then closed', (exchange, body) => {
    exchange.write(`${head}content-length: ${body.length + 50}\r\n\r\n${body}`)
    exchange.close()
  }),
  framed(
    'length too long, then silence',
    (exchange, body) => {
      exchange.write(`${head}content-length: ${body.length + 50}\r\n\r\n${body}`)
    },
    short,
  ),
  framed('length too short', (exchange, body) => {
    exchange.write(`${head}content-length: ${body.length - 9}\r\n\r\n${body}`)
  }),
  framed('length 0', (exchange, body) => {
    exchange.write(`${head}content-length: 0\r\n\r\n${body}`)
  }),
  framed('two lengths', (exchange, body) => {
    exchange.write(`${head}content-length: 5\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  }),
  framed('a length that is no number', (exchange, body) => {
    exchange.write(`${head}content-length: -1\r\n\r\n${body}`)
  }),
  framed(
    'a second answer behind the first',
    (exchange, body) => {
      const other = answer(200, JSON.stringify({ reqId: 'other', code: 'OK', body: {} }))
      exchange.write(`${head}content-length: ${body.length}\r\n\r\n${body}${other.toString()}`)
    },
    // The answer itself is whole; whether the excess is noticed first is a matter of luck.
    { weight: 1 },
  ),
  framed(
    'no length, ended by the close',
    (exchange, body) => {
      exchange.write(`${head}connection: close\r\n\r\n${body}`)
      exchange.close()
    },
    { weight: 0 },
  ),
  framed('a chunk of the wrong size', (exchange, body) => {
    exchange.write(`${head}transfer-encoding: chunked\r\n\r\n5\r\n${body}\r\n0\r\n\r\n`)
  }),
  framed('chunks that break off', (exchange, body) => {
    const size = body.length.toString(16)
    exchange.write(`${head}transfer-encoding: chunked\r\n\r\n${size}\r\n${body}\r\n`)
    exchange.close()
  }),
  fault('length', 'no HTTP at all, not processed', async (exchange) => {
    if (!(await exchange.read())) return
    exchange.write('220 mail.example ESMTP\r\n')
    exchange.close()
  }),
]

const bombMegabytes = 20
/** A small answer that becomes a large one for whoever unpacks it. */
const gzipBomb = gzipSync(Buffer.alloc(bombMegabytes * 1024 * 1024))

const sizes: Fault[] = [
  ...eitherWay('huge answer', '4 MB of blanks after the JSON', async (exchange) => {
    exchange.answer(200, `${JSON.stringify(exchange.success())}${' '.repeat(4_000_000)}`)
    await exchange.drained()
  }),
  fault('huge answer', 'a body without end, processed', async (exchange) => {
    if (!(await exchange.process())) return
    exchange.write(`${head}transfer-encoding: chunked\r\n\r\n`)
    const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`
    for (let count = 0; count < 2_000 && !exchange.isGone; count += 1) {
      if (!exchange.write(chunk)) await exchange.drained()
    }
    exchange.reset()
  }),
  fault('huge answer', '64 KB of headers, processed', async (exchange) => {
    if (await exchange.process()) exchange.answer(200, undefined, { 'x-much': 'x'.repeat(65_536) })
  }),
  ...eitherWay('gzip bomb', `${bombMegabytes} MB in a few KB`, (exchange) => {
    exchange.write(answer(200, gzipBomb, { 'content-encoding': 'gzip' }))
  }),
]

const page = '<!doctype html><title>Maintenance</title><h1>Back soon</h1>'
const documents: Fault[] = [
  ...eitherWay('html', 'HTML with 200', (exchange) => {
    exchange.answer(200, page, { 'content-type': 'text/html' })
  }),
  ...eitherWay('html', 'HTML with 502', (exchange) => {
    exchange.answer(502, page, { 'content-type': 'text/html' })
  }),
  ...eitherWay('html', 'nothing with 200', (exchange) => exchange.answer(200, '')),
  ...eitherWay('html', '204', (exchange) => {
    exchange.write('HTTP/1.1 204 No Content\r\n\r\n')
  }),
]

/** @param elsewhere an origin that must never hear of a message */
export function redirects(elsewhere: string): Fault[] {
  return [301, 302, 303, 307, 308].flatMap((status) =>
    eitherWay('redirect', `${status} to another origin`, (exchange) => {
      exchange.answer(status, '', { location: `${elsewhere}${exchange.head.path}` })
    }),
  )
}

function refusing(status: number, options: Options = {}): Fault[] {
  const body = { code: 'BAD_REQUEST', body: { msg: 'Bad Request' } }
  return eitherWay('status', String(status), (exchange) => exchange.answer(status, body), {
    weight: 0,
    isLie: deniesProcessing(status),
    ...options,
  })
}

const statuses: Fault[] = [
  ...[400, 401, 403, 404, 409, 413, 421, 451].flatMap((status) => refusing(status)),
  ...[408, 500, 501, 502, 503, 504, 599].flatMap((status) => refusing(status, { weight: 1 })),
  // With time for the resend that a 429 may have, and without.
  ...refusing(429, { deadline: 'long' }),
  ...refusing(429),
  ...[40102, 40103, 40104, 40105].flatMap((errorCode) =>
    eitherWay(
      'status',
      `401 with ${errorCode}`,
      (exchange) => {
        const body = { title: 'Invalid token', details: 'expired or invalid', errorCode }
        exchange.answer(401, { kind: 'resp', code: 401, body, type: '.ReqBody$ErrorResp' })
      },
      { weight: 0, isLie: true },
    ),
  ),
  fault(
    'status',
    '400 that quotes the tokens, not processed',
    async (exchange) => {
      if (!(await exchange.read())) return
      const { headers } = exchange.head
      const msg = `refused ${headers.get('authorization')} for ${headers.get('x-lp-on-behalf')}`
      exchange.answer(400, { code: 'BAD_REQUEST', body: { msg } })
    },
    { weight: 0 },
  ),
  fault(
    'status',
    '500 that quotes the tokens, processed',
    async (exchange) => {
      if (!(await exchange.process())) return
      const { headers } = exchange.head
      const details = `${headers.get('x-lp-on-behalf')} and ${headers.get('authorization')}`
      exchange.answer(500, { code: 500, body: { title: details, details, errorCode: 50000 } })
    },
    { weight: 1 },
  ),
  ...eitherWay('status', '500 that says OK', (exchange) => exchange.answer(500)),
  ...eitherWay('status', '400 that says OK', (exchange) => exchange.answer(400)),
]

const requestIds: Fault[] = [
  ...eitherWay('other reqId', 'the answer to another request', (exchange) => {
    exchange.answer(200, { ...exchange.success(), reqId: '00000000-0000-4000-8000-000000000000' })
  }),
  ...eitherWay('other reqId', 'an empty reqId', (exchange) => {
    exchange.answer(200, { ...exchange.success(), reqId: '' })
  }),
  ...eitherWay('other reqId', '400 for another request', (exchange) => {
    exchange.answer(400, { code: 'BAD_REQUEST', reqId: 'another', body: { msg: 'Bad Request' } })
  }),
  fault(
    'other reqId',
    'no reqId, processed',
    async (exchange) => {
      if (!(await exchange.process())) return
      const { reqId: _, ...rest } = exchange.success()
      exchange.answer(200, rest)
    },
    { weight: 0 },
  ),
]

const closed = { code: 'BAD_REQUEST', body: { msg: 'Bad Request, Conversation is close' } }

const documentsOfTheWrongForm: [string, (exchange: Exchange) => unknown][] = [
  ['cut in the middle', (exchange) => JSON.stringify(exchange.success()).slice(0, -9)],
  ['null', () => null],
  ['a list', (exchange) => [exchange.success()]],
  ['an empty object', () => ({})],
  ['an unknown code', (exchange) => ({ ...exchange.success(), code: 'MAYBE' })],
  ['a code that is an object', (exchange) => ({ ...exchange.success(), code: { OK: true } })],
  ['an error in a 200', () => ({ code: 500, body: { title: 'x', errorCode: 50201 } })],
  ['a refusal that is not documented, in a 200', () => ({ code: 'BAD_REQUEST', body: 'no' })],
  ['5,000 levels deep', () => `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ['two documents', (exchange) => JSON.stringify(exchange.success()).repeat(2)],
]

const wrongJson: Fault[] = [
  ...documentsOfTheWrongForm.flatMap(([name, write]) =>
    eitherWay('wrong JSON', name, (exchange) => exchange.answer(200, write(exchange))),
  ),
  ...eitherWay(
    'wrong JSON',
    '"Conversation is close" in a 200',
    (exchange) => exchange.answer(200, closed),
    { isLie: true, weight: 0 },
  ),
  fault(
    'wrong JSON',
    'a success without a sequence, processed',
    async (exchange) => {
      if (await exchange.process()) exchange.answer(200, { ...exchange.success(), body: 'done' })
    },
    { weight: 0 },
  ),
]

/** Everything that the upstream does to a message. @param elsewhere an origin that must never hear of a message */
export function messageFaults(elsewhere: string): Fault[] {
  return [
    ...resets,
    ...closes,
    ...hangs,
    ...drips,
    ...interim,
    ...lengths,
    ...sizes,
    ...documents,
    ...redirects(elsewhere),
    ...statuses,
    ...requestIds,
    ...wrongJson,
  ]
}
