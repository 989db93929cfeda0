/** Headers twice, folded, disguised or in odd company. */
import { token } from '../../start.ts'
import {
  close,
  every,
  head,
  honestLast,
  host,
  json,
  length,
  type Malformed,
  onBehalf,
  path,
  refused,
  sent,
  tokens,
  withHeaders,
} from './request.ts'

/** Node's parser hands headers on by the thousand. */
const beyondMost: [name: string, header: string, statuses: number[]][] = [
  ['a second Host', 'Host: other\r\n', [400]],
  ['a second length', 'Content-Length: 0\r\n', [400]],
  ['chunks', 'Transfer-Encoding: chunked\r\n', [400]],
  ['a second type', 'Content-Type: text/plain\r\n', [400]],
  ['a second Authorization', `Authorization: ${token}\r\n`, [400]],
  ['a second idempotency key', 'Idempotency-Key: two\r\n', [400]],
  ['another account', 'X-LP-Account-Id: 87654321\r\n', [403]],
  ['a compressed body', 'Content-Encoding: gzip\r\n', [415]],
  ['a malformed deadline', 'X-Request-Timeout-Ms: soon\r\n', [400]],
  ['an origin', 'Origin: http://smuggled\r\n', [403]],
]

export const headers: Malformed[] = [
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
  ...[
    'a b',
    'user@x',
    'user@localhost',
    'http://x',
    'http://localhost',
    'localhost/x',
    'localhost, other',
    'localhost?x',
    'localhost#x',
    'localhost:x',
    'localhost:123456',
    '[::1',
    '::1',
    '',
  ].map(
    (value): Malformed => ({
      name: `the Host ${value}`,
      bytes: every(
        `POST ${path} HTTP/1.1\r\nHost: ${value}\r\n${tokens}${json}${close}${length}\r\n`,
      ),
      statuses: refused,
    }),
  ),
  ...beyondMost.map(
    ([name, header, statuses]): Malformed => ({
      name: `${name} beyond the 1,000th header`,
      bytes: withHeaders(`Idempotency-Key: ${name}\r\n${'a:\r\n'.repeat(1_000)}${header}`),
      statuses,
    }),
  ),
  {
    name: 'an idempotency key beyond the 1,000th header',
    bytes: withHeaders(`${'a:\r\n'.repeat(1_000)}Idempotency-Key: a b\r\n`),
    statuses: refused,
  },
  {
    name: 'a length and a type beyond the 1,000th header',
    bytes: every(
      `POST ${path} HTTP/1.1\r\n${host}${tokens}${close}${'a:\r\n'.repeat(1_000)}${json}${length}\r\n`,
    ),
    ...sent,
  },
  ...['', 'Content-Length: 0\r\n'].map(
    (none): Malformed => ({
      name: `a Content-Encoding without a body ${none}`,
      bytes: (words) =>
        `DELETE /conversations/c1/typing?dryRun=true HTTP/1.1\r\n${host}${tokens}${none}Content-Encoding: gzip\r\n\r\n${honestLast(words)}`,
      statuses: [200, 201],
      isSent: true,
    }),
  ),
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
