/**
 * Requests that two servers could read in two ways, or that none should read at all, each with what must come of it by a
 * strict reading of RFC 9112: the statuses on the connection in their order, and whether the honest message may be sent.
 * The smuggled one may never be. Each string is bytes, one a character.
 */
import { token } from '../start.ts'

/** The JSON bodies of two messages, both 22 bytes long. */
export type Words = { honest: string; smuggled: string }

export type Malformed = {
  name: string
  bytes: (words: Words) => string
  /** In their order; a list where more than one is right. Nothing at all where the connection just ends. */
  statuses: (number | number[])[]
  isSent?: boolean
}

const bodyLength = 22
const path = '/conversations/c1/messages'
const host = 'Host: proxy\r\n'
const onBehalf = `X-LP-ON-BEHALF: ${token}\r\n`
const tokens = `Authorization: ${token}\r\n${onBehalf}`
const json = 'Content-Type: application/json\r\n'
const close = 'Connection: close\r\n'
const length = `Content-Length: ${bodyLength}\r\n`
const chunked = 'Transfer-Encoding: chunked\r\n'
const head = `${host}${tokens}${json}${close}`
const size = bodyLength.toString(16)

/** A whole chunked body of one chunk. */
const chunks = (body: string) => `${size}\r\n${body}\r\n0\r\n\r\n`

/** A request that must never be read as one. */
const hidden = ({ smuggled }: Words) =>
  `POST ${path} HTTP/1.1\r\n${host}${tokens}${json}${length}\r\n${smuggled}`

/** The honest message with these headers, as framed by a length. */
const withHeaders =
  (headers: string) =>
  ({ honest }: Words) =>
    `POST ${path} HTTP/1.1\r\n${head}${length}${headers}\r\n${honest}`

/** The honest message in chunks, with these headers. */
const inChunks =
  (headers: string) =>
  ({ honest }: Words) =>
    `POST ${path} HTTP/1.1\r\n${head}${headers}\r\n${chunks(honest)}`

/** The honest message behind another request line. */
const withLine =
  (line: string) =>
  ({ honest }: Words) =>
    `${line}\r\n${head}${length}\r\n${honest}`

/** Headers whose body, by their own length, is a whole request. @param line and headers, without the length */
const hiding = (lineAndHeaders: string) => (words: Words) => {
  const body = hidden(words)
  return `${lineAndHeaders}${close}Content-Length: ${body.length}\r\n\r\n${body}`
}

/** A length that covers a hidden request, and a transfer encoding that ends before it. */
const endsEarly = (encoding: string) => (words: Words) => {
  const body = `0\r\n\r\n${hidden(words)}`
  return `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n${encoding}\r\n${body}`
}

/** A chunk that covers a hidden request, and a length that ends before it. */
const endsLate = (encoding: string) => (words: Words) => {
  const inner = hidden(words)
  const first = inner.length.toString(16)
  return `POST ${path} HTTP/1.1\r\n${head}${encoding}Content-Length: ${first.length + 2}\r\n\r\n${first}\r\n${inner}\r\n0\r\n\r\n`
}

const refused = [400]
const sent = { statuses: [201], isSent: true }

/** How a transfer encoding is hidden from one of two servers. */
const obfuscations: [string, string][] = [
  ['plain', chunked],
  ['in capitals', 'TRANSFER-ENCODING: CHUNKED\r\n'],
  ['behind a tab', 'Transfer-Encoding:\tchunked\r\n'],
  ['before a tab', 'Transfer-Encoding: chunked\t\r\n'],
  ['without a blank', 'Transfer-Encoding:chunked\r\n'],
  ['with a blank before the colon', 'Transfer-Encoding : chunked\r\n'],
  ['with a tab before the colon', 'Transfer-Encoding\t: chunked\r\n'],
  ['behind a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n'],
  ['behind a form feed', 'Transfer-Encoding: \x0cchunked\r\n'],
  ['behind a NUL', 'Transfer-Encoding: \0chunked\r\n'],
  ['in quotes', 'Transfer-Encoding: "chunked"\r\n'],
  ['of another name', 'Transfer-Encoding: xchunked\r\n'],
  ['with a parameter', 'Transfer-Encoding: chunked;q=1\r\n'],
  ['as identity', 'Transfer-Encoding: identity\r\n'],
  ['before identity', 'Transfer-Encoding: chunked, identity\r\n'],
  ['behind identity', 'Transfer-Encoding: identity, chunked\r\n'],
  ['behind a comma', 'Transfer-Encoding: , chunked\r\n'],
  ['twice', `${chunked}${chunked}`],
  ['twice, the second another', `${chunked}Transfer-Encoding: cow\r\n`],
  ['twice, the first another', `Transfer-Encoding: cow\r\n${chunked}`],
  ['twice in one', 'Transfer-Encoding: chunked, chunked\r\n'],
  ['on a folded line', 'Transfer-Encoding:\r\n chunked\r\n'],
  ['on a line that looks folded', `X: a\r\n ${chunked}`],
  ['behind a bare line feed', `X: a\n${chunked}`],
  ['behind a bare carriage return', `X: a\r${chunked}`],
  ['with a byte of no ASCII in its name', 'Transfer\xadEncoding: chunked\r\n'],
  ['behind a no-break space', 'Transfer-Encoding: \xa0chunked\r\n'],
  ['empty', 'Transfer-Encoding:\r\n'],
]

const framing: Malformed[] = [
  ...obfuscations.flatMap(([name, encoding]): Malformed[] => [
    {
      name: `a length, and chunks that end before it: ${name}`,
      bytes: endsEarly(encoding),
      statuses: refused,
    },
    {
      name: `chunks, and a length that ends before them: ${name}`,
      bytes: endsLate(encoding),
      statuses: refused,
    },
  ]),
  ...[
    '-22',
    '+22',
    '0x16',
    '22, 22',
    '22,22',
    '2 2',
    '22a',
    '2.2e1',
    '"22"',
    '22;',
    '٢٢',
    '\x0b22',
  ].map(
    (value): Malformed => ({
      name: `a length of ${JSON.stringify(value)}`,
      bytes: ({ honest }) =>
        `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${Buffer.from(value).toString('latin1')}\r\n\r\n${honest}`,
      statuses: refused,
    }),
  ),
  ...['18446744073709551638', '99999999999999999999999999', '9007199254740993'].map(
    (value): Malformed => ({
      name: `a length of ${value}`,
      bytes: ({ honest }) =>
        `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${value}\r\n\r\n${honest}`,
      statuses: [[400, 413]],
    }),
  ),
  { name: 'two lengths that agree', bytes: withHeaders(length), statuses: refused },
  {
    name: 'two lengths, the second hiding a request',
    bytes: (words) => withHeaders('Content-Length: 0\r\n')(words),
    statuses: refused,
  },
  {
    name: 'a length with zeros before it',
    bytes: ({ honest }) => `POST ${path} HTTP/1.1\r\n${head}Content-Length: 00022\r\n\r\n${honest}`,
    ...sent,
  },
  {
    name: 'a length with blanks around it',
    bytes: ({ honest }) =>
      `POST ${path} HTTP/1.1\r\n${head}Content-Length:  22 \t\r\n\r\n${honest}`,
    statuses: [[201, 400]],
    isSent: true,
  },
  {
    name: 'an underscore in the length’s name',
    bytes: withHeaders('Content_Length: 0\r\n'),
    ...sent,
  },
  {
    name: 'gzip before chunks',
    bytes: inChunks('Transfer-Encoding: gzip, chunked\r\n'),
    statuses: [[400, 415, 501]],
  },
  {
    name: 'gzip without chunks',
    bytes: inChunks('Transfer-Encoding: gzip\r\n'),
    statuses: [[400, 415, 501]],
  },
  {
    name: 'chunks in HTTP/1.0',
    bytes: ({ honest }) => `POST ${path} HTTP/1.0\r\n${head}${chunked}\r\n${chunks(honest)}`,
    statuses: refused,
  },
]

const chunk = (
  name: string,
  body: (words: Words) => string,
  expected: Partial<Malformed> = {},
): Malformed => ({
  name,
  bytes: (words) => `POST ${path} HTTP/1.1\r\n${head}${chunked}\r\n${body(words)}`,
  statuses: refused,
  ...expected,
})

const chunking: Malformed[] = [
  chunk(
    'a chunk of overflowing size',
    ({ honest }) => `10000000000000016\r\n${honest}\r\n0\r\n\r\n`,
  ),
  chunk('a chunk of 2^63 and more', ({ honest }) => `ffffffffffffffff\r\n${honest}\r\n0\r\n\r\n`, {
    statuses: [[400, 408, 413]],
  }),
  chunk('a chunk of negative size', ({ honest }) => `-16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a chunk’s size with 0x', ({ honest }) => `0x16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a chunk’s size with a plus', ({ honest }) => `+16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a blank before a chunk’s size', ({ honest }) => ` 16\r\n${honest}\r\n0\r\n\r\n`),
  chunk('a blank behind a chunk’s size', ({ honest }) => `16 \r\n${honest}\r\n0\r\n\r\n`),
  chunk('a chunk’s size with an underscore', ({ honest }) => `1_6\r\n${honest}\r\n0\r\n\r\n`),
  chunk(
    'a chunk’s size with zeros before it',
    ({ honest }) => `0000016\r\n${honest}\r\n0\r\n\r\n`,
    sent,
  ),
  chunk('a chunk’s extension', ({ honest }) => `16;a=1;b="c"\r\n${honest}\r\n0;d\r\n\r\n`, sent),
  chunk('a chunk’s extension with a line feed', (words) => `16;a=\n${words.honest}\r\n0\r\n\r\n`),
  chunk(
    'a chunk’s extension with a carriage return',
    (words) => `16;a=\r${words.honest}\r\n0\r\n\r\n`,
  ),
  chunk(
    'a chunk’s extension hiding a request',
    (words) => `16;a="\r\n${words.honest}\r\n0\r\n\r\n${hidden(words)}`,
  ),
  chunk('a line feed alone behind a chunk’s size', ({ honest }) => `16\n${honest}\r\n0\r\n\r\n`),
  chunk('a line feed alone behind a chunk', ({ honest }) => `16\r\n${honest}\n0\r\n\r\n`),
  chunk('nothing behind a chunk', ({ honest }) => `16\r\n${honest}0\r\n\r\n`),
  chunk(
    'two bytes that are no line end behind a chunk',
    ({ honest }) => `16\r\n${honest}xx0\r\n\r\n`,
  ),
  chunk('a last chunk that ends in line feeds', ({ honest }) => `16\r\n${honest}\r\n0\n\n`),
  chunk('no last chunk', ({ honest }) => `16\r\n${honest}\r\n`, { statuses: [408] }),
  chunk('half of the last line end', ({ honest }) => `16\r\n${honest}\r\n0\r\n\r`, {
    statuses: [408],
  }),
  chunk('a trailer', ({ honest }) => `16\r\n${honest}\r\n0\r\nX-Sum: 1\r\n\r\n`, sent),
  chunk(
    'a length in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nContent-Length: 0\r\n\r\n`,
    { statuses: [[201, 400]], isSent: true },
  ),
  chunk(
    'a transfer encoding in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\n${chunked}\r\n`,
    { statuses: [[201, 400]], isSent: true },
  ),
  chunk(
    'a token in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nAuthorization: smuggled\r\n\r\n`,
    sent,
  ),
  chunk(
    'an account in the trailer',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nX-LP-Account-Id: smuggled\r\n\r\n`,
    sent,
  ),
  chunk(
    'a trailer with a blank before its colon',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nX : 1\r\n\r\n`,
  ),
  chunk(
    'a trailer without an end',
    ({ honest }) => `16\r\n${honest}\r\n0\r\nX: ${'a'.repeat(20_000)}`,
    { statuses: [[400, 413, 431]] },
  ),
  {
    name: 'the tokens in the trailer alone',
    bytes: ({ honest }) =>
      `POST ${path} HTTP/1.1\r\n${host}${json}${close}${chunked}\r\n16\r\n${honest}\r\n0\r\n${tokens}\r\n`,
    statuses: [401],
  },
]

const every = (lines: string) => (words: Words) => `${lines}${words.honest}`

const headers: Malformed[] = [
  {
    name: 'no Host',
    bytes: every(`POST ${path} HTTP/1.1\r\n${tokens}${json}${close}${length}\r\n`),
    statuses: refused,
  },
  { name: 'two Hosts', bytes: withHeaders('Host: other\r\n'), statuses: refused },
  { name: 'two Hosts, one in capitals', bytes: withHeaders('HOST: proxy\r\n'), statuses: refused },
  {
    name: 'a Host with a blank before its colon',
    bytes: withHeaders('Host : other\r\n'),
    statuses: refused,
  },
  {
    name: 'two Authorizations',
    bytes: withHeaders(`Authorization: ${token}\r\n`),
    statuses: refused,
  },
  {
    name: 'two ConsumerJWSs',
    bytes: withHeaders(`X-LP-ON-BEHALF: ${token}x\r\n`),
    statuses: [401],
  },
  {
    name: 'two accounts',
    bytes: withHeaders('X-LP-Account-Id: 12345678\r\nX-LP-Account-Id: 87654321\r\n'),
    statuses: refused,
  },
  {
    name: 'two consumers',
    bytes: withHeaders('X-LP-Consumer-Id: a\r\nX-LP-Consumer-Id: b\r\n'),
    statuses: refused,
  },
  {
    name: 'two deadlines',
    bytes: withHeaders('X-Request-Timeout-Ms: 1000\r\nX-Request-Timeout-Ms: 2000\r\n'),
    statuses: refused,
  },
  {
    name: 'two idempotency keys',
    bytes: withHeaders('Idempotency-Key: one\r\nIdempotency-Key: two\r\n'),
    statuses: [[201, 400]],
    isSent: true,
  },
  {
    name: 'two request ids',
    bytes: withHeaders('X-Request-Id: one\r\nX-Request-Id: two\r\n'),
    ...sent,
  },
  {
    name: 'two content types',
    bytes: withHeaders('Content-Type: text/plain\r\n'),
    statuses: [[400, 415]],
  },
  {
    name: 'two content encodings',
    bytes: withHeaders('Content-Encoding: identity\r\nContent-Encoding: gzip\r\n'),
    statuses: [415],
  },
  { name: 'a compressed body', bytes: withHeaders('Content-Encoding: gzip\r\n'), statuses: [415] },
  {
    name: 'a blank before a colon',
    bytes: withHeaders(`X-LP-Account-Id : 12345678\r\n`),
    statuses: refused,
  },
  {
    name: 'a folded header',
    bytes: withHeaders('X-LP-Account-Id: 123\r\n 45678\r\n'),
    statuses: refused,
  },
  {
    name: 'a first header that looks folded',
    bytes: every(`POST ${path} HTTP/1.1\r\n ${head}${length}\r\n`),
    statuses: refused,
  },
  {
    name: 'a header without a colon',
    bytes: withHeaders('X-LP-Account-Id\r\n'),
    statuses: refused,
  },
  { name: 'a NUL in a header’s name', bytes: withHeaders('X\0: a\r\n'), statuses: refused },
  {
    name: 'a carriage return in a header',
    bytes: withHeaders('X: a\rX-LP-Account-Id: b\r\n'),
    statuses: refused,
  },
  { name: 'a line feed for a line end', bytes: withHeaders('X: a\n'), statuses: refused },
  {
    name: 'line feeds alone',
    bytes: ({ honest }) =>
      `POST ${path} HTTP/1.1\r\n${head}${length}\r\n`.replaceAll('\r\n', '\n') + honest,
    statuses: refused,
  },
  {
    name: 'an escape character in a header',
    bytes: withHeaders('X: \x1b[31m\r\n'),
    statuses: refused,
  },
  {
    name: 'a header’s name that is no ASCII',
    bytes: withHeaders('Authorizat\xc4\xb1on: a\r\n'),
    statuses: refused,
  },
  {
    name: 'a header’s name in quotes',
    bytes: withHeaders('"Authorization": a\r\n'),
    statuses: refused,
  },
  {
    name: 'a token with a letter that looks like another',
    bytes: every(
      `POST ${path} HTTP/1.1\r\n${host}Authorization: \xd0\xb0.b.c\r\n${onBehalf}${json}${close}${length}\r\n`,
    ),
    statuses: [401],
  },
  {
    name: 'underscores for hyphens',
    bytes: every(
      `POST ${path} HTTP/1.1\r\n${host}Authorization: ${token}\r\nX_LP_ON_BEHALF: ${token}\r\n${json}${close}${length}\r\n`,
    ),
    statuses: [401],
  },
  {
    name: 'a connection that names Authorization',
    bytes: every(
      `POST ${path} HTTP/1.1\r\n${host}${tokens}${json}Connection: close, Authorization\r\n${length}\r\n`,
    ),
    statuses: [[201, 400]],
    isSent: true,
  },
  {
    name: 'two connections',
    bytes: withHeaders('Connection: keep-alive, Content-Length\r\n'),
    statuses: [[201, 400]],
    isSent: true,
  },
  {
    name: '2,000 headers',
    bytes: withHeaders('a:b\r\n'.repeat(1_990)),
    statuses: [[201, 400, 431]],
    isSent: true,
  },
  {
    name: 'an unknown expectation',
    bytes: withHeaders('Expect: smuggled\r\n'),
    statuses: [[201, 417]],
    isSent: true,
  },
  {
    name: 'an upgrade to HTTP/2',
    bytes: withHeaders(
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    ),
    ...sent,
  },
  {
    name: 'an upgrade to a web socket',
    bytes: withHeaders(
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2FtcGxlIG5vbmNlICAgIA==\r\n',
    ),
    ...sent,
  },
  {
    name: 'another method by header',
    bytes: withHeaders('X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /livez\r\n'),
    ...sent,
  },
  {
    name: 'UTF-16',
    bytes: every(
      `POST ${path} HTTP/1.1\r\n${host}${tokens}Content-Type: application/json; charset=utf-16\r\n${close}${length}\r\n`,
    ),
    statuses: [415],
  },
]

const lines: Malformed[] = [
  {
    name: 'an absolute target',
    bytes: withLine(`POST http://proxy${path} HTTP/1.1`),
    statuses: [[201, 400, 404]],
    isSent: true,
  },
  {
    name: 'an absolute target of another host',
    bytes: withLine(`POST http://smuggled${path} HTTP/1.1`),
    statuses: [[201, 400, 404]],
    isSent: true,
  },
  {
    name: 'a target with a user',
    bytes: withLine(`POST http://a:b@proxy${path} HTTP/1.1`),
    statuses: [[201, 400, 404]],
    isSent: true,
  },
  { name: 'an asterisk', bytes: withLine('OPTIONS * HTTP/1.1'), statuses: [[400, 404, 405]] },
  { name: 'an asterisk to post to', bytes: withLine('POST * HTTP/1.1'), statuses: [[400, 404]] },
  { name: 'a tunnel', bytes: hiding(`CONNECT proxy:443 HTTP/1.1\r\n${host}`), statuses: [] },
  {
    name: 'a tunnel to a path',
    bytes: hiding(`CONNECT ${path} HTTP/1.1\r\n${head}`),
    statuses: [],
  },
  {
    name: 'an authority alone',
    bytes: withLine('POST proxy:443 HTTP/1.1'),
    statuses: [[400, 404]],
  },
  {
    name: 'a trace',
    bytes: hiding(`TRACE ${path} HTTP/1.1\r\n${host}X-Smuggled: smuggled\r\n`),
    statuses: [[400, 404, 405]],
  },
  { name: 'HTTP/0.9', bytes: () => 'GET /livez\r\n\r\n', statuses: refused },
  { name: 'HTTP/0.9 by number', bytes: withLine(`POST ${path} HTTP/0.9`), statuses: refused },
  {
    name: 'HTTP/1.2',
    bytes: withLine(`POST ${path} HTTP/1.2`),
    statuses: [[201, 400, 505]],
    isSent: true,
  },
  { name: 'HTTP/2.0', bytes: withLine(`POST ${path} HTTP/2.0`), statuses: [[400, 505]] },
  { name: 'HTTP/11.1', bytes: withLine(`POST ${path} HTTP/11.1`), statuses: refused },
  { name: 'HTTP of no version', bytes: withLine(`POST ${path} HTTP/`), statuses: refused },
  // Node's parser takes it for HTTP/1.0 and does not tell.
  {
    name: 'another protocol',
    bytes: withLine(`POST ${path} RTSP/1.0`),
    statuses: [[201, 400]],
    isSent: true,
  },
  {
    name: 'another protocol’s method',
    bytes: withLine(`DESCRIBE ${path} HTTP/1.1`),
    statuses: refused,
  },
  { name: 'http in small letters', bytes: withLine(`POST ${path} http/1.1`), statuses: refused },
  {
    name: 'a method in small letters',
    bytes: withLine(`post ${path} HTTP/1.1`),
    statuses: refused,
  },
  { name: 'a method that goes on', bytes: withLine(`POSTS ${path} HTTP/1.1`), statuses: refused },
  {
    name: 'a very long method',
    bytes: withLine(`${'P'.repeat(10_000)} ${path} HTTP/1.1`),
    statuses: refused,
  },
  {
    name: 'a blank before the method',
    bytes: withLine(` POST ${path} HTTP/1.1`),
    statuses: refused,
  },
  {
    name: 'two blanks before the path',
    bytes: withLine(`POST  ${path} HTTP/1.1`),
    statuses: [[201, 400, 404]],
    isSent: true,
  },
  {
    name: 'two blanks behind the path',
    bytes: withLine(`POST ${path}  HTTP/1.1`),
    statuses: [[201, 400]],
    isSent: true,
  },
  { name: 'a tab for a blank', bytes: withLine(`POST\t${path} HTTP/1.1`), statuses: refused },
  {
    name: 'a blank in the path',
    bytes: withLine(`POST ${path} smuggled HTTP/1.1`),
    statuses: refused,
  },
  {
    name: 'a carriage return in the path',
    bytes: withLine(`POST ${path}\rX: HTTP/1.1`),
    statuses: refused,
  },
  { name: 'a NUL in the path', bytes: withLine(`POST ${path}\0 HTTP/1.1`), statuses: refused },
  {
    name: 'bytes in the path that are no ASCII',
    bytes: withLine('POST /conversations/c\xc3\xa9/messages HTTP/1.1'),
    statuses: refused,
  },
  {
    name: 'empty lines before the request',
    bytes: (words) => `\r\n\r\n${withHeaders('')(words)}`,
    ...sent,
  },
  { name: 'no path', bytes: withLine('POST HTTP/1.1'), statuses: refused },
  {
    name: 'a path without a slash',
    bytes: withLine('POST conversations/c1/messages HTTP/1.1'),
    statuses: [[400, 404]],
  },
  {
    name: 'HTTP/1.0 that wants to be kept',
    bytes: every(
      `POST ${path} HTTP/1.0\r\n${host}${tokens}${json}${length}Connection: close\r\n\r\n`,
    ),
    ...sent,
  },
]

/** Paths that another hop may read as another path. */
const targets: [target: string, statuses: Malformed['statuses']][] = [
  ['/conversations/c1/%2e%2e/c2/messages', [404]],
  ['/conversations/../conversations/c1/messages', [404]],
  ['/conversations/c1/./messages', [404]],
  ['/conversations/%2e%2e/messages', refused],
  ['/conversations/../messages', refused],
  ['/conversations/%252e%252e/messages', refused],
  ['/conversations/c1%2fmessages', [404]],
  ['/conversations/c1%2f..%2fc2/messages', refused],
  ['/conversations/c1%5c..%5cc2/messages', refused],
  ['/conversations/c1\\messages', [404]],
  ['/conversations/c1/messages%00', [404]],
  ['/conversations/c1%00/messages', refused],
  ['/conversations/c1%0d%0aX:%20a/messages', refused],
  ['/conversations/%c0%ae%c0%ae/messages', refused],
  ['/conversations/c1%c0%af/messages', refused],
  ['/conversations/%e0%80%af/messages', refused],
  ['/conversations/%u002e/messages', refused],
  ['/conversations/%/messages', refused],
  ['/conversations/c1/messages%', [[400, 404]]],
  ['//conversations/c1/messages', [404]],
  ['/conversations//messages', refused],
  ['/conversations/c1//messages', [404]],
  ['/conversations/c1/messages/', [404]],
  ['/conversations/c1/messages//', [404]],
  ['/conversations/c1;x=1/messages', refused],
  ['/conversations/c1/messages;x=1', [404]],
  ['/Conversations/c1/messages', [404]],
  // Fastify takes what follows a number sign for the query.
  ['/conversations/c1/messages#dryRun=true', [[200, 400, 404]]],
  ['/conversations/c1#/messages', [[400, 404]]],
  ['/conversations/c1/messages?dryRun=%', refused],
  ['/conversations/c1/messages?dryRun=%c0%af', refused],
  ['/conversations/c1/messages?dryRun=true&dryRun=true', refused],
  ['/conversations/c1/messages?dryRun=true;x=1', refused],
  ['/conversations/c1/messages?dryRun=true?', refused],
  ['/conversations/c1/messages?dryrun=true', refused],
  ['/conversations/c1/messages?%64ryRun=%74rue', [200]],
  ['/conversations/c1/messages?dryRun=false&__proto__=1', refused],
  ['/conversations/__proto__/messages?dryRun=true', [200]],
]

const paths = targets.map(
  ([target, statuses]): Malformed => ({
    name: `the target ${target}`,
    bytes: withLine(`POST ${target} HTTP/1.1`),
    statuses,
  }),
)

/** Requests that are answered before their body is read: it must not be read as the next request. */
const unread: Malformed[] = [
  {
    name: 'a body that is a request',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${tokens}${json}`),
    statuses: refused,
  },
  { name: 'a GET with a body', bytes: hiding(`GET /livez HTTP/1.1\r\n${host}`), statuses: [200] },
  {
    name: 'a GET with a body, no longer than it says',
    bytes: (words) =>
      `GET /livez HTTP/1.1\r\n${host}${close}Content-Length: 5\r\n\r\nhello${hidden(words)}`,
    statuses: [200],
  },
  {
    name: 'a HEAD with a body',
    bytes: hiding(`HEAD /livez HTTP/1.1\r\n${host}`),
    statuses: [[200, 404, 405]],
  },
  {
    name: 'a DELETE with a body',
    bytes: hiding(`DELETE /conversations/c1/typing HTTP/1.1\r\n${host}${tokens}${json}`),
    statuses: refused,
  },
  {
    name: 'a body for no route',
    bytes: hiding(`POST /smuggled HTTP/1.1\r\n${host}${tokens}${json}`),
    statuses: [[400, 404]],
  },
  {
    name: 'a body for another method',
    bytes: hiding(`PATCH ${path} HTTP/1.1\r\n${host}${tokens}${json}`),
    statuses: [[400, 405]],
  },
  {
    name: 'a body without tokens',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${json}`),
    statuses: [401],
  },
  {
    name: 'a body of another type',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${tokens}Content-Type: text/plain\r\n`),
    statuses: [415],
  },
  {
    name: 'a body without a type',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${tokens}`),
    statuses: [415],
  },
  {
    name: 'a compressed body that is a request',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${tokens}${json}Content-Encoding: gzip\r\n`),
    statuses: [415],
  },
  {
    name: 'a body with a malformed id',
    bytes: hiding(`POST /conversations/%/messages HTTP/1.1\r\n${host}${tokens}${json}`),
    statuses: refused,
  },
  {
    name: 'a body behind an expectation',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${tokens}${json}Expect: 100-continue\r\n`),
    statuses: [100, 400],
  },
  {
    name: 'a body behind an expectation, without tokens',
    bytes: hiding(`POST ${path} HTTP/1.1\r\n${host}${json}Expect: 100-continue\r\n`),
    statuses: [[100, 401], 401],
  },
  {
    name: 'a body over the limit',
    bytes: (words) =>
      hiding(`POST ${path} HTTP/1.1\r\n${host}${tokens}${json}`)({
        ...words,
        smuggled: words.smuggled + hidden(words).repeat(300),
      }),
    statuses: [413],
  },
  {
    name: 'chunks over the limit',
    bytes: (words) => {
      const body = hidden(words).repeat(300)
      return `POST ${path} HTTP/1.1\r\n${head}${chunked}\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    },
    statuses: [413],
  },
  {
    name: 'a body for a web socket',
    bytes: hiding(`GET /livez HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`),
    statuses: [200],
  },
  {
    name: 'a form that is a request',
    bytes: hiding(
      `POST /conversations/c1/files HTTP/1.1\r\n${host}${tokens}Content-Type: multipart/form-data; boundary=a\r\n`,
    ),
    statuses: refused,
  },
]

export const malformedRequests: readonly Malformed[] = [
  ...framing,
  ...chunking,
  ...headers,
  ...lines,
  ...paths,
  ...unread,
]
