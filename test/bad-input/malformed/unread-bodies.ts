/** Requests that are answered before their body is read: it must not be read as the next request. */
import {
  chunked,
  close,
  head,
  hidden,
  hiding,
  host,
  json,
  type Malformed,
  path,
  refused,
  tokens,
} from './request.ts'

export const unread: Malformed[] = [
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
    statuses: [401],
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
