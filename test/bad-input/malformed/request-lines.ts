/** Methods, versions and forms of target. */
import {
  every,
  head,
  hiding,
  host,
  json,
  length,
  type Malformed,
  path,
  refused,
  sent,
  tokens,
  withHeaders,
  withLine,
} from './request.ts'

export const lines: Malformed[] = [
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
  {
    name: 'an asterisk to post to',
    bytes: withLine('POST * HTTP/1.1'),
    statuses: [[400, 404, 405]],
  },
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
