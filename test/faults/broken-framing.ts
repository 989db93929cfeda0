/** Answers whose length is not what they say, or more than anybody should take. */
import { gzipSync } from 'node:zlib'
import { answer, type Exchange } from './exchange.ts'
import type { Fault } from './fault.ts'
import { eitherWay, fault, type Options, short } from './making-faults.ts'

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

export const brokenFraming: Fault[] = [...lengths, ...sizes]
